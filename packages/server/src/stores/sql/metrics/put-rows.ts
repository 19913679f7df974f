import { CompiledQuery } from 'kysely';
import type { Database, Trx } from '../database.ts';

type Kind = Database['kind'];

/** Where many rows go. */
export interface Target {
  readonly table: string;
  /** Names with their PostgreSQL types, in the order of a row's values. */
  readonly columns: Readonly<Record<string, 'text' | 'bigint' | 'integer' | 'double precision' | 'bytea'>>;
  /** `on conflict …`. */
  readonly otherwise?: string;
}

/** SQLite statements come in these sizes, so that their texts are the same again and stay prepared. */
const SIZES = [128, 16, 1];

/**
 * Inserts thousands of rows in the way that is fastest on each database: one array per column on PostgreSQL, which has little to
 * parse then; prepared statements of fixed sizes on SQLite.
 */
export async function putRows(kind: Kind, trx: Trx, target: Target, rows: readonly (readonly unknown[])[]): Promise<void> {
  if (rows.length === 0) return;
  if (kind === 'postgresql') {
    const columns = Object.keys(target.columns).map((_, index) => rows.map((row) => row[index]));
    await trx.executeQuery(CompiledQuery.raw(arraysText(target), columns));
    return;
  }
  let at = 0;
  for (const size of SIZES) {
    const text = valuesText(target, size);
    for (; at + size <= rows.length; at += size) await trx.executeQuery(CompiledQuery.raw(text, rows.slice(at, at + size).flat()));
  }
}

function arraysText({ table, columns, otherwise = '' }: Target): string {
  const arrays = Object.values(columns).map((type, index) => `$${index + 1}::${type}[]`);
  return `insert into ${table} (${Object.keys(columns).join(', ')}) select * from unnest(${arrays.join(', ')}) ${otherwise}`;
}

function valuesText({ table, columns, otherwise = '' }: Target, size: number): string {
  const names = Object.keys(columns);
  const row = `(${names.map(() => '?').join(', ')})`;
  return `insert into ${table} (${names.join(', ')}) values ${Array.from({ length: size }, () => row).join(', ')} ${otherwise}`;
}
