import type { z } from 'zod';
import type { RouteShape } from './route.ts';
import { type RouteName, routes, type Routes } from './routes.ts';
import type { ErrorAnswer } from './schemas/error.ts';
import { unreachable } from './unreachable.ts';

type In<R, Key extends string, Name extends string> = R extends { readonly [K in Key]: infer S extends z.ZodType } ? { readonly [N in Name]: z.input<S> } : unknown;
type QueryIn<R> = R extends { readonly query: infer S extends z.ZodType } ? { readonly query?: z.input<S> } : unknown;
type BytesIn<R> = R extends { readonly takes: 'bytes' } ? { readonly bytes: Bytes; readonly sizeBytes?: number } : unknown;

type Bytes = NonNullable<RequestInit['body']>;

/** What a call of this route needs. */
export type CallOf<N extends RouteName> = In<Routes[N], 'params', 'params'> & In<Routes[N], 'body', 'body'> & QueryIn<Routes[N]> & BytesIn<Routes[N]> & { readonly signal?: AbortSignal; readonly headers?: Readonly<Record<string, string>> };
/** What it gives: the checked answer, or the response itself where that is bytes or events. */
export type AnswerOf<N extends RouteName> = Routes[N] extends { readonly answer: infer S extends z.ZodType } ? z.output<S> : Response;

export interface ClientOptions {
  /** Base URL without a path. */
  readonly url: string;
  readonly token?: string | undefined;
  readonly fetch?: typeof fetch;
}

/** A server answered with an error this client's table may not know: the server is newer, or it is no Trainyard. */
export class ServerAnswerError extends Error {
  override readonly name = 'ServerAnswerError';
  readonly status: number;
  readonly code: string;
  readonly hint: string;
  /** Each thing that is wrong, when the server counted them. */
  readonly problems: readonly string[];
  constructor(status: number, { code, message, hint, problems = [] }: Pick<ErrorAnswer['error'], 'code' | 'message' | 'hint' | 'problems'>) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
    this.problems = problems;
  }
}

interface AnyCall {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly bytes?: Bytes;
  readonly sizeBytes?: number;
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The typed client of the native API: `call('getRun', { params: { id } })`. Throws TrainyardError or ServerAnswerError. */
export class Client {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = { ...options, url: options.url.replace(/\/+$/, '') };
  }

  get url(): string {
    return this.#options.url;
  }

  async call<N extends RouteName>(name: N, call: CallOf<N>): Promise<AnswerOf<N>> {
    const shape: RouteShape = routes[name];
    const response = await this.#send(shape, call as AnyCall);
    if (!response.ok) throw await errorOf(response);
    // the answer's schema is the server's promise, tested there; checking it again would only break older clients
    return (shape.answer === undefined ? response : await response.json()) as AnswerOf<N>;
  }

  async #send(shape: RouteShape, call: AnyCall): Promise<Response> {
    const headers = new Headers(call.headers);
    if (this.#options.token !== undefined) headers.set('authorization', `Bearer ${this.#options.token}`);
    let body: Bytes | null = null;
    if (call.body !== undefined) {
      body = JSON.stringify(call.body);
      headers.set('content-type', 'application/json');
    } else if (call.bytes !== undefined) {
      body = call.bytes;
      headers.set('content-type', 'application/octet-stream');
      if (call.sizeBytes !== undefined) headers.set('content-length', String(call.sizeBytes));
    }
    const url = `${this.#options.url}${pathOf(shape.path, call.params)}${queryOf(call.query)}`;
    try {
      const init = { method: shape.method, headers, body, signal: call.signal ?? null, duplex: 'half' };
      return await (this.#options.fetch ?? fetch)(url, init as RequestInit);
    } catch (error) {
      if (call.signal?.aborted === true) throw error;
      throw unreachable(this.#options.url, error);
    }
  }
}

function pathOf(path: string, params: AnyCall['params']): string {
  return path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params?.[name] ?? '')));
}

function queryOf(query: AnyCall['query']): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) search.append(name, String(one));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

async function errorOf(response: Response): Promise<Error> {
  const text = await response.text();
  let answer: Partial<ErrorAnswer> = {};
  try {
    answer = JSON.parse(text) as Partial<ErrorAnswer>;
  } catch {
    // not ours: the text itself is all there is
  }
  const error = answer.error;
  if (error !== undefined) return new ServerAnswerError(response.status, error);
  // a page is for people with a browser
  const isPage = (response.headers.get('content-type') ?? '').includes('html') || /^\s*</.test(text);
  const message = `the server answered ${response.status}${isPage || text === '' ? '' : `: ${text.slice(0, 200)}`}`;
  return new ServerAnswerError(response.status, { code: 'UNKNOWN', message, hint: 'is this the address of a Trainyard server?' });
}
