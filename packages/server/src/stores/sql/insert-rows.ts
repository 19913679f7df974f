import type { Insertable, InsertQueryBuilder, InsertResult } from 'kysely';
import type { Trx } from './database.ts';
import type { Schema } from './schema.ts';

/** SQLite takes 32,766 values in one statement, PostgreSQL 65,535. */
const MAX_VALUES = 30_000;

type Insert<T extends keyof Schema> = InsertQueryBuilder<Schema, T, InsertResult>;

/** Inserts rows of the same columns with as few statements as the databases allow; `more` adds what to do on a conflict. */
export async function insertRows<T extends keyof Schema>(trx: Trx, into: { readonly table: T; readonly more?: (insert: Insert<T>) => Insert<T> }, rows: readonly Insertable<Schema[T]>[]): Promise<void> {
  for (const part of inParts(rows, Object.keys(rows[0] ?? {}).length)) {
    const insert = trx.insertInto(into.table).values(part) as unknown as Insert<T>;
    await (into.more?.(insert) ?? insert).execute();
  }
}

/** Cuts a list so that each part, with `valuesEach` bound values per entry, fits into one statement. */
export function* inParts<T>(list: readonly T[], valuesEach = 1): Generator<T[]> {
  const size = Math.floor(MAX_VALUES / Math.max(1, valuesEach));
  for (let from = 0; from < list.length; from += size) yield list.slice(from, from + size);
}
