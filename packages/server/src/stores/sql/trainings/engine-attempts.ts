import type { AttemptBook, BookEntry } from '../../../engines/attempt-book.ts';
import type { Database } from '../database.ts';

/** The book of one engine. */
export class SqlAttemptBook implements AttemptBook {
  readonly #database: Database;
  readonly #engine: string;

  constructor(database: Database, engine: string) {
    this.#database = database;
    this.#engine = engine;
  }

  list(): Promise<readonly BookEntry[]> {
    return this.#database.read.selectFrom('engine_attempts').select(['key', 'record', 'revision']).where('engine', '=', this.#engine).orderBy('key').execute();
  }

  find(key: string): Promise<BookEntry | undefined> {
    return this.#database.read.selectFrom('engine_attempts').select(['key', 'record', 'revision']).where('engine', '=', this.#engine).where('key', '=', key).executeTakeFirst();
  }

  async add(key: string, record: string): Promise<boolean> {
    const entry = { engine: this.#engine, key, record, revision: 1, log: null };
    const result = await this.#database.write((trx) => trx.insertInto('engine_attempts').values(entry).onConflict((conflict) => conflict.columns(['engine', 'key']).doNothing()).executeTakeFirst());
    return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
  }

  async save({ key, record, revision }: BookEntry, log?: Uint8Array): Promise<number | undefined> {
    const columns = { record, revision: revision + 1, ...(log === undefined ? {} : { log }) };
    const result = await this.#database.write((trx) => trx.updateTable('engine_attempts').set(columns).where('engine', '=', this.#engine).where('key', '=', key).where('revision', '=', revision).executeTakeFirst());
    return result.numUpdatedRows > 0n ? revision + 1 : undefined;
  }

  async log(key: string): Promise<Uint8Array> {
    const row = await this.#database.read.selectFrom('engine_attempts').select('log').where('engine', '=', this.#engine).where('key', '=', key).executeTakeFirst();
    return row?.log ?? new Uint8Array();
  }

  async remove(key: string): Promise<void> {
    await this.#database.write((trx) => trx.deleteFrom('engine_attempts').where('engine', '=', this.#engine).where('key', '=', key).execute());
  }
}
