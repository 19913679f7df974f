import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { webhookStoreContract } from '../../webhooks.contract.ts';
import { type Database, openDatabase } from '../database.ts';
import { openRegistryStore } from '../registry/store.ts';
import { SqlDeliveryQueue } from './delivery-queue.ts';
import { SqlWebhookStore } from './webhooks.ts';

const opened: { database: Database; dir: string }[] = [];
afterEach(async () => {
  for (const { database, dir } of opened.splice(0)) {
    await database.close();
    rmSync(dir, { recursive: true });
  }
});

webhookStoreContract('SQLite', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'trainyard-webhooks-'));
  const database = await openDatabase(`sqlite://${dir}/trainyard.db`);
  opened.push({ database, dir });
  return { webhooks: new SqlWebhookStore(database), queue: new SqlDeliveryQueue(database), registry: (recorded) => openRegistryStore(database, { now: () => 100, recorded }), orphan: (id) => database.read.deleteFrom('webhooks').where('id', '=', id).execute() };
});
