import { randomBytes } from 'node:crypto';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { hashToken } from '../auth/token-hash.ts';
import type { TokenRecord, TokenStore } from '../stores/tokens.ts';

/** Tokens of users: answered once, kept as hashes. */
export class Tokens {
  readonly #store: TokenStore;
  readonly #now: () => number;

  constructor(store: TokenStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  async create(name: string): Promise<TokenRecord & { token: string }> {
    const id = randomBytes(6).toString('hex');
    const token = `ty_${id}_${randomBytes(32).toString('base64url')}`;
    const record = { id, name, hash: await hashToken(token), createdAt: this.#now() };
    await this.#store.put(record);
    return { ...record, lastUsedAt: null, token };
  }

  /** The token an administrator chose for the first start. It has no id of its own in it. */
  async putFirst(token: string): Promise<void> {
    await this.#store.put({ id: 'first', name: 'first', hash: await hashToken(token), createdAt: this.#now() });
  }

  list(): Promise<TokenRecord[]> {
    return this.#store.list();
  }

  async revoke(id: string): Promise<void> {
    if (!(await this.#store.delete(id))) throw new TrainyardError('BAD_REQUEST', { problem: `there is no token '${id}'` });
  }
}
