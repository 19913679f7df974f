import type { OutboundCall } from '../../../platform/outbound/outbound-http.ts';
import type { Clock } from '../clock.ts';
import { type AccessToken, accessToken, type Credentials } from './access-token.ts';
import { callJson, type Outbound } from './call.ts';
import type { ExactJson } from './exact-json.ts';
import { Gate } from './gate.ts';
import { notAccepted, WorkspaceRefusal, WorkspaceTrouble } from './workspace-error.ts';

export interface WorkspaceCallsOptions {
  /** Without a trailing slash. */
  readonly url: string;
  readonly credentials: Credentials;
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly chance: () => number;
  /** For one call; what is large gets four times as long. */
  readonly callTimeoutMs: number;
  readonly signal: AbortSignal;
}

/** Published: 100 reads a second and workspace. A tenth is left to others: a thousand runs that end together need a thousand calls for their outputs. */
const CALLS_PER_SECOND = 90;
const CALLS_AT_ONCE = 24;
const MAX_ANSWER_BYTES = 16 * 1024 ** 2;
/** 5 MB of result, of which JSON may make six times as much, and an error with its trace. */
const MAX_LARGE_ANSWER_BYTES = 64 * 1024 ** 2;
const LARGE_BODY_BYTES = 64 * 1024;

/** How a workspace is called: through one gate, with a token, JSON both ways. Each call throws WorkspaceRefusal or WorkspaceTrouble. */
export class WorkspaceCalls {
  readonly #options: WorkspaceCallsOptions;
  readonly #gate: Gate;
  readonly #token: AccessToken;
  #trouble: string | undefined;

  constructor(options: WorkspaceCallsOptions) {
    this.#options = options;
    this.#gate = new Gate({ perSecond: CALLS_PER_SECOND, width: CALLS_AT_ONCE, ...options });
    this.#token = accessToken(options.credentials, { ...options, timeoutMs: options.callTimeoutMs });
  }

  /** Why the last call got no answer that says anything, or none but that the token is no good; undefined when it got one. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  get(path: string, query: Readonly<Record<string, string>>, { large = false } = {}): Promise<ExactJson> {
    return this.#call({ ...this.#to('GET', `${path}?${new URLSearchParams(query).toString()}`, large), maxBytes: large ? MAX_LARGE_ANSWER_BYTES : MAX_ANSWER_BYTES });
  }

  /** `body`: JSON as text, as ids must keep their digits. */
  post(path: string, body: string): Promise<ExactJson> {
    return this.#call({ ...this.#to('POST', path, body.length > LARGE_BODY_BYTES), headers: { 'content-type': 'application/json' }, body });
  }

  /** A call of the Files API: bytes there, nothing back. */
  async file(method: 'HEAD' | 'PUT' | 'DELETE', path: string, bytes?: Uint8Array): Promise<void> {
    await this.#call({ ...this.#to(method, path, bytes !== undefined), ...(bytes === undefined ? {} : { headers: { 'content-type': 'application/octet-stream' }, body: bytes }) });
  }

  #to(method: OutboundCall['method'], path: string, large: boolean): OutboundCall {
    const { url, callTimeoutMs } = this.#options;
    return { url: `${url}${path}`, method, timeoutMs: large ? callTimeoutMs * 4 : callTimeoutMs, maxBytes: MAX_ANSWER_BYTES };
  }

  async #call(call: OutboundCall): Promise<ExactJson> {
    return this.#gate.through(async () => {
      try {
        const answer = await this.#withToken(call);
        this.#answered();
        return answer;
      } catch (error) {
        this.#failed(error);
        throw error;
      }
    });
  }

  /** A token that is refused is refused for every call: somebody has to do something, and until then a call now and then is enough. */
  #failed(error: unknown): void {
    if (error instanceof WorkspaceTrouble) this.#troubled(error.message, error.retryAfterMs);
    else if (error instanceof WorkspaceRefusal && error.isAboutToken) this.#troubled(notAccepted(error));
    else if (error instanceof WorkspaceRefusal) this.#answered();
  }

  #troubled(why: string, retryAfterMs?: number): void {
    this.#trouble = why;
    this.#gate.trouble(retryAfterMs);
  }

  #answered(): void {
    this.#trouble = undefined;
    this.#gate.fine();
  }

  /** A token may be revoked before its time; then once more with a new one. */
  async #withToken(call: OutboundCall): Promise<ExactJson> {
    const token = await this.#token.current();
    try {
      return await this.#send(call, token);
    } catch (error) {
      if (!(error instanceof WorkspaceRefusal && error.isAboutToken && this.#token.reject(token))) throw error;
      return this.#send(call, await this.#token.current());
    }
  }

  #send(call: OutboundCall, token: string): Promise<ExactJson> {
    const { outbound, clock, signal } = this.#options;
    return callJson(outbound, { ...call, signal, headers: { ...call.headers, authorization: `Bearer ${token}`, accept: 'application/json', 'user-agent': 'trainyard' } }, clock.now());
  }
}
