/** One attempt as an engine noted it. */
export interface BookEntry {
  readonly key: string;
  /** JSON, the engine's own. */
  readonly record: string;
  /** Counts up with every save. */
  readonly revision: number;
}

/**
 * Where an engine that starts nothing on this machine keeps what it must know after a crash, shared by all servers of one
 * database. Laws, tested by attempt-book.contract.ts:
 *  1. What `add` and `save` answered is on disk.
 *  2. `add` writes nothing over an entry that is there; the first one wins.
 *  3. `save` and `remove` with a revision that is not the last one change nothing.
 */
export interface AttemptBook {
  list(): Promise<readonly BookEntry[]>;
  find(key: string): Promise<BookEntry | undefined>;
  /** False when the key has an entry already. */
  add(key: string, record: string): Promise<boolean>;
  /** `log` replaces the one that was kept before. Answers the new revision; undefined when somebody else wrote in between. */
  save(entry: BookEntry, log?: Uint8Array): Promise<number | undefined>;
  /** Empty when none was kept. */
  log(key: string): Promise<Uint8Array>;
  remove(key: string): Promise<void>;
}
