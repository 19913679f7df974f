import type { Stores } from '../stores.ts';
import type { Database } from './database.ts';
import { SqlQueueStore } from './trainings/queue.ts';
import { SqlRunStore } from './trainings/runs.ts';
import { SqlSecretStore } from './secrets.ts';
import { SqlTokenStore } from './tokens.ts';
import { SqlTrainingStore } from './trainings/trainings.ts';

export function openStores(database: Database, now: () => number): Stores {
  return {
    trainings: new SqlTrainingStore(database, now),
    runs: new SqlRunStore(database, now),
    queue: new SqlQueueStore(database),
    tokens: new SqlTokenStore(database),
    secrets: new SqlSecretStore(database),
  };
}
