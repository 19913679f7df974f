import { type Kysely, sql } from 'kysely';
import { autoId } from './auto-id.ts';
import { clustered } from './clustered.ts';

/** Webhooks on registry events, and the deliveries that have to go out. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('webhooks')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('description', 'text')
    .addColumn('url', 'text', (c) => c.notNull())
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('secret', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addColumn('wait_until', 'bigint', (c) => c.notNull())
    .addColumn('absences', 'integer', (c) => c.notNull())
    .addColumn('lease', 'text')
    .addColumn('lease_until', 'bigint')
    .execute();
  await clustered(db, db.schema.createTable('webhook_events'))
    .addColumn('event', 'text', (c) => c.notNull())
    .addColumn('webhook_id', 'text', (c) => c.notNull())
    // what every change of the registry asks: who wants to know
    .addPrimaryKeyConstraint('webhook_events_key', ['event', 'webhook_id'])
    .execute();
  await createDeliveries(db);
}

async function createDeliveries(db: Kysely<unknown>): Promise<void> {
  await autoId(db, db.schema.createTable('webhook_deliveries'), 'number')
    .addColumn('delivery_id', 'text', (c) => c.notNull())
    .addColumn('webhook_id', 'text', (c) => c.notNull())
    .addColumn('event', 'text', (c) => c.notNull())
    .addColumn('data', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('attempts', 'integer', (c) => c.notNull())
    .addColumn('due_at', 'bigint', (c) => c.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('last_error', 'text')
    .execute();
  // partial: their size is that of what has to go out, whatever went out before
  await sql`create index webhook_deliveries_next on webhook_deliveries (webhook_id, number) where state = 'pending'`.execute(db);
  await sql`create index webhook_deliveries_due on webhook_deliveries (webhook_id, due_at) where state = 'pending'`.execute(db);
  await sql`create index webhook_deliveries_over on webhook_deliveries (ended_at) where state <> 'pending'`.execute(db);
  await db.schema.createIndex('webhook_deliveries_by_webhook').on('webhook_deliveries').columns(['webhook_id', 'number']).execute();
}
