import { ApiProblem } from './api-problem.ts';

export interface OAuthClient {
  readonly id: string;
  readonly secret: string;
  /** Life of the tokens it is given. */
  readonly lifeMs: number;
}

/** Who may call: personal tokens, and service principals that fetch theirs. */
export class FakeCredentials {
  readonly #expiry = new Map<string, number>();
  readonly #now: () => number;
  #issued = 0;
  client: OAuthClient | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Tokens the OAuth endpoint gave out. */
  get issued(): number {
    return this.#issued;
  }

  accept(token: string, untilMs = Number.POSITIVE_INFINITY): void {
    this.#expiry.set(token, untilMs);
  }

  revokeAll(): void {
    this.#expiry.clear();
  }

  check(authorization: string | undefined): void {
    const token = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1];
    if (token === undefined) throw new ApiProblem(401, 'UNAUTHENTICATED', 'Credential was not sent or was of an unsupported type for this API.');
    const until = this.#expiry.get(token);
    if (until === undefined) throw new ApiProblem(403, '403', 'Invalid access token.');
    if (this.#now() >= until) throw new ApiProblem(401, 'UNAUTHENTICATED', 'Token is expired.');
  }

  /** The answer of `/oidc/v1/token`. */
  issue(authorization: string | undefined, form: URLSearchParams): Record<string, unknown> {
    const { client } = this;
    const expected = client === undefined ? undefined : `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`;
    if (client === undefined || authorization !== expected) throw new ApiProblem(401, 'invalid_client', 'Client authentication failed');
    if (form.get('grant_type') !== 'client_credentials' || form.get('scope') !== 'all-apis') throw new ApiProblem(400, 'invalid_request', 'grant_type must be client_credentials and scope all-apis');
    const token = `oauth-${++this.#issued}`;
    this.accept(token, this.#now() + client.lifeMs);
    return { access_token: token, token_type: 'Bearer', expires_in: Math.floor(client.lifeMs / 1000), scope: 'all-apis' };
  }
}
