import type { Clock } from '../clock.ts';
import { callJson, type Outbound } from './call.ts';
import type { ExactJson } from './exact-json.ts';
import { WorkspaceRefusal, WorkspaceTrouble } from './workspace-error.ts';

/** How the server proves who it is: a personal access token, or a service principal by OAuth (machine to machine). */
export type Credentials = { readonly token: string } | { readonly clientId: string; readonly clientSecret: string };

export interface AccessToken {
  current(): Promise<string>;
  /** The workspace did not accept this one. Answers whether there may be a better one. */
  reject(token: string): boolean;
}

export interface TokenParts {
  readonly url: string;
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export function accessToken(credentials: Credentials, parts: TokenParts): AccessToken {
  if ('token' in credentials) return { current: () => Promise.resolve(credentials.token), reject: () => false };
  return new OAuthToken(credentials, parts);
}

/** Fetched anew this long before its end, or at the last tenth of a short life: no call may carry one that dies under way. */
const EARLY_MS = 300_000;
const MAX_ANSWER_BYTES = 1_000_000;

class OAuthToken implements AccessToken {
  readonly #credentials: { readonly clientId: string; readonly clientSecret: string };
  readonly #parts: TokenParts;
  #held: { readonly token: string; readonly freshUntil: number } | undefined;
  #coming: Promise<string> | undefined;

  constructor(credentials: { readonly clientId: string; readonly clientSecret: string }, parts: TokenParts) {
    this.#credentials = credentials;
    this.#parts = parts;
  }

  async current(): Promise<string> {
    if (this.#held !== undefined && this.#parts.clock.now() < this.#held.freshUntil) return this.#held.token;
    // all that wait share one request
    this.#coming ??= this.#fetch().finally(() => (this.#coming = undefined));
    return this.#coming;
  }

  reject(token: string): boolean {
    if (this.#held?.token === token) this.#held = undefined;
    return true;
  }

  async #fetch(): Promise<string> {
    const { url, outbound, clock, timeoutMs, signal } = this.#parts;
    const { clientId, clientSecret } = this.#credentials;
    const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString('base64');
    const asked = clock.now();
    const answer = await callJson(
      outbound,
      {
        url: `${url}/oidc/v1/token`,
        method: 'POST',
        headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
        body: 'grant_type=client_credentials&scope=all-apis',
        timeoutMs,
        signal,
        maxBytes: MAX_ANSWER_BYTES,
      },
      asked,
    ).catch(asMatterOfCredentials);
    this.#held = held(answer, asked);
    return this.#held.token;
  }
}

/** OAuth says 400 of much that is wrong with a client; here nothing was asked but who it is. */
function asMatterOfCredentials(error: unknown): never {
  if (error instanceof WorkspaceRefusal) throw new WorkspaceRefusal(401, error.code, error.message);
  throw error;
}

function held(answer: ExactJson, asked: number): { token: string; freshUntil: number } {
  const { access_token: token, expires_in: seconds } = answer as Readonly<Record<string, ExactJson>>;
  // it becomes part of a header
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) throw new WorkspaceTrouble('the workspace gave no access token where one was asked for', { answered: true });
  const lifeMs = typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : 3_600_000;
  return { token, freshUntil: asked + lifeMs - Math.min(EARLY_MS, lifeMs * 0.1) };
}
