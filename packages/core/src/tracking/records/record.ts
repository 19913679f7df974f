import type { Stage as ModelStage } from '../../registry/stages.ts';
import type { Pair } from '../batch.ts';
import type { Dataset } from '../dataset.ts';
import type { Int64 } from '../int64.ts';
import type { LoggedModelStatus } from '../logged-model.ts';
import type { RunStatus } from '../run-status.ts';

/**
 * What is exported and imported: one record of one of these kinds a line, in this order, so that what a record names has come
 * before it. Experiments are named, never numbered: numbers differ between servers. docs/reference/export-format.md shows the text.
 */
export const RECORD_KINDS = ['experiment', 'dataset', 'run', 'points', 'logged_model', 'model_points', 'registered_model', 'model_version'] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

/** Ids of those who have artifacts. */
export const OWNER_IDS = { run: /^[0-9a-f]{32}$/, model: /^m-[a-z0-9-]{1,62}$/ } as const;

/** Of one version of the format; a reader of a higher number reads every lower one. */
export const RECORD_FORMAT = 1;

export type Lifecycle = 'active' | 'deleted';

/** Times are milliseconds since 1970. Null is what is not there. */
export interface ExperimentRecord {
  readonly kind: 'experiment';
  readonly name: string;
  readonly stage: Lifecycle;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Where clients keep artifacts by themselves; null: with the server. */
  readonly artifactLocation: string | null;
  readonly tags: readonly Pair[];
}

/** Data that runs of an experiment used; known by experiment, name and digest. */
export interface DatasetRecord {
  readonly kind: 'dataset';
  readonly experiment: string;
  readonly dataset: Dataset;
}

export interface DatasetUse {
  readonly name: string;
  readonly digest: string;
  readonly tags: readonly Pair[];
}

export interface ModelUse {
  readonly modelId: string;
  readonly step: Int64;
}

export interface RunRecord {
  readonly kind: 'run';
  /** 32 hex digits. */
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  readonly userId: string;
  readonly status: RunStatus;
  readonly startTime: Int64;
  readonly endTime: Int64 | null;
  readonly stage: Lifecycle;
  readonly deletedAt: number | null;
  /** Null: its own place on the server. */
  readonly artifactUri: string | null;
  readonly params: readonly Pair[];
  readonly tags: readonly Pair[];
  readonly datasets: readonly DatasetUse[];
  readonly inputModels: readonly ModelUse[];
  readonly outputModels: readonly ModelUse[];
  /** How many names of metrics and how many points it has, to count again at the other end; null when nobody counted. */
  readonly metrics: number | null;
  readonly points: number | null;
}

/** Points as columns of the same length. */
export interface PointColumns {
  readonly steps: readonly Int64[];
  readonly timestamps: readonly Int64[];
  readonly values: readonly number[];
}

/** Some of the points of one metric of a run. */
export interface PointsRecord extends PointColumns {
  readonly kind: 'points';
  readonly runId: string;
  readonly key: string;
}

export interface LoggedModelRecord {
  readonly kind: 'logged_model';
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  readonly modelType: string | null;
  readonly sourceRunId: string | null;
  readonly status: LoggedModelStatus;
  readonly statusMessage: string | null;
  readonly artifactUri: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly params: readonly Pair[];
  readonly tags: readonly Pair[];
  /** How many points it has. */
  readonly points: number | null;
}

/** Points that say something about a logged model, some of one metric of one run on one dataset. */
export interface ModelPointsRecord extends PointColumns {
  readonly kind: 'model_points';
  readonly modelId: string;
  readonly runId: string;
  readonly key: string;
  readonly datasetName: string | null;
  readonly datasetDigest: string | null;
}

export interface RegisteredModelRecord {
  readonly kind: 'registered_model';
  readonly name: string;
  readonly description: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** The highest number ever given; deleted versions count. */
  readonly lastVersion: number;
  readonly tags: readonly Pair[];
}

export interface ModelVersionRecord {
  readonly kind: 'model_version';
  readonly name: string;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly description: string | null;
  readonly userId: string | null;
  readonly stage: ModelStage;
  /** As clients name it, or a reference into artifacts (see artifact-reference.ts). */
  readonly source: string;
  /** Where the files are; null: to be found out from the source. */
  readonly storageLocation: string | null;
  readonly runId: string | null;
  readonly runLink: string | null;
  readonly modelId: string | null;
  readonly tags: readonly Pair[];
  readonly aliases: readonly string[];
}

export type TransferRecord = ExperimentRecord | DatasetRecord | RunRecord | PointsRecord | LoggedModelRecord | ModelPointsRecord | RegisteredModelRecord | ModelVersionRecord;

export type RecordOf<K extends RecordKind> = Extract<TransferRecord, { readonly kind: K }>;

/** Bounds of what a server takes; more is refused with the line that has it. */
export const RECORD_LIMITS = {
  /** A dataset's profile is the longest text there is. */
  lineBytes: 32 * 1024 * 1024,
  pointsPerLine: 10_000,
  /** Of one param or tag: wider than any version of MLflow allowed. */
  valueLength: 100_000,
  pairs: 100_000,
} as const;

/** A record as people know it: `run 3f2a…`, `version 2 of 'wine'`. */
export function recordName(record: TransferRecord): string {
  switch (record.kind) {
    case 'experiment':
      return `experiment '${record.name}'`;
    case 'dataset':
      return `dataset '${record.dataset.name}' (${record.dataset.digest}) of experiment '${record.experiment}'`;
    case 'run':
      return `run ${record.id}`;
    case 'points':
      return `metric '${record.key}' of run ${record.runId}`;
    case 'logged_model':
      return `logged model ${record.id}`;
    case 'model_points':
      return `metric '${record.key}' of logged model ${record.modelId}`;
    case 'registered_model':
      return `registered model '${record.name}'`;
    case 'model_version':
      return `version ${record.version} of '${record.name}'`;
    default:
      return record satisfies never;
  }
}
