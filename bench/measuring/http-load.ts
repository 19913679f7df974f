import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly body?: string | Uint8Array | undefined;
}

export interface Load {
  /** Answers that came in before the time was over. */
  readonly perSecond: number;
  readonly delaysMs: readonly number[];
}

/** Calls one server over connections that stay open. Not with fetch: it costs the client more than the server, and both share these processors. */
export class HttpClients implements Disposable {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(port: number) {
    this.#port = port;
  }

  /** So many clients, each with one call after another, until the time is over. Any answer but 200 ends it. */
  async load(clients: number, forMs: number, next: (client: number, call: number) => HttpCall): Promise<Load> {
    const delaysMs: number[] = [];
    const began = performance.now();
    const one = async (client: number): Promise<void> => {
      for (let call = 0; performance.now() - began < forMs; call++) {
        const sent = performance.now();
        await this.call(next(client, call));
        delaysMs.push(performance.now() - sent);
      }
    };
    await Promise.all(Array.from({ length: clients }, (_, client) => one(client)));
    return { perSecond: delaysMs.length / ((performance.now() - began) / 1000), delaysMs };
  }

  /** As `load`, but what is not answered when the time is over is dropped: the server may need minutes for it. */
  async loadUntil(clients: number, forMs: number, next: (client: number, call: number) => HttpCall): Promise<Load> {
    const delaysMs: number[] = [];
    const began = performance.now();
    const one = async (client: number): Promise<void> => {
      for (let call = 0; ; call++) {
        const sent = performance.now();
        await this.call(next(client, call));
        if (performance.now() - began > forMs) return;
        delaysMs.push(performance.now() - sent);
      }
    };
    const calls = Promise.all(Array.from({ length: clients }, (_, client) => one(client)));
    await Promise.race([calls, sleep(forMs)]);
    const seconds = (performance.now() - began) / 1000;
    // fails what is under way, which nobody waits for any more
    calls.catch(() => undefined);
    for (const sockets of Object.values(this.#agent.sockets)) for (const socket of sockets ?? []) socket.destroy();
    return { perSecond: delaysMs.length / seconds, delaysMs };
  }

  /** The body of the answer. */
  call({ method, path, body }: HttpCall): Promise<string> {
    const headers = body === undefined ? {} : { 'content-type': typeof body === 'string' ? 'application/json' : 'application/octet-stream', 'content-length': Buffer.byteLength(body) };
    return new Promise((resolve, reject) => {
      const call = request({ host: '127.0.0.1', port: this.#port, method, path, headers, agent: this.#agent }, (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', reject);
        answer.on('end', () => {
          const text = Buffer.concat(parts).toString('utf8');
          if (answer.statusCode === 200) resolve(text);
          else reject(new Error(`${method} ${path} was answered ${answer.statusCode}: ${text.slice(0, 500)}`));
        });
      });
      call.on('error', reject);
      call.end(body);
    });
  }

  async upload(path: string, bytes: Readable, sizeBytes: number): Promise<void> {
    const call = request({ host: '127.0.0.1', port: this.#port, method: 'PUT', path, agent: this.#agent, headers: { 'content-type': 'application/octet-stream', 'content-length': sizeBytes } });
    const [answer] = await Promise.all([answerOf(call), pipeline(bytes, call)]);
    answer.resume();
    if (answer.statusCode !== 200) throw new Error(`PUT ${path} was answered ${answer.statusCode}`);
    await finished(answer);
  }

  /** Shows each part of what comes down. */
  async download(path: string, seen: (part: Buffer) => unknown = () => undefined): Promise<void> {
    const call = request({ host: '127.0.0.1', port: this.#port, path, agent: this.#agent });
    const answered = answerOf(call);
    call.end();
    const answer = await answered;
    if (answer.statusCode !== 200) throw new Error(`GET ${path} was answered ${answer.statusCode}`);
    answer.on('data', seen);
    await finished(answer);
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

function answerOf(call: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => call.once('response', resolve).once('error', reject));
}
