import type { Pair } from '@trainyard/core/tracking/batch.ts';
import { type Row, text } from './sql-reader.ts';

/** Rows of names and values, by whose they are. */
export function pairsBy(rows: readonly Row[], columns: { readonly owner: readonly string[]; readonly key: string; readonly value: string }): ReadonlyMap<string, readonly Pair[]> {
  const pairs = new Map<string, Pair[]>();
  for (const row of rows) {
    const owner = ownerKey(columns.owner.map((column) => text(row, column)));
    const list = pairs.get(owner);
    const pair = { key: text(row, columns.key), value: text(row, columns.value) };
    if (list === undefined) pairs.set(owner, [pair]);
    else list.push(pair);
  }
  return pairs;
}

export function ownerKey(parts: readonly (string | number)[]): string {
  return parts.join('\n');
}
