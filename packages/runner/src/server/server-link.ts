import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { withoutBrackets } from '@trainyard/connections/look-up.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Begins with /; encoded already. */
  readonly path: string;
  readonly json?: unknown;
  readonly bytes?: Uint8Array | undefined;
  /** A body of known size that is read while it is sent. */
  readonly stream?: { readonly sizeBytes: number; open(): Readable } | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** An answer whose body has not been read; whoever gets it must read or destroy it. */
export interface OpenAnswer {
  readonly status: number;
  readonly body: IncomingMessage;
}

export interface ServerLinkOptions {
  /** Base URL, without a trailing slash. Nothing is ever sent elsewhere: redirects are answers like others. */
  readonly url: string;
  readonly token: string;
  /** The server does not know the attempt any more (410), or takes its token for none (401). */
  readonly onOver: (status: number) => void;
}

/** Without a byte for so long, the connection is dead and the call fails. */
const SILENCE_MS = 30_000;
const ANSWER_LIMIT_BYTES = 64 * 1024 * 1024;

/**
 * One try of one call to the server of the order. Answers with any status; throws when there is no whole answer.
 * node:http is fetched as a builtin module and not by `import`, because that would load all of undici for the names it
 * re-exports: 37 ms of the start of every attempt (5 ms this way).
 */
export class ServerLink {
  readonly #options: ServerLinkOptions;
  readonly #base: URL;
  readonly #request: (options: RequestOptions, answered: (answer: IncomingMessage) => void) => ClientRequest;
  readonly #agent: Agent;

  constructor(options: ServerLinkOptions) {
    this.#options = options;
    this.#base = new URL(options.url);
    const http = process.getBuiltinModule(this.#base.protocol === 'https:' ? 'node:https' : 'node:http');
    this.#agent = new http.Agent({ keepAlive: true });
    this.#request = http.request;
  }

  async call(call: Call): Promise<Answer> {
    const { status, body } = await this.open(call);
    const parts: Buffer[] = [];
    let size = 0;
    for await (const part of body as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > ANSWER_LIMIT_BYTES) throw new Error(`the answer to ${call.method} ${call.path} is larger than ${ANSWER_LIMIT_BYTES} bytes`);
      parts.push(part);
    }
    return { status, text: Buffer.concat(parts).toString() };
  }

  async open(call: Call): Promise<OpenAnswer> {
    const answer = await this.#send(call);
    const status = answer.statusCode ?? 0;
    if (status === 401 || status === 410) this.#options.onOver(status);
    return { status, body: answer };
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  #send(call: Call): Promise<IncomingMessage> {
    const body = call.json === undefined ? call.bytes : Buffer.from(JSON.stringify(call.json));
    const sizeBytes = call.stream?.sizeBytes ?? body?.length;
    const headers: Record<string, string | number> = { authorization: `Bearer ${this.#options.token}`, accept: '*/*' };
    if (sizeBytes !== undefined) headers['content-length'] = sizeBytes;
    if (sizeBytes !== undefined) headers['content-type'] = call.json === undefined ? 'application/octet-stream' : 'application/json';
    return new Promise((resolve, reject) => {
      const { hostname, port, protocol, pathname } = this.#base;
      const host = withoutBrackets(hostname);
      const path = pathname.replace(/\/+$/, '') + call.path;
      const request = this.#request({ protocol, host, port, path, method: call.method, headers, agent: this.#agent, timeout: SILENCE_MS, signal: call.signal }, resolve);
      request.on('timeout', () => request.destroy(new Error(`no answer for ${SILENCE_MS / 1000} s`)));
      request.on('error', reject);
      if (call.stream === undefined) request.end(body);
      else pipeline(call.stream.open(), request).catch(reject);
    });
  }
}
