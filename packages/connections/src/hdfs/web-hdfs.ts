import type { IncomingMessage } from 'node:http';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import type { HttpAgents } from '../transfer/http-agents.ts';
import { type HttpCall, httpCall, textOf } from '../transfer/http-call.ts';
import { type StoreFailure, storeFailure } from '../transfer/store-failure.ts';

/** To a data node, or from the name node that is asleep to the one that is awake. */
const MAX_REDIRECTS = 3;

export interface HdfsCall {
  readonly method: HttpCall['method'];
  /** Without a slash in front. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Goes to the data node, and to no other. */
  readonly body?: Uint8Array;
}

/** Hadoop's file system over HTTP. Follows redirects by hand: credentials stay with the host they are for. */
export class WebHdfs {
  readonly #agents: HttpAgents;
  readonly #base: URL;
  readonly #identity: Readonly<Record<string, string>>;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(base: URL, spec: ConnectionSpec, agents: HttpAgents) {
    [this.#base, this.#agents] = [base, agents];
    const { token = '', username = '', password = '' } = spec;
    // a password is for a gateway before Hadoop, which knows none
    this.#identity = token === '' ? (username === '' || password !== '' ? {} : { 'user.name': username }) : { delegation: token };
    this.#headers = password === '' ? {} : { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
  }

  async json<T>(call: HdfsCall): Promise<T> {
    const text = await textOf(await this.ask(call), call.signal);
    try {
      return (text === '' ? {} : JSON.parse(text)) as T;
    } catch {
      throw storeFailure({ status: 500, code: 'NoJson' });
    }
  }

  /** Throws StoreFailure for every answer that is no success. */
  async ask({ method, path, query, signal, body }: HdfsCall): Promise<IncomingMessage> {
    const names = path.split('/').map(encodeURIComponent).join('/');
    let url = new URL(`${this.#base.pathname}/${names}?${new URLSearchParams({ ...query, ...this.#identity }).toString()}`, this.#base);
    for (let redirects = 0; ; redirects++) {
      const isHome = url.origin === this.#base.origin;
      const sends = body !== undefined && redirects > 0 ? { body } : {};
      const headers = { ...(isHome ? this.#headers : {}), ...(body === undefined ? {} : { 'content-type': 'application/octet-stream' }) };
      const answer = await httpCall(this.#agents, { method, url, headers, signal, ...sends });
      const { statusCode: status = 0 } = answer;
      const next = status >= 300 && status < 400 ? URL.parse(answer.headers.location ?? '', url.href) : null;
      if (status >= 200 && status < 300) return answer;
      if (next === null) throw failureOf(status, exceptionIn(await textOf(answer, signal)));
      answer.resume();
      if (redirects >= MAX_REDIRECTS || !/^https?:$/.test(next.protocol)) throw storeFailure({ status: 500, code: 'TooManyRedirects' });
      url = next;
    }
  }
}

/** Hadoop says 403 to every kind of trouble; who is refused is told by the name of the exception. */
function failureOf(status: number, exception: string): StoreFailure {
  const isTrouble = status === 403 && exception !== '' && !/AccessControl|Security|Token|Authenti|Authoriz|Quota/.test(exception);
  return storeFailure({ status: isTrouble ? 500 : status, code: exception });
}

function exceptionIn(text: string): string {
  return /"exception"\s*:\s*"([\w$.]+)"/.exec(text)?.[1] ?? '';
}
