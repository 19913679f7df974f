import type { RegistryStore } from '../../registry.ts';
import type { Database } from '../database.ts';
import { SqlRegisteredModelStore } from './models.ts';
import { SqlModelVersionStore } from './versions.ts';

/** Registered models and their versions on one database. */
export function openRegistryStore(database: Database): RegistryStore {
  return { models: new SqlRegisteredModelStore(database), versions: new SqlModelVersionStore(database) };
}
