import { createHash } from 'node:crypto';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Identity, UserIdentity } from '../http/identity.ts';
import type { RunStore } from '../stores/runs.ts';
import type { TokenRecord, TokenStore } from '../stores/tokens.ts';
import type { JwtVerifier } from './oidc/jwt-verifier.ts';
import type { RunTokens } from './run-token.ts';
import { tokenMatches } from './token-hash.ts';

const MAX_FAILURES = 30;
const WINDOW_MS = 60_000;
const CACHE_SIZE = 1_000;

interface Needs {
  readonly tokens: TokenStore;
  readonly runs: RunStore;
  readonly runTokens: RunTokens;
  /** Undefined when no identity provider is configured. */
  readonly oidc: Pick<JwtVerifier, 'looksLikeOne' | 'identify'> | undefined;
  readonly now: () => number;
}

/**
 * Token → identity. A user's token costs a slow hash once per process; after that only its row is looked at, so that a
 * revoked token stops at the next call and a changed role counts there. Wrong tokens are counted for the token whose id they
 * have in them: what anybody sends keeps nobody else's token out, and one that was right here never has to wait. One with an
 * id that is not there costs no slow hash, and is not counted. Tokens of the identity provider are a signature and cost none either.
 */
export class Authenticator {
  readonly #needs: Needs;
  /** Digest of a token that was right → id and stored hash it was right for. */
  readonly #verified = new Map<string, { readonly id: string; readonly hash: string }>();
  /** Digest of a token → its verification under way: a client that begins with many calls pays one slow hash, and counts once. */
  readonly #verifying = new Map<string, Promise<Identity>>();
  /** Id of a token → when wrong secrets came with it. */
  readonly #failures = new Map<string, readonly number[]>();

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Throws UNAUTHENTICATED, STALE_ATTEMPT, RATE_LIMITED; INVALID_TOKEN, NO_ROLE, IDENTITY_PROVIDER_DOWN for tokens of a provider. */
  async identify(token: string | undefined): Promise<Identity> {
    if (token === undefined || token === '') throw new TrainyardError('UNAUTHENTICATED');
    const { runTokens, oidc } = this.#needs;
    const claims = runTokens.read(token);
    if (claims !== undefined) return this.#identifyRun(claims);
    if (oidc?.looksLikeOne(token) === true) return oidc.identify(token);
    return (await this.#fromCache(token)) ?? (await this.#verifyOnce(token));
  }

  #verifyOnce(token: string): Promise<Identity> {
    const digest = digestOf(token);
    const underWay = this.#verifying.get(digest);
    if (underWay !== undefined) return underWay;
    const verifying = this.#verify(token).finally(() => this.#verifying.delete(digest));
    this.#verifying.set(digest, verifying);
    return verifying;
  }

  async #identifyRun({ runId, attempt }: { runId: string; attempt: number }): Promise<Identity> {
    const run = await this.#needs.runs.find(runId);
    const active = run !== undefined && run.attempt === attempt && (run.state === 'preparing' || run.state === 'running');
    if (!active) throw new TrainyardError('STALE_ATTEMPT', { id: run?.number ?? runId, attempt });
    return { kind: 'run', tokenId: `run:${runId}`, runId, attempt, project: run.project };
  }

  async #fromCache(token: string): Promise<Identity | undefined> {
    const digest = digestOf(token);
    const known = this.#verified.get(digest);
    if (known === undefined) return undefined;
    const row = await this.#needs.tokens.find(known.id);
    if (row === undefined || row.hash !== known.hash) {
      this.#verified.delete(digest);
      return undefined;
    }
    return identityOf(row);
  }

  async #verify(token: string): Promise<Identity> {
    const { tokens, now: clock } = this.#needs;
    const row = await tokens.find(/^ty_([0-9a-f]{12})_/.exec(token)?.[1] ?? 'first');
    if (row === undefined) throw new TrainyardError('UNAUTHENTICATED');
    const now = clock();
    // counted before the slow hash: many wrong tokens at once must not all get through to it
    this.#countFailure(row.id, now);
    if (!(await tokenMatches(token, row.hash))) throw new TrainyardError('UNAUTHENTICATED');
    // with it goes what was counted for itself
    this.#failures.delete(row.id);
    if (this.#verified.size >= CACHE_SIZE) this.#verified.clear();
    this.#verified.set(digestOf(token), { id: row.id, hash: row.hash });
    await tokens.touch(row.id, now);
    return identityOf(row);
  }

  #countFailure(id: string, now: number): void {
    const recent = (this.#failures.get(id) ?? []).filter((at) => at > now - WINDOW_MS);
    if (recent.length >= MAX_FAILURES) throw new TrainyardError('RATE_LIMITED', { seconds: WINDOW_MS / 1000 });
    this.#failures.set(id, [...recent, now]);
  }
}

function identityOf({ id, name, roles }: TokenRecord): UserIdentity {
  return { kind: 'user', tokenId: id, name, roles };
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
