import type { Pair } from '@trainyard/core/tracking/batch.ts';
import { type Insertable, type Kysely, sql } from 'kysely';
import type { Trx } from '../database.ts';
import { inParts, insertRows } from '../insert-rows.ts';
import type { Schema } from '../schema.ts';

/** The tables of names and values, each with the columns that say whose they are. */
const OWNERS = {
  experiment_tags: ['experiment_id'],
  run_tags: ['run_id'],
  params: ['run_id'],
  run_dataset_tags: ['run_id', 'dataset_id'],
  logged_model_tags: ['model_id'],
  logged_model_params: ['model_id'],
  registered_model_tags: ['registered_model_id'],
  model_version_tags: ['registered_model_id', 'version'],
} as const;

export type PairsTable = keyof typeof OWNERS;

export interface OwnedPair<Owner> extends Pair {
  readonly owner: Owner;
}

type OwnerOf<T extends PairsTable> = Omit<Insertable<Schema[T]>, 'key' | 'value'>;

/** Writes pairs; of the same name the last one stays, whether it was there or comes twice. */
export async function putPairs<T extends PairsTable>(trx: Trx, table: T, pairs: readonly OwnedPair<OwnerOf<T>>[]): Promise<void> {
  const last = new Map(pairs.map(({ owner, key, value }) => [JSON.stringify([...Object.values(owner), key]), { ...owner, key, value }]));
  const columns = [...OWNERS[table], 'key'] as never[];
  // the builder cannot follow a table that is only known by its type; the rows above have its columns
  const rows = [...last.values()] as unknown as Insertable<Schema[T]>[];
  await insertRows(trx, { table, more: (insert) => insert.onConflict((conflict) => conflict.columns(columns).doUpdateSet((eb) => ({ value: eb.ref('excluded.value' as never) }) as never)) }, rows);
}

/** The pairs of each owner, in order of their keys. */
export async function pairsOf<Id extends string | number>(db: Kysely<Schema>, table: PairsTable, owners: readonly Id[]): Promise<ReadonlyMap<Id, readonly Pair[]>> {
  const pairs = new Map<Id, Pair[]>(owners.map((id) => [id, []]));
  for (const ids of inParts([...pairs.keys()])) {
    const column = sql.ref(OWNERS[table][0]);
    const { rows } = await sql<{ owner: Id; key: string; value: string }>`select ${column} as owner, key, value from ${sql.table(table)} where ${column} in (${sql.join(ids)})`.execute(db);
    for (const { owner, key, value } of rows) pairs.get(owner)?.push({ key, value });
  }
  for (const list of pairs.values()) list.sort(byKey);
  return pairs;
}

/** By code unit, the same on every database. */
export function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  return a.key < b.key ? -1 : Number(a.key > b.key);
}
