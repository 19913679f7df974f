import { isTrainyardError, messageOf, TrainyardError } from '@trainyard/core/errors.ts';
import { createLocalJWKSet, type JSONWebKeySet } from 'jose';
import type { OutboundHttp } from '../../platform/outbound/outbound-http.ts';

export interface IssuerFacts {
  readonly keys: ReturnType<typeof createLocalJWKSet>;
  /** Where people log in; undefined when the provider names none. */
  readonly authorizationUrl: string | undefined;
}

interface Needs {
  /** As tokens name it. */
  readonly issuer: string;
  readonly outbound: Pick<OutboundHttp, 'request'>;
  readonly now: () => number;
}

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 1_000_000;
/** Looked at again behind the back of calls, which go on with the keys that are there. */
const FRESH_MS = 10 * 60_000;
/** Keys that were not confirmed for so long are not believed any more, also when the provider is away. */
const KEPT_MS = 60 * 60_000;
/** A token may name any key: unknown ones make us look no more often than this. */
const BETWEEN_LOOKS_MS = 10_000;

interface Known extends IssuerFacts {
  readonly at: number;
}

/** What an identity provider publishes about itself: asked when first needed, kept for a while, asked again when it has new keys. */
export class Issuer {
  readonly #needs: Needs;
  #known: Known | undefined;
  #loading: Promise<Known> | undefined;
  #lookedAt = -Infinity;
  #failure: Error | undefined;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** IDENTITY_PROVIDER_DOWN when nothing is known that may still be believed. */
  async facts(): Promise<IssuerFacts> {
    const age = this.#known === undefined ? Infinity : this.#needs.now() - this.#known.at;
    if (this.#known === undefined || age > KEPT_MS) return this.#look();
    // a provider that is away now may be back in a moment: what is known stays good
    if (age > FRESH_MS) this.#look().catch(() => undefined);
    return this.#known;
  }

  /** What is known after another look, for a token that names a key these `old` ones have not; undefined when a look was taken just now. */
  async newFacts(old: IssuerFacts): Promise<IssuerFacts | undefined> {
    if (this.#loading !== undefined) return this.#loading;
    if (this.#known !== undefined && this.#known !== old) return this.#known;
    if (this.#needs.now() - this.#lookedAt < BETWEEN_LOOKS_MS) return undefined;
    return this.#look();
  }

  async #look(): Promise<Known> {
    if (this.#loading !== undefined) return this.#loading;
    const now = this.#needs.now();
    if (now - this.#lookedAt < BETWEEN_LOOKS_MS && this.#failure !== undefined) throw this.#failure;
    this.#lookedAt = now;
    this.#loading = this.#load(now);
    try {
      this.#known = await this.#loading;
      this.#failure = undefined;
      return this.#known;
    } catch (error) {
      this.#failure = error instanceof Error ? error : down(messageOf(error), error);
      throw error;
    } finally {
      this.#loading = undefined;
    }
  }

  async #load(at: number): Promise<Known> {
    const { issuer } = this.#needs;
    const document = await this.#readJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    // somebody else's document would bring somebody else's keys
    if (document['issuer'] !== issuer) throw down(`it calls itself '${String(document['issuer'])}', the configuration says '${issuer}'`);
    const { jwks_uri: keysUrl, authorization_endpoint: authorizationUrl } = document;
    if (typeof keysUrl !== 'string') throw down('it does not say where its keys are');
    const keys = await this.#readJson(keysUrl);
    try {
      return { keys: createLocalJWKSet(keys as unknown as JSONWebKeySet), authorizationUrl: typeof authorizationUrl === 'string' ? authorizationUrl : undefined, at };
    } catch (error) {
      throw down('what it gives as its keys are none', error);
    }
  }

  async #readJson(url: string): Promise<Readonly<Record<string, unknown>>> {
    try {
      const { status, body } = await this.#needs.outbound.request({ url, method: 'GET', headers: { accept: 'application/json' }, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });
      const text = Buffer.concat(await body.toArray()).toString('utf8');
      if (status !== 200) throw down(`it answers ${status}`);
      const json: unknown = JSON.parse(text);
      if (typeof json !== 'object' || json === null) throw down('its answer is no object');
      return json as Record<string, unknown>;
    } catch (error) {
      if (isTrainyardError(error) && error.code === 'IDENTITY_PROVIDER_DOWN') throw error;
      throw down(error instanceof SyntaxError ? 'its answer is no JSON' : messageOf(error), error);
    }
  }
}

function down(problem: string, cause?: unknown): TrainyardError {
  return new TrainyardError('IDENTITY_PROVIDER_DOWN', { problem }, { cause });
}
