import { Turns } from '../../../platform/turns.ts';
import type { AttemptBook, BookEntry } from '../../attempt-book.ts';
import type { AttemptRecord } from './attempt-record.ts';

interface Held {
  readonly record: AttemptRecord;
  readonly revision: number;
}

export type Change = (record: AttemptRecord) => AttemptRecord;

export interface AttemptsParts {
  readonly book: AttemptBook;
  /** Whether this server can do anything about it. Others stay in the book, and nothing here goes on with them. */
  readonly isOurs: (record: AttemptRecord) => boolean;
  /** Told of every record of ours that was kept, and of those that another server kept, once they are met. */
  readonly changed: (record: AttemptRecord) => void;
}

/**
 * The attempts of the engine: those that go on in memory for every look, all of them in the book for the next server. A change
 * is kept before it counts, and changes of one attempt happen one after the other.
 */
export class Attempts {
  readonly #parts: AttemptsParts;
  readonly #book: AttemptBook;
  readonly #held = new Map<string, Held>();
  readonly #turns = new Turns();

  constructor(parts: AttemptsParts) {
    this.#parts = parts;
    this.#book = parts.book;
  }

  /** Takes over what the book has; answers its keys. */
  async load(): Promise<string[]> {
    const entries = await this.#book.list();
    for (const entry of entries) this.#meet(toHeld(entry));
    return entries.map(({ key }) => key);
  }

  /** Those of ours that go on. */
  active(): AttemptRecord[] {
    return [...this.#held.values()].map(({ record }) => record);
  }

  /** As this server knows it; undefined once it has ended, and of one that is not ours. */
  get(key: string): AttemptRecord | undefined {
    return this.#held.get(key)?.record;
  }

  /** Also one that has ended, that another server took on, or that is not ours. */
  async find(key: string): Promise<AttemptRecord | undefined> {
    return this.get(key) ?? (await this.#read(key))?.record;
  }

  /** Keeps a new attempt, or answers the one that is there. */
  async add(record: AttemptRecord): Promise<AttemptRecord> {
    const { key } = record;
    return this.#turns.take(key, async () => {
      const there = await this.find(key);
      if (there !== undefined) return there;
      if (!(await this.#book.add(key, JSON.stringify(record)))) return (await this.find(key)) ?? record;
      this.#hold({ record, revision: 1 });
      this.#changed(record);
      return record;
    });
  }

  /**
   * Changes an attempt; `change` sees the latest record, which another server may have written, and may be called again then.
   * Undefined when there is no such attempt (any more).
   */
  async change(key: string, change: Change, log?: Uint8Array): Promise<AttemptRecord | undefined> {
    return this.#turns.take(key, async () => {
      for (let held = this.#held.get(key) ?? (await this.#read(key)); held !== undefined; held = await this.#read(key)) {
        const record = change(held.record);
        if (record === held.record && log === undefined) return record;
        const revision = await this.#book.save({ key, record: JSON.stringify(record), revision: held.revision }, log);
        if (revision !== undefined) {
          this.#hold({ record, revision });
          this.#changed(record);
          return record;
        }
      }
      return undefined;
    });
  }

  async forget(key: string): Promise<void> {
    await this.#turns.take(key, async () => {
      await this.#book.remove(key);
      this.#held.delete(key);
    });
  }

  log(key: string): Promise<Uint8Array> {
    return this.#book.log(key);
  }

  async #read(key: string): Promise<Held | undefined> {
    const entry = await this.#book.find(key);
    if (entry !== undefined) return this.#meet(toHeld(entry));
    this.#held.delete(key);
    return undefined;
  }

  /** What another server wrote is news: it may have died over it, then this one goes on. */
  #meet(held: Held): Held {
    const known = this.#held.get(held.record.key);
    if (known?.revision === held.revision) return known;
    this.#hold(held);
    if (held.record.phase !== 'ended') this.#changed(held.record);
    return held;
  }

  #changed(record: AttemptRecord): void {
    const { isOurs, changed } = this.#parts;
    if (isOurs(record)) changed(record);
  }

  /** What has ended is asked for once or twice more, and may be large. */
  #hold(held: Held): Held {
    const { key, phase } = held.record;
    if (phase === 'ended' || !this.#parts.isOurs(held.record)) this.#held.delete(key);
    else this.#held.set(key, held);
    return held;
  }
}

function toHeld({ record, revision }: BookEntry): Held {
  // nothing but Attempts writes the book, from records
  return { record: JSON.parse(record) as AttemptRecord, revision };
}
