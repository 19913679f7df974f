import { createServer, type IncomingMessage, request as ask, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a test wants of a call instead of the service's answer. */
export interface Fault {
  readonly status: number;
  readonly body?: string;
}

/** The call waits for it. */
export type FaultOf = (call: string) => Fault | undefined | Promise<Fault | undefined>;

/** Stands before a service of this machine that speaks HTTP, writes down what it is asked, and fails what a test wants to fail. */
export class HttpGate {
  /** `METHOD path?query`, with `bytes=…` when a range was asked for, in the order in which they came. */
  readonly calls: string[] = [];
  /** Of answers. */
  sentBytes = 0;
  fault: FaultOf = () => undefined;
  readonly #target: number;
  readonly #server: Server;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async to(port: number): Promise<HttpGate> {
    const gate = new HttpGate(port);
    await new Promise<void>((resolve, reject) => gate.#server.once('error', reject).listen(0, '127.0.0.1', resolve));
    return gate;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '/', headers } = request;
    const range = headers.range ?? headers['x-ms-range'] ?? '';
    const call = `${method} ${url} ${String(range)}`.trimEnd();
    this.calls.push(call);
    const fault = await this.fault(call);
    if (fault !== undefined) {
      request.resume();
      return void response.writeHead(fault.status, { 'content-type': 'application/xml' }).end(method === 'HEAD' ? undefined : fault.body);
    }
    const passed = ask({ host: '127.0.0.1', port: this.#target, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.on('data', (chunk: Buffer) => (this.sentBytes += chunk.length)).once('error', () => response.destroy());
      answer.pipe(response);
    });
    passed.once('error', () => response.destroy());
    response.once('close', () => (response.writableFinished ? undefined : passed.destroy()));
    request.pipe(passed);
  }
}
