import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RouteShape } from '@trainyard/api/route.ts';
import { type RouteName, routes } from '@trainyard/api/routes.ts';
import { TrainyardError, type ErrorCode, type ErrorParams } from '@trainyard/core/errors.ts';
import { LoopbackListener } from '@trainyard/testkit/loopback/listener.ts';

/** A call as a handler sees it: parameters, query and body as the route's own schemas read them. */
export interface TestCall {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  readonly bytes: Buffer;
  readonly headers: IncomingMessage['headers'];
}

/** A JSON answer, bytes, an error of the table, or a stream that the test writes itself. */
export type TestAnswer = object | Buffer | TrainyardError | ((response: ServerResponse) => void | Promise<void>);
type Handler = (call: TestCall) => TestAnswer | Promise<TestAnswer>;

export const TEST_TOKEN = 'test-token-of-sixteen-characters';

/**
 * A server that speaks the real wire of the native API, by its own route table. What a test did not expect is refused and
 * remembered: an unknown path, a wrong token, a query or a body that does not fit its schema, an answer that breaks the contract.
 */
export class TestServer {
  readonly #handlers = new Map<RouteName, Handler>();
  readonly #listener = new LoopbackListener((request, response) => void this.#answer(request, response));
  readonly unexpected: string[] = [];
  /** Names of the routes that were called, in order. */
  readonly calls: RouteName[] = [];

  static async start(handlers: Partial<Record<RouteName, Handler>> = {}): Promise<TestServer> {
    const server = new TestServer();
    for (const [name, handler] of Object.entries(handlers)) server.on(name as RouteName, handler);
    await server.listen();
    return server;
  }

  get url(): string {
    return this.#listener.url;
  }

  /** Answers calls of a route from now on. */
  on(name: RouteName, handler: Handler): this {
    this.#handlers.set(name, handler);
    return this;
  }

  /** Listens; after `kill` on the same port as before. */
  async listen(): Promise<void> {
    await this.#listener.start();
  }

  /** As a killed server: every connection breaks at once. */
  async kill(): Promise<void> {
    await this.#listener.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    if (this.unexpected.length > 0) throw new Error(`the server met what it did not expect:\n${this.unexpected.join('\n')}`);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    try {
      const found = find(request.method ?? '', url.pathname);
      const handler = found === undefined ? undefined : this.#handlers.get(found.name);
      if (found === undefined || handler === undefined) return this.#refuse(response, `${request.method} ${request.url}: nothing was expected there`);
      this.calls.push(found.name);
      const shape: RouteShape = routes[found.name];
      const isPublic = shape.access === 'public' || (shape.access === 'optional' && request.headers.authorization === undefined);
      if (!isPublic && request.headers.authorization !== `Bearer ${TEST_TOKEN}`) return send(response, new TrainyardError('UNAUTHENTICATED'));
      await this.#carryOut({ request, response, url }, { shape, handler, params: found.params });
    } catch (error) {
      if (!request.destroyed || request.complete) this.#refuse(response, `${request.method} ${request.url}: ${String(error)}`);
    }
  }

  async #carryOut({ request, response, url }: { request: IncomingMessage; response: ServerResponse; url: URL }, { shape, handler, params }: { shape: RouteShape; handler: Handler; params: Record<string, string> }): Promise<void> {
    const bytes = Buffer.concat(await request.toArray());
    const body = shape.body === undefined ? undefined : shape.body.parse(JSON.parse(bytes.toString()));
    const query = (shape.query?.parse(queryOf(url)) ?? {}) as Record<string, unknown>;
    shape.params?.parse(params);
    const answer = await handler({ params, query, body, bytes, headers: request.headers });
    if (typeof answer === 'function') return await answer(response);
    if (shape.answer !== undefined && !(answer instanceof TrainyardError)) shape.answer.parse(answer);
    send(response, answer, shape.status);
  }

  #refuse(response: ServerResponse, problem: string): void {
    this.unexpected.push(problem);
    if (!response.headersSent) response.writeHead(501, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { code: 'UNEXPECTED', message: problem, hint: 'look at the test', status: 501, requestId: 'r' } }));
  }
}

/** An error of the table, as a handler's answer. */
export function refusal(code: ErrorCode, params: ErrorParams = {}): TrainyardError {
  return new TrainyardError(code, params);
}

/** Server-sent events, as the head of a stream that stays open. */
export function eventStream(response: ServerResponse): (event: { id?: string; event: string; data: object }) => void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  return ({ id, event, data }) => response.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

function find(method: string, path: string): { name: RouteName; params: Record<string, string> } | undefined {
  for (const [name, shape] of Object.entries(routes)) {
    const pattern = new RegExp(`^${shape.path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`);
    const match = shape.method === method ? pattern.exec(path) : null;
    if (match !== null) return { name: name as RouteName, params: Object.fromEntries(Object.entries(match.groups ?? {}).map(([key, value]) => [key, decodeURIComponent(value)])) };
  }
  return undefined;
}

function queryOf(url: URL): Record<string, string | string[]> {
  const names = new Set(url.searchParams.keys());
  return Object.fromEntries([...names].map((name) => [name, url.searchParams.getAll(name)]).map(([name, values]) => [name, values?.length === 1 ? values[0] : values]) as [string, string][]);
}

function send(response: ServerResponse, answer: object | Buffer | TrainyardError, status = 200): void {
  if (Buffer.isBuffer(answer)) {
    response.writeHead(status, { 'content-type': 'application/octet-stream', 'content-length': answer.length }).end(answer);
    return;
  }
  const isError = answer instanceof TrainyardError;
  const problems = isError && answer.code === 'INVALID_FIELDS' ? { problems: String(answer.params['problem']).split('; ') } : {};
  const body = isError ? { error: { code: answer.code, message: answer.message, hint: answer.hint, status: answer.status, requestId: 'r', ...problems } } : answer;
  response.writeHead(isError ? answer.status : status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
