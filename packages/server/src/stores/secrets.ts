export interface SecretRecord {
  readonly name: string;
  readonly sealed: string;
  readonly updatedAt: number;
}

/** Sealed secrets; this store never sees a value. */
export interface SecretStore {
  find(names: readonly string[]): Promise<SecretRecord[]>;
  /** By name, behind `after`. */
  list(after: string, limit: number): Promise<SecretRecord[]>;
  put(secret: SecretRecord): Promise<void>;
  delete(name: string): Promise<boolean>;
  /** Replaces all sealed texts by what `reseal` makes of them, in one transaction. Answers how many. */
  resealAll(reseal: (secret: SecretRecord) => string): Promise<number>;
}
