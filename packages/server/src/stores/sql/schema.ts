import type { Generated } from 'kysely';
import type { TrackingSchema } from './tracking/schema.ts';
import type { WebhookSchema } from './webhooks/schema.ts';

/** Tables of the control side. Times are milliseconds since 1970, JSON is text, flags are 0 or 1: the same on both databases. */
export interface Schema extends TrackingSchema, WebhookSchema {
  trainings: TrainingTable;
  runs: RunTable;
  attempts: AttemptTable;
  steps: StepTable;
  events: EventTable;
  tokens: TokenTable;
  secrets: SecretTable;
  engine_attempts: EngineAttemptTable;
  audit: AuditTable;
  connections: ConnectionTable;
  toolchain_integrations: ToolchainIntegrationTable;
}

export interface ConnectionTable {
  id: string;
  project: string;
  type: string;
  /** JSON ConnectionSpec, secrets masked. */
  spec: string;
  /** The secrets, sealed. */
  sealed: string | null;
  created_at: number;
  updated_at: number;
}

export interface ToolchainIntegrationTable {
  id: string;
  project: string;
  /** JSON ToolchainIntegrationSpec. */
  spec: string;
  created_at: number;
  updated_at: number;
}

export interface EngineAttemptTable {
  engine: string;
  key: string;
  /** JSON of the engine. */
  record: string;
  revision: number;
  log: Uint8Array | null;
}

export interface TrainingTable {
  id: string;
  project: string;
  model_name: string;
  model_version: string;
  toolchain: string;
  spec: string;
  created_at: number;
  updated_at: number;
  latest_run: string | null;
  run_count: number;
}

export interface RunTable {
  /** Counts up over all runs; also the order of age. */
  number: Generated<number>;
  id: string;
  training_id: string;
  project: string;
  engine: string;
  /** `project/engine`: what limits apply to, and the first column of the queue's index. */
  lane: string;
  spec: string;
  experiment_id: string;
  state: string;
  priority: number;
  /** 1 = may be claimed now; 0 = waits for `next_attempt_at`. */
  ready: number;
  queued_at: number;
  next_attempt_at: number | null;
  started_at: number | null;
  ended_at: number | null;
  /** Number of the current or last attempt. */
  attempt: number;
  attempt_started_at: number | null;
  submitted: number;
  step: string | null;
  step_started_at: number | null;
  cancel_requested_at: number | null;
  /** JSON StopFacts. */
  stop: string | null;
  missing_since: number | null;
  /** JSON Outcome: the runner's last word, until it is concluded from. */
  outcome: string | null;
  /** JSON Failure of the last attempt that ended badly. */
  failure: string | null;
  /** JSON Facts. */
  facts: string;
  /** JSON array of strings. */
  warnings: string;
  look_at: number | null;
  lease: string | null;
  lease_until: number | null;
}

export interface AttemptTable {
  run_id: string;
  number: number;
  engine: string;
  state: string;
  started_at: number;
  ended_at: number | null;
  step: string | null;
  failure: string | null;
  last_seq: number;
}

export interface StepTable {
  run_id: string;
  attempt: number;
  name: string;
  state: string;
  started_at: number;
  ended_at: number | null;
  message: string | null;
  exit_code: number | null;
}

export interface EventTable {
  id: Generated<number>;
  run_id: string;
  at: number;
  kind: string;
  data: string;
}

export interface TokenTable {
  id: string;
  name: string;
  hash: string;
  /** JSON Grant[]. */
  roles: string;
  created_at: number;
  last_used_at: number | null;
}

export interface AuditTable {
  id: Generated<number>;
  at: number;
  who_name: string;
  who_id: string;
  action: string;
  resource: string | null;
  project: string | null;
  outcome: string;
  request_id: string;
  address: string;
}

export interface SecretTable {
  name: string;
  sealed: string;
  updated_at: number;
}
