import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { afterEach, inject } from 'vitest';
import { webhookStoreContract } from '../../webhooks.contract.ts';
import { type Database, openDatabase } from '../database.ts';
import { openRegistryStore } from '../registry/store.ts';
import { SqlDeliveryQueue } from './delivery-queue.ts';
import { SqlWebhookStore } from './webhooks.ts';

const opened: Database[] = [];
afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});

webhookStoreContract('PostgreSQL', async () => {
  const database = await openDatabase(await freshDatabase(inject('postgresUrl')));
  opened.push(database);
  return { webhooks: new SqlWebhookStore(database), queue: new SqlDeliveryQueue(database), registry: (recorded) => openRegistryStore(database, { now: () => 100, recorded }), orphan: (id) => database.read.deleteFrom('webhooks').where('id', '=', id).execute() };
});

/** A database of its own for each case: what one leaves must not help another. */
async function freshDatabase(url: string): Promise<string> {
  const name = `t_${randomBytes(8).toString('hex')}`;
  const server = await openDatabase(url);
  await sql`create database ${sql.id(name)}`.execute(server.read);
  await server.close();
  const fresh = new URL(url);
  fresh.pathname = `/${name}`;
  return fresh.href;
}
