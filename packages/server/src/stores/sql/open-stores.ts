import type { Stores } from '../stores.ts';
import { SqlAuditStore } from './people/audit.ts';
import { SqlConnectionStore } from './connections/connections.ts';
import type { Database } from './database.ts';
import { SqlQueueStore } from './trainings/queue.ts';
import { SqlRunStore } from './trainings/runs.ts';
import { SqlSecretStore } from './secrets.ts';
import { SqlTokenStore } from './people/tokens.ts';
import { SqlToolchainIntegrationStore } from './connections/toolchain-integrations.ts';
import { SqlTrainingStore } from './trainings/trainings.ts';

export function openStores(database: Database, now: () => number): Stores {
  return {
    trainings: new SqlTrainingStore(database, now),
    runs: new SqlRunStore(database, now),
    queue: new SqlQueueStore(database),
    tokens: new SqlTokenStore(database),
    audit: new SqlAuditStore(database),
    secrets: new SqlSecretStore(database),
    connections: new SqlConnectionStore(database, now),
    toolchains: new SqlToolchainIntegrationStore(database, now),
  };
}
