import type { AuditStore } from './audit.ts';
import type { ConnectionStore } from './connections.ts';
import type { QueueStore, RunStore } from './runs.ts';
import type { SecretStore } from './secrets.ts';
import type { TokenStore } from './tokens.ts';
import type { ToolchainIntegrationStore } from './toolchain-integrations.ts';
import type { TrainingStore } from './trainings.ts';

/** The control stores, all on one database. Their laws: store.contract.ts. */
export interface Stores {
  readonly trainings: TrainingStore;
  readonly runs: RunStore;
  readonly queue: QueueStore;
  readonly tokens: TokenStore;
  readonly audit: AuditStore;
  readonly secrets: SecretStore;
  readonly connections: ConnectionStore;
  readonly toolchains: ToolchainIntegrationStore;
}
