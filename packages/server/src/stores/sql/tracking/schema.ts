import type { Generated } from 'kysely';

/**
 * Tables of MLflow's side. A run launched by Trainyard has one row in `runs` and one in `tracking_runs`, with the same id.
 * An int64 of MLflow may be larger than a number holds exactly: written as bigint then, read as text (see `int64.ts`).
 */
export interface TrackingSchema {
  experiments: ExperimentTable;
  experiment_tags: PairTable & { experiment_id: number };
  tracking_runs: TrackingRunTable;
  run_tags: PairTable & { run_id: string };
  params: PairTable & { run_id: string };
  metric_series: MetricSeriesTable;
  metric_batches: MetricBatchTable;
  metric_chunks: MetricChunkTable;
  datasets: DatasetTable;
  run_datasets: { run_id: string; dataset_id: number };
  run_dataset_tags: PairTable & { run_id: string; dataset_id: number };
  run_models: RunModelTable;
  logged_models: LoggedModelTable;
  logged_model_params: PairTable & { model_id: string };
  logged_model_tags: PairTable & { model_id: string };
  logged_model_metrics: LoggedModelMetricTable;
  registered_models: RegisteredModelTable;
  registered_model_tags: PairTable & { registered_model_id: number };
  registered_model_aliases: { registered_model_id: number; alias: string; version: number };
  model_versions: ModelVersionTable;
  model_version_tags: PairTable & { registered_model_id: number; version: number };
}

export interface PairTable {
  key: string;
  value: string;
}

export interface ExperimentTable {
  id: Generated<number>;
  name: string;
  /** Never changes. */
  project: Generated<string>;
  artifact_location: string;
  lifecycle_stage: string;
  creation_time: number;
  last_update_time: number;
}

export interface TrackingRunTable {
  id: string;
  experiment_id: number;
  name: string;
  user_id: string;
  status: string;
  start_time: number | bigint;
  end_time: number | bigint | null;
  lifecycle_stage: string;
  deleted_time: number | null;
  artifact_uri: string;
  /** 1 = launched by Trainyard, which then decides its status. */
  managed: number;
  /** The terminal status a client claimed for a managed run, and when it ended by its words. */
  client_status: string | null;
  client_end_time: number | bigint | null;
  /** The run whose token created this one, which may then write to it. */
  creator_run: string | null;
  /** 1 = it was FAILED because its client was silent: the next write takes that back. */
  lost: Generated<number>;
  /** When it was created or last written to, by the server's clock. */
  last_seen: number;
  /** How many rows it has in `metric_batches`. */
  loose_batches: Generated<number>;
  /** The last of its batches whose points `metric_series` knows. */
  settled_batch: Generated<number>;
  /** 1 = there are batches after that one. */
  latest_behind: Generated<number>;
}

/** A series is one metric of one run; step, timestamp, value and is_nan are those of its latest point. */
export interface MetricSeriesTable extends PointColumns {
  id: Generated<number>;
  run_id: string;
  /** The run's. */
  experiment_id: number;
  key: string;
}

/** What one call logged, as it came: see PackedMetrics. */
export interface MetricBatchTable {
  id: Generated<number>;
  run_id: string;
  names: string;
  bytes: Uint8Array;
}

/** Points of one series in order of its history, each once; those of another chunk may lie between them. */
export interface MetricChunkTable {
  id: Generated<number>;
  series_id: number;
  /** 1 = never written again; 0 = becomes one with others. */
  is_full: number;
  points: number;
  /** See ChunkSummary. */
  summary: string;
  bytes: Uint8Array;
}

/** NaN is stored as value 0 with is_nan 1: SQLite would make it null. */
export interface PointColumns {
  step: number | bigint;
  timestamp: number | bigint;
  value: number;
  is_nan: number;
}

export interface DatasetTable {
  id: Generated<number>;
  experiment_id: number;
  name: string;
  digest: string;
  source_type: string;
  source: string;
  schema: string | null;
  profile: string | null;
}

export interface RunModelTable {
  run_id: string;
  /** `input` or `output`. */
  direction: string;
  model_id: string;
  step: number | bigint;
}

export interface LoggedModelTable {
  id: string;
  experiment_id: number;
  name: string;
  model_type: string | null;
  source_run_id: string | null;
  status: string;
  status_message: string | null;
  artifact_uri: string;
  creation_time: number;
  last_update_time: number;
  lifecycle_stage: string;
}

export interface LoggedModelMetricTable extends PointColumns {
  model_id: string;
  key: string;
  run_id: string;
  dataset_name: string | null;
  dataset_digest: string | null;
}

export interface RegisteredModelTable {
  id: Generated<number>;
  name: string;
  /** Never changes. */
  project: Generated<string>;
  description: string | null;
  creation_time: number;
  last_update_time: number;
  last_version: number;
}

export interface ModelVersionTable {
  registered_model_id: number;
  version: number;
  creation_time: number;
  last_update_time: number;
  description: string | null;
  user_id: string | null;
  stage: string;
  source: string;
  storage_location: string;
  run_id: string | null;
  run_link: string | null;
  model_id: string | null;
}
