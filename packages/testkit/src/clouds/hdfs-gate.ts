import { createServer, type IncomingMessage, request as ask, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FaultOf } from './http-gate.ts';

interface Known {
  readonly user: string;
  readonly tokens: { readonly valid: string; readonly expired: string };
}

/** `/@<port>/…` of the gate is `/…` of the data node at that port. */
const DATA_NODE = /^\/@(\d+)(\/.*)$/;

/**
 * Stands before the web side of a NameNode and its data nodes. Without Kerberos Hadoop takes everybody at his word and looks at
 * no delegation token: the gate looks, and gives what Hadoop gives for a token that is over or unknown. All else passes through.
 */
export class HdfsGate {
  /** Where redirects to data nodes lead. */
  publicUrl = '';
  /** `METHOD operation path`, with an `@` before those to a data node, in the order in which they came. */
  readonly calls: string[] = [];
  /** Answered before anything else, for a call that a test wants to fail. */
  fault: FaultOf = () => undefined;
  /** Of answers. */
  sentBytes = 0;
  readonly #known: Known;
  readonly #nameNode: number;
  readonly #server: Server;

  private constructor(nameNode: number, known: Known) {
    [this.#nameNode, this.#known] = [nameNode, known];
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async before(nameNode: number, known: Known): Promise<HdfsGate> {
    const gate = new HdfsGate(nameNode, known);
    await new Promise<void>((resolve, reject) => gate.#server.once('error', reject).listen(0, '127.0.0.1', resolve));
    return gate;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, port, path] = DATA_NODE.exec(request.url ?? '/') ?? [];
    const url = new URL(path ?? request.url ?? '/', 'http://127.0.0.1');
    const call = `${port === undefined ? '' : '@ '}${request.method ?? ''} ${url.searchParams.get('op') ?? ''} ${decodeURIComponent(url.pathname)}`;
    this.calls.push(call);
    const fault = await this.fault(call);
    if (fault !== undefined) return refuse(response, fault.status, fault.status === 503 ? 'RetriableException' : 'AccessControlException', 'as the test wants it');
    const token = url.searchParams.get('delegation');
    if (token !== null && port === undefined) {
      if (token === this.#known.tokens.expired) return refuse(response, 403, 'InvalidToken', `token (owner=${this.#known.user}) is expired`);
      if (token !== this.#known.tokens.valid) return refuse(response, 403, 'InvalidToken', "token can't be found in cache");
      if (url.searchParams.has('user.name')) return refuse(response, 400, 'IllegalArgumentException', 'user.name and delegation');
      url.searchParams.delete('delegation');
      url.searchParams.set('user.name', this.#known.user);
    }
    this.#pass(request, response, { port: Number(port ?? this.#nameNode), path: `${url.pathname}${url.search}` });
  }

  #pass(request: IncomingMessage, response: ServerResponse, { port, path }: { readonly port: number; readonly path: string }): void {
    const passed = ask({ host: '127.0.0.1', port, method: request.method, path, headers: request.headers }, (answer) => {
      const { location } = answer.headers;
      const moved = location === undefined ? {} : { location: location.replace(/^https?:\/\/[^/]*:(\d+)/, `${this.publicUrl}/@$1`) };
      response.writeHead(answer.statusCode ?? 500, { ...answer.headers, ...moved });
      answer.on('data', (chunk: Buffer) => (this.sentBytes += chunk.length)).once('error', (error) => response.destroy(error));
      answer.pipe(response);
    });
    passed.once('error', (error) => response.destroy(error));
    request.once('close', () => (request.complete ? undefined : passed.destroy()));
    response.once('close', () => (response.writableFinished ? undefined : passed.destroy()));
    request.pipe(passed);
  }
}

function refuse(response: ServerResponse, status: number, exception: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ RemoteException: { exception, javaClassName: exception, message } }));
}
