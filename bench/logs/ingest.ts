import { Agent, request } from 'node:http';
import { appendFile, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ServerProcess } from '../../e2e/server-process.ts';
import { type ActiveAttempt, addActiveAttempts, KEEP_ATTEMPTS } from '../measuring/active-attempts.ts';

const CALL_BYTES = 1024 * 1024;
/** Lines as programs write them. */
const BODY = Buffer.from('epoch 17 step 004211 loss 0.0931 accuracy 0.9713 learning rate 0.00031\n'.repeat(Math.ceil(CALL_BYTES / 71))).subarray(0, CALL_BYTES);

/** A server with attempts whose logs can be sent, as their runners would. */
export class IngestServer implements AsyncDisposable {
  readonly #server: ServerProcess;
  readonly #attempts: readonly ActiveAttempt[];
  readonly #sentBytes = new Map<string, number>();
  readonly #agent = new Agent({ keepAlive: true });

  static async start(dataDir: string, attempts: number): Promise<IngestServer> {
    const active = await addActiveAttempts(dataDir, attempts);
    const server = new ServerProcess(dataDir);
    await server.start(['--max-local-runs', String(attempts), ...KEEP_ATTEMPTS]);
    return new IngestServer(server, active);
  }

  private constructor(server: ServerProcess, attempts: readonly ActiveAttempt[]) {
    this.#server = server;
    this.#attempts = attempts;
  }

  /** MB (10^6 bytes) per second while so many attempts send so many calls each, one after another. */
  async megabytesPerSecond(attempts: number, calls: number): Promise<number> {
    const began = performance.now();
    await Promise.all(this.#attempts.slice(0, attempts).map((attempt) => this.#send(attempt, calls)));
    return (attempts * calls * CALL_BYTES) / 1e6 / ((performance.now() - began) / 1000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    await this.#server.stop();
  }

  async #send(attempt: ActiveAttempt, calls: number): Promise<void> {
    for (let i = 0; i < calls; i++) {
      const offset = this.#sentBytes.get(attempt.runId) ?? 0;
      const { next } = JSON.parse(await this.#put(attempt.token, offset)) as { next: number };
      if (next !== offset + CALL_BYTES) throw new Error(`the server has ${next} bytes after ${offset} and ${CALL_BYTES} more`);
      this.#sentBytes.set(attempt.runId, next);
    }
  }

  /** Not with fetch: it costs the client more than the server, and both share these processors. */
  #put(token: string, offset: number): Promise<string> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream', 'content-length': CALL_BYTES };
    return new Promise((resolve, reject) => {
      const call = request(`${this.#server.url}/api/v1/runner/log?attempt=1&offset=${offset}`, { method: 'PUT', headers, agent: this.#agent }, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => (text += part));
        answer.on('error', reject);
        answer.on('end', () => (answer.statusCode === 200 ? resolve(text) : reject(new Error(`the server answered ${answer.statusCode}: ${text}`))));
      });
      call.on('error', reject);
      call.end(BODY);
    });
  }
}

/** MB per second when the same bytes are appended to files by this process. */
export async function appendedPerSecond(dir: string, files: number, calls: number): Promise<number> {
  const began = performance.now();
  const one = async (file: number): Promise<void> => {
    await using handle = await open(join(dir, `appended-${file}`), 'a');
    for (let i = 0; i < calls; i++) await appendFile(handle, BODY);
  };
  await Promise.all(Array.from({ length: files }, (_, file) => one(file)));
  return (files * calls * CALL_BYTES) / 1e6 / ((performance.now() - began) / 1000);
}
