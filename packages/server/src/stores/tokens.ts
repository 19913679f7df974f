import type { Grant } from '@trainyard/core/access/roles.ts';

export interface TokenRecord {
  readonly id: string;
  readonly name: string;
  readonly hash: string;
  readonly roles: readonly Grant[];
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

/** Tokens of users, hashed. */
export interface TokenStore {
  find(id: string): Promise<TokenRecord | undefined>;
  list(): Promise<TokenRecord[]>;
  put(token: Omit<TokenRecord, 'lastUsedAt'>): Promise<void>;
  touch(id: string, now: number): Promise<void>;
  /** The token with its new roles; undefined when there was none. */
  setRoles(id: string, roles: readonly Grant[]): Promise<TokenRecord | undefined>;
  /** False when there was none. */
  delete(id: string): Promise<boolean>;
}
