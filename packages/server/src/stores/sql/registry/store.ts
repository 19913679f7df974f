import type { RegistryStore } from '../../registry.ts';
import type { Database } from '../database.ts';
import { Outbox, type OutboxOptions } from '../webhooks/outbox.ts';
import { SqlRegisteredModelStore } from './models.ts';
import { SqlModelVersionStore } from './versions.ts';

/** Registered models and their versions on one database; what happens to them is put down for webhooks. */
export function openRegistryStore(database: Database, options: OutboxOptions = { now: Date.now, recorded: () => undefined }): RegistryStore {
  const outbox = new Outbox(database, options);
  return { models: new SqlRegisteredModelStore(database, outbox), versions: new SqlModelVersionStore(database, outbox) };
}
