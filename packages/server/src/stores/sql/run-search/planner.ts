import { type Kysely, sql } from 'kysely';
import type { Database } from '../database.ts';
import type { Schema } from '../schema.ts';

/**
 * PostgreSQL chooses by statistics, which a table has a minute or more after it was filled, and which say little about conditions
 * on values. The statements of a search read a few thousand index entries at most, so with these they have one good plan left, and
 * a wrong guess costs nothing. Compiling takes longer than any of them runs.
 */
const ALONG_INDEXES = { enable_seqscan: 'off', enable_bitmapscan: 'off', enable_hashjoin: 'off', enable_mergejoin: 'off', jit: 'off' };

/** Looking at all runs at once is what the planner is good at. */
const FREELY = { enable_seqscan: 'on', enable_bitmapscan: 'on', enable_hashjoin: 'on', enable_mergejoin: 'on' };

/** Runs statements that read along indexes; on PostgreSQL all of one moment. */
export function alongIndexes<T>(database: Database, work: (read: Kysely<Schema>) => Promise<T>): Promise<T> {
  if (database.kind === 'sqlite') return work(database.read);
  return database.read
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (trx) => {
      await set(trx, ALONG_INDEXES);
      return work(trx);
    });
}

/** Lets one statement among them be planned freely. */
export async function freely<T>({ kind, read }: { readonly kind: Database['kind']; readonly read: Kysely<Schema> }, work: () => Promise<T>): Promise<T> {
  if (kind === 'sqlite') return work();
  await set(read, FREELY);
  const result = await work();
  await set(read, ALONG_INDEXES);
  return result;
}

async function set(read: Kysely<Schema>, settings: Readonly<Record<string, string>>): Promise<void> {
  await sql`select ${sql.join(Object.entries(settings).map(([name, value]) => sql`set_config(${name}, ${value}, true)`))}`.execute(read);
}
