import type { QueueStore, RunStore } from './runs.ts';
import type { SecretStore } from './secrets.ts';
import type { TokenStore } from './tokens.ts';
import type { TrainingStore } from './trainings.ts';

/** The control stores, all on one database. Their laws: store.contract.ts. */
export interface Stores {
  readonly trainings: TrainingStore;
  readonly runs: RunStore;
  readonly queue: QueueStore;
  readonly tokens: TokenStore;
  readonly secrets: SecretStore;
}
