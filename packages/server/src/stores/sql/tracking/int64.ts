import { type Int64, parseInt64 } from '@trainyard/core/tracking/int64.ts';
import { type RawBuilder, sql } from 'kysely';

/** Selects an int64 as text: neither driver reads one beyond 2^53 exactly. */
export function int64Text(column: string): RawBuilder<string> {
  return sql<string>`cast(${sql.ref(column)} as text)`;
}

export function readInt64(text: string): Int64 {
  const value = parseInt64(text);
  if (value === undefined) throw new Error(`the database holds '${text}' where an int64 belongs`);
  return value;
}

export function readInt64OrNull(text: string | null): Int64 | null {
  return text === null ? null : readInt64(text);
}
