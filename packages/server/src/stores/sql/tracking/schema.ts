import type { Generated } from 'kysely';

/** Tables of MLflow's side. A run launched by Trainyard has one row in `runs` and one in `tracking_runs`, with the same id. */
export interface TrackingSchema {
  experiments: ExperimentTable;
  tracking_runs: TrackingRunTable;
}

export interface ExperimentTable {
  id: Generated<number>;
  name: string;
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
  start_time: number | null;
  end_time: number | null;
  lifecycle_stage: string;
  deleted_time: number | null;
  artifact_uri: string;
  /** 1 = launched by Trainyard, which then decides its status. */
  managed: number;
}
