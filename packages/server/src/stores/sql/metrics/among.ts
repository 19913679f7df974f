import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Database } from '../database.ts';

/** `column in (…)` for any number of values, always with the same text, so that the statement stays prepared. */
export function among(kind: Database['kind'], column: string, values: readonly string[] | readonly number[]): RawBuilder<SqlBool> {
  if (kind === 'sqlite') return sql<SqlBool>`${sql.ref(column)} in (select value from json_each(${JSON.stringify(values)}))`;
  const type = sql.raw(typeof values[0] === 'number' ? 'bigint[]' : 'text[]');
  return sql<SqlBool>`${sql.ref(column)} = any(${values}::${type})`;
}
