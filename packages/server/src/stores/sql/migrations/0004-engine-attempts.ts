import type { Kysely } from 'kysely';
import { blob } from './blob.ts';

/** What engines without a disk of their own note about their attempts. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('engine_attempts')
    .addColumn('engine', 'text', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('record', 'text', (c) => c.notNull())
    .addColumn('revision', 'integer', (c) => c.notNull())
    // last: rows are read without it, and it may be large
    .addColumn('log', blob(db))
    .addPrimaryKeyConstraint('engine_attempts_key', ['engine', 'key'])
    .execute();
}
