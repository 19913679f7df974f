import type { IncomingMessage } from 'node:http';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { type ConnectionContext, ConnectionError } from '../connection.ts';
import { addressOf } from '../look-up.ts';
import type { HttpAgents } from '../transfer/http-agents.ts';
import { httpCall } from '../transfer/http-call.ts';
import { storeFailure, StoreFailure } from '../transfer/store-failure.ts';
import { shown } from './http-url.ts';

export interface HttpServerOptions {
  readonly spec: ConnectionSpec;
  /** Where the credentials are good for: this origin and no other. */
  readonly url: URL;
  readonly agents: HttpAgents;
  readonly context: Pick<ConnectionContext, 'lookup'>;
}

const MAX_REDIRECTS = 5;
/** Until the head of an answer is there. */
const SILENCE_MS = 60_000;

/** Asks a web server for a file with the connection's credentials, and follows where it points. */
export class HttpServer {
  readonly #options: HttpServerOptions;

  constructor(options: HttpServerOptions) {
    this.#options = options;
  }

  /**
   * The answer of the last server, with one of the given statuses; its body is to be read or destroyed. Throws StoreFailure for
   * every other status. Redirects lead to http(s) only, never from https to http, and take the credentials nowhere else.
   */
  async get(headers: Readonly<Record<string, string>>, { statuses, signal }: { readonly statuses: readonly number[]; readonly signal: AbortSignal }): Promise<IncomingMessage> {
    let url = this.#options.url;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const answer = await this.#ask(url, headers, signal);
      const status = answer.statusCode ?? 0;
      if (statuses.includes(status)) return answer;
      answer.destroy();
      if (![301, 302, 303, 307, 308].includes(status)) throw storeFailure({ status, code: '' });
      url = redirected(url, answer.headers.location);
    }
    throw new ConnectionError('invalid', `${shown(this.#options.url)} leads from redirect to redirect, more than ${MAX_REDIRECTS}: give the URL it ends at`);
  }

  async #ask(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<IncomingMessage> {
    const { agents, context, spec } = this.#options;
    // node asks the look-up about names only, and a redirect may lead to an address
    await addressOf(url.hostname, context);
    const login = url.origin === this.#options.url.origin ? loginOf(spec) : {};
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
      return await httpCall(agents, { method: 'GET', url, headers: { 'user-agent': 'trainyard', 'accept-encoding': 'identity', ...headers, ...login }, signal: AbortSignal.any([signal, silence.signal]) });
    } catch (error) {
      signal.throwIfAborted();
      throw silence.signal.aborted ? new StoreFailure('unreachable', `no answer within ${SILENCE_MS / 1000} s`) : error;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A token goes before a user. */
function loginOf({ username = '', password = '', token = '', credentials }: ConnectionSpec): Record<string, string> {
  if (credentials === 'anonymous') return {};
  if (token !== '') return { authorization: `Bearer ${headerText(token)}` };
  return username === '' && password === '' ? {} : { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

function headerText(token: string): string {
  const text = token.trim();
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  throw new ConnectionError('refused', 'the token of the connection holds spaces or letters that no header can carry: check what was copied');
}

function redirected(from: URL, location: string | undefined): URL {
  const to = location === undefined ? null : URL.parse(location, from.href);
  const isSafe = to !== null && (to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:'));
  if (!isSafe) throw new ConnectionError('refused', `${from.origin} redirects to ${to === null ? 'nowhere' : `${to.protocol}//${to.host}`}, which is not followed: redirects may lead to https, and from http to http`);
  [to.username, to.password, to.hash] = ['', '', ''];
  return to;
}
