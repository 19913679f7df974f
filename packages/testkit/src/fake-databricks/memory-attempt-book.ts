import type { AttemptBook, BookEntry } from '@trainyard/server/engines/attempt-book.ts';

/** A book that lives as long as the test; several engines may share one. */
export class MemoryAttemptBook implements AttemptBook {
  readonly #entries = new Map<string, BookEntry>();
  readonly #logs = new Map<string, Uint8Array>();

  list(): Promise<readonly BookEntry[]> {
    return Promise.resolve([...this.#entries.values()]);
  }

  find(key: string): Promise<BookEntry | undefined> {
    return Promise.resolve(this.#entries.get(key));
  }

  add(key: string, record: string): Promise<boolean> {
    if (this.#entries.has(key)) return Promise.resolve(false);
    this.#entries.set(key, { key, record, revision: 1 });
    return Promise.resolve(true);
  }

  save({ key, record, revision }: BookEntry, log?: Uint8Array): Promise<number | undefined> {
    if (this.#entries.get(key)?.revision !== revision) return Promise.resolve(undefined);
    this.#entries.set(key, { key, record, revision: revision + 1 });
    if (log !== undefined) this.#logs.set(key, log);
    return Promise.resolve(revision + 1);
  }

  log(key: string): Promise<Uint8Array> {
    return Promise.resolve(this.#logs.get(key) ?? new Uint8Array());
  }

  remove(key: string): Promise<void> {
    this.#entries.delete(key);
    this.#logs.delete(key);
    return Promise.resolve();
  }
}
