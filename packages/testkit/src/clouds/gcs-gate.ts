import { createServer, type IncomingMessage, request as ask, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GcsParts } from './gcs-parts.ts';
import type { ServiceAccount } from './gcs-service-account.ts';
import { refusalOf } from './gcs-signature.ts';

/** Stands before fake-gcs-server and does what it leaves out: it checks tokens and signatures, and takes uploads in parts. All else passes through. */
export class GcsGate {
  /** Under which clients go on with an upload that the emulator began. */
  publicUrl = '';
  readonly #parts = new GcsParts();
  readonly #accounts: ServiceAccount[] = [];
  readonly #server: Server;
  readonly #target: number;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  static async before(port: number): Promise<GcsGate> {
    const gate = new GcsGate(port);
    await new Promise<void>((resolve, reject) => gate.#server.once('error', reject).listen(0, '127.0.0.1', resolve));
    return gate;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  trust(account: ServiceAccount): void {
    this.#accounts.push(account);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = refusalOf(request, this.#accounts);
    if (refusal !== undefined) return void response.writeHead(refusal.status, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { code: refusal.status, message: refusal.code, errors: [{ reason: refusal.code }] } }));
    const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const answer = await this.#parts.answer({ method: request.method ?? '', path, query }, async () => Buffer.concat((await request.toArray()) as Buffer[]));
    if (answer === undefined) return this.#pass(request, response);
    if (answer.object !== undefined) await this.#keep(answer.object.path, answer.object.bytes);
    response.writeHead(answer.status, { 'content-type': 'application/xml', ...answer.headers }).end(answer.body);
  }

  #pass(request: IncomingMessage, response: ServerResponse): void {
    const { url = '/', method, headers } = request;
    // its tests send signed uploads there: a signed query means more to it than it should
    const path = url.includes('X-Goog-Signature=') ? (url.split('?')[0] ?? '/') : url;
    const passed = ask({ host: '127.0.0.1', port: this.#target, method, path, headers }, (answer) => {
      const { location } = answer.headers;
      const moved = location === undefined ? {} : { location: `${this.publicUrl}${location.replace(/^https?:\/\/[^/]+/, '')}` };
      response.writeHead(answer.statusCode ?? 500, { ...answer.headers, ...moved, ...dispositionOf(url) });
      answer.pipe(response);
    });
    passed.once('error', (error) => response.destroy(error));
    request.pipe(passed);
  }

  async #keep(path: string, bytes: Buffer): Promise<void> {
    const [, bucket = '', ...key] = path.split('/');
    const name = encodeURIComponent(decodeURIComponent(key.join('/')));
    const { ok, status } = await fetch(`http://127.0.0.1:${this.#target}/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${name}`, { method: 'POST', body: new Uint8Array(bytes) });
    if (!ok) throw new Error(`the emulator answered ${status}`);
  }
}

function dispositionOf(url: string): Record<string, string> {
  const disposition = new URL(url, 'http://127.0.0.1').searchParams.get('response-content-disposition');
  return disposition === null ? {} : { 'content-disposition': disposition };
}
