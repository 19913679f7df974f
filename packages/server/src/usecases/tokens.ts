import { randomBytes } from 'node:crypto';
import { ADMIN_EVERYWHERE, type Grant } from '@trainyard/core/access/roles.ts';
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

  async create(name: string, roles: readonly Grant[]): Promise<TokenRecord & { token: string }> {
    const id = randomBytes(6).toString('hex');
    const token = `ty_${id}_${randomBytes(32).toString('base64url')}`;
    const record = { id, name, roles, hash: await hashToken(token), createdAt: this.#now() };
    await this.#store.put(record);
    return { ...record, lastUsedAt: null, token };
  }

  /** The token an administrator chose for the first start. It has no id of its own in it. */
  async putFirst(token: string): Promise<void> {
    await this.#store.put({ id: 'first', name: 'first', roles: ADMIN_EVERYWHERE, hash: await hashToken(token), createdAt: this.#now() });
  }

  list(): Promise<TokenRecord[]> {
    return this.#store.list();
  }

  /** From the next call on. Throws TOKEN_NOT_FOUND. */
  async setRoles(id: string, roles: readonly Grant[]): Promise<TokenRecord> {
    const changed = await this.#store.setRoles(id, roles);
    if (changed === undefined) throw new TrainyardError('TOKEN_NOT_FOUND', { id });
    return changed;
  }

  /** Throws TOKEN_NOT_FOUND. */
  async revoke(id: string): Promise<void> {
    if (!(await this.#store.delete(id))) throw new TrainyardError('TOKEN_NOT_FOUND', { id });
  }
}
