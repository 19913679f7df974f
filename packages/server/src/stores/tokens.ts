export interface TokenRecord {
  readonly id: string;
  readonly name: string;
  readonly hash: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

/** Tokens of users, hashed. */
export interface TokenStore {
  find(id: string): Promise<TokenRecord | undefined>;
  list(): Promise<TokenRecord[]>;
  put(token: Omit<TokenRecord, 'lastUsedAt'>): Promise<void>;
  touch(id: string, now: number): Promise<void>;
  /** False when there was none. */
  delete(id: string): Promise<boolean>;
}
