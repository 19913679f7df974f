import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';

/** A connection as it is stored. Times are milliseconds since 1970. */
export interface ConnectionRecord {
  readonly id: string;
  /** With `*****` in place of every secret: this store never sees one. */
  readonly spec: ConnectionSpec;
  /** The sealed secrets; null when there are none. */
  readonly sealed: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type ConnectionContent = Pick<ConnectionRecord, 'spec' | 'sealed'>;

/** A part of a list that is sorted by id: from a place on, or behind an id. */
export interface Stretch {
  readonly after?: string | undefined;
  readonly offset?: number | undefined;
  /** All when absent. */
  readonly limit?: number | undefined;
}

export interface ConnectionFilter extends Stretch {
  /** Any of them; absent or empty: all. */
  readonly types?: readonly string[] | undefined;
}

export interface ConnectionStore {
  /** Those of the ids that are there, in no order. */
  find(ids: readonly string[]): Promise<ConnectionRecord[]>;
  /** By id. */
  list(filter: ConnectionFilter): Promise<ConnectionRecord[]>;
  /** Throws CONNECTION_EXISTS. */
  create(connection: Pick<ConnectionRecord, 'id'> & ConnectionContent): Promise<ConnectionRecord>;
  /**
   * Replaces what is there by what `change` makes of it, in one transaction; `updatedAt` is later than before, also within a
   * millisecond. Throws CONNECTION_NOT_FOUND, and what `change` throws.
   */
  edit(id: string, change: (before: ConnectionRecord) => ConnectionContent): Promise<ConnectionRecord>;
  /** Trusts host keys, unless some are trusted already or the place has changed meanwhile. No edit: `updatedAt` stays. */
  pin(id: string, found: { readonly uri: string; readonly publicKey: string }): Promise<void>;
  /** Throws CONNECTION_NOT_FOUND, CONNECTION_VITAL. */
  delete(id: string): Promise<void>;
  /** Replaces all sealed texts by what `reseal` makes of them, in one transaction. Answers how many. */
  resealAll(reseal: (connection: { readonly id: string; readonly sealed: string }) => string): Promise<number>;
}
