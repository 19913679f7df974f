import { createHash } from 'node:crypto';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Identity } from '../http/identity.ts';
import type { RunStore } from '../stores/runs.ts';
import type { TokenStore } from '../stores/tokens.ts';
import type { RunTokens } from './run-token.ts';
import { tokenMatches } from './token-hash.ts';

const MAX_FAILURES = 30;
const WINDOW_MS = 60_000;
const CACHE_SIZE = 1_000;

/**
 * Token → identity. A user's token costs a slow hash once per process; after that only its row is looked at, so that a
 * revoked token stops at the next call. Wrong tokens are counted, right ones never have to wait for that.
 */
export class Authenticator {
  readonly #tokens: TokenStore;
  readonly #runs: RunStore;
  readonly #runTokens: RunTokens;
  readonly #now: () => number;
  /** Digest of a token that was right → id and stored hash it was right for. */
  readonly #verified = new Map<string, { readonly id: string; readonly hash: string }>();
  #failures: number[] = [];

  constructor(stores: { tokens: TokenStore; runs: RunStore }, runTokens: RunTokens, now: () => number) {
    this.#tokens = stores.tokens;
    this.#runs = stores.runs;
    this.#runTokens = runTokens;
    this.#now = now;
  }

  /** Throws UNAUTHENTICATED, STALE_ATTEMPT, RATE_LIMITED. */
  async identify(token: string | undefined): Promise<Identity> {
    if (token === undefined || token === '') throw new TrainyardError('UNAUTHENTICATED');
    const claims = this.#runTokens.read(token);
    if (claims !== undefined) return this.#identifyRun(claims);
    return (await this.#fromCache(token)) ?? (await this.#verify(token));
  }

  async #identifyRun({ runId, attempt }: { runId: string; attempt: number }): Promise<Identity> {
    const run = await this.#runs.find(runId);
    const active = run !== undefined && run.attempt === attempt && (run.state === 'preparing' || run.state === 'running');
    if (!active) throw new TrainyardError('STALE_ATTEMPT', { id: run?.number ?? runId, attempt });
    return { kind: 'run', tokenId: `run:${runId}`, runId, attempt };
  }

  async #fromCache(token: string): Promise<Identity | undefined> {
    const digest = digestOf(token);
    const known = this.#verified.get(digest);
    if (known === undefined) return undefined;
    const row = await this.#tokens.find(known.id);
    if (row === undefined || row.hash !== known.hash) {
      this.#verified.delete(digest);
      return undefined;
    }
    return { kind: 'user', tokenId: row.id, name: row.name };
  }

  async #verify(token: string): Promise<Identity> {
    const now = this.#now();
    this.#failures = this.#failures.filter((at) => at > now - WINDOW_MS);
    if (this.#failures.length >= MAX_FAILURES) throw new TrainyardError('RATE_LIMITED', { seconds: WINDOW_MS / 1000 });
    // counted before the slow hash: many wrong tokens at once must not all get through to it
    this.#failures.push(now);
    const id = /^ty_([0-9a-f]{12})_/.exec(token)?.[1] ?? 'first';
    const row = await this.#tokens.find(id);
    if (row === undefined || !(await tokenMatches(token, row.hash))) throw new TrainyardError('UNAUTHENTICATED');
    this.#failures.splice(this.#failures.indexOf(now), 1);
    if (this.#verified.size >= CACHE_SIZE) this.#verified.clear();
    this.#verified.set(digestOf(token), { id: row.id, hash: row.hash });
    await this.#tokens.touch(row.id, now);
    return { kind: 'user', tokenId: row.id, name: row.name };
  }
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

