import type { Projects } from '@trainyard/core/access/reach.ts';
import type { TrainingSpec } from '@trainyard/core/training/spec.ts';
import type { NewRun, RunRecord } from './runs.ts';

export interface TrainingRecord {
  readonly id: string;
  readonly spec: TrainingSpec;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly runCount: number;
  readonly latestRun: RunRecord | undefined;
}

export interface TrainingFilter {
  /** All when absent. */
  readonly projects?: Projects | undefined;
  readonly modelName?: string | undefined;
  readonly toolchain?: string | undefined;
  /** Only trainings behind this one in the order of the list (latest change first). */
  readonly after?: { readonly updatedAt: number; readonly id: string } | undefined;
  readonly limit: number;
}

/** A list sorted by id, from a place on. Each field takes any of several values; absent or empty: all. */
export interface TrainingsById {
  /** All when absent. */
  readonly projects?: Projects | undefined;
  readonly modelNames?: readonly string[] | undefined;
  readonly modelVersions?: readonly string[] | undefined;
  readonly toolchains?: readonly string[] | undefined;
  readonly offset: number;
  /** All when absent. */
  readonly limit?: number | undefined;
}

/** One durable change of a training, answered when it is on disk. Many that arrive together share one transaction. */
export type Submission =
  | { readonly kind: 'create'; readonly id: string; readonly spec: TrainingSpec; readonly run: NewRun | undefined }
  | { readonly kind: 'edit'; readonly id: string; readonly spec: TrainingSpec; readonly run: NewRun | undefined }
  /** Another run of a training as it is, with a spec of its own. A training of another project than the run's is TRAINING_NOT_FOUND. */
  | { readonly kind: 'run'; readonly id: string; readonly run: NewRun };

export interface TrainingStore {
  find(id: string): Promise<TrainingRecord | undefined>;
  list(filter: TrainingFilter): Promise<TrainingRecord[]>;
  listById(filter: TrainingsById): Promise<TrainingRecord[]>;
  /** Throws TRAINING_EXISTS, TRAINING_NOT_FOUND. */
  submit(submission: Submission): Promise<TrainingRecord>;
  /** Runs, logs and models stay. Throws TRAINING_NOT_FOUND; TRAINING_ACTIVE while a run of it has not ended, with `stopping` only for one that was not asked to stop. */
  delete(id: string, options: { readonly stopping: boolean }): Promise<void>;
}
