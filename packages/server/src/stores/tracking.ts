import type { Projects } from '@trainyard/core/access/reach.ts';
import type { Pair, RunBatch } from '@trainyard/core/tracking/batch.ts';
import type { DatasetInput } from '@trainyard/core/tracking/dataset.ts';
import type { Condition, SortKey } from '@trainyard/core/tracking/filter/condition.ts';
import type { ExperimentColumn, LoggedModelColumn, RunColumn } from '@trainyard/core/tracking/filter/searches.ts';
import type { OpenRun } from '@trainyard/core/tracking/heartbeat.ts';
import type { Int64 } from '@trainyard/core/tracking/int64.ts';
import type { LoggedModelStatus } from '@trainyard/core/tracking/logged-model.ts';
import type { Metric, Point } from '@trainyard/core/tracking/metric.ts';
import type { RunStatus } from '@trainyard/core/tracking/run-status.ts';

/** Times are milliseconds since 1970. What is not there is undefined; what a client never said is null. */
export type Stage = 'active' | 'deleted';

/** One page of a list; `next` asks for the one after it, and is absent on the last one, also when that is exactly full. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string | undefined;
}

export interface Paging {
  readonly limit: number;
  /** `next` of the page before. INVALID_TRACKING_VALUE when it is none of this search. */
  readonly after?: string | undefined;
}

export interface ExperimentRecord {
  /** Decimal digits. */
  readonly id: string;
  readonly name: string;
  /** Never changes. */
  readonly project: string;
  readonly artifactLocation: string;
  readonly stage: Stage;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: readonly Pair[];
}

export interface NewExperiment {
  readonly name: string;
  /** `default` when absent. */
  readonly project?: string | undefined;
  /** A place of its own below `mlflow-artifacts:/` when absent. */
  readonly artifactLocation?: string | undefined;
  readonly tags: readonly Pair[];
}

export interface ExperimentSearch extends Paging {
  /** All when absent. */
  readonly projects?: Projects | undefined;
  /** Both when absent. */
  readonly stage?: Stage | undefined;
  readonly conditions: readonly Condition<ExperimentColumn>[];
  /** Newest first when empty. */
  readonly order: readonly SortKey<ExperimentColumn>[];
}

export interface ExperimentStore {
  /** Answers the id. EXPERIMENT_EXISTS when the name is taken, also by a deleted one. */
  create(experiment: NewExperiment, now: number): Promise<string>;
  find(id: string): Promise<ExperimentRecord | undefined>;
  findByName(name: string): Promise<ExperimentRecord | undefined>;
  search(search: ExperimentSearch): Promise<Page<ExperimentRecord>>;
  /** EXPERIMENT_NOT_FOUND, EXPERIMENT_NOT_ACTIVE, EXPERIMENT_EXISTS. */
  rename(id: string, name: string, now: number): Promise<void>;
  /** Its runs go and come with it. EXPERIMENT_NOT_FOUND when it is in that stage already. */
  setStage(id: string, stage: Stage, now: number): Promise<void>;
  /** INVALID_TRACKING_VALUE when it is deleted. */
  setTag(id: string, tag: Pair): Promise<void>;
  /** TAG_NOT_FOUND. */
  deleteTag(id: string, key: string): Promise<void>;
}

export interface TrackingRunInfo {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly userId: string;
  readonly status: RunStatus;
  readonly startTime: Int64;
  readonly endTime: Int64 | null;
  readonly stage: Stage;
  readonly artifactUri: string;
  /** Launched by Trainyard, which then decides its status. */
  readonly managed: boolean;
  /** The run whose token created it. */
  readonly creatorRun: string | null;
  /** When it was created or last written to, by the server's clock. */
  readonly lastSeenAt: number;
}

export interface LatestMetric extends Point {
  readonly key: string;
}

export interface ModelLink {
  readonly modelId: string;
  readonly step: Int64;
}

/** A run with all it has logged; metrics are the latest ones. Lists are in order of their keys. */
export interface TrackingRunRecord extends TrackingRunInfo {
  readonly metrics: readonly LatestMetric[];
  readonly params: readonly Pair[];
  readonly tags: readonly Pair[];
  readonly datasets: readonly DatasetInput[];
  readonly inputModels: readonly ModelLink[];
  readonly outputModels: readonly ModelLink[];
}

export interface NewTrackingRun {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly userId: string;
  readonly startTime: Int64;
  readonly creatorRun: string | null;
  /** With `mlflow.runName` among them. */
  readonly tags: readonly Pair[];
}

export interface RunUpdate {
  readonly name?: string | undefined;
  readonly status?: RunStatus | undefined;
  readonly endTime?: Int64 | undefined;
}

export interface RunSearch extends Paging {
  readonly experimentIds: readonly string[];
  readonly stage?: Stage | undefined;
  readonly conditions: readonly Condition<RunColumn>[];
  /** Before the default order: latest start first, then id. */
  readonly order: readonly SortKey<RunColumn>[];
}

export interface HistoryQuery {
  readonly runId: string;
  readonly key: string;
  /** Everything when absent. */
  readonly limit?: number | undefined;
  readonly after?: string | undefined;
}

export interface RunPoint extends Point {
  readonly runId: string;
}

/** One metric of many runs. */
export interface BulkHistoryQuery {
  readonly runIds: readonly string[];
  readonly key: string;
  /** The first points of all: by run id, timestamp, step, value. */
  readonly limit: number;
}

/** One metric of many runs, thinned out evenly over the union of their steps. */
export interface SampledHistoryQuery {
  readonly runIds: readonly string[];
  readonly key: string;
  /** Both count; all steps when absent. */
  readonly steps?: { readonly first: Int64; readonly last: Int64 } | undefined;
  /** About this many steps of each run; every point of a chosen step is answered, and always those of a run's last step. */
  readonly count: number;
}

/** One metric of one run as a picture of it needs it. */
export interface CurveQuery {
  readonly runId: string;
  readonly key: string;
  /** At most this many. */
  readonly buckets: number;
}

/** Neighbouring points of a metric, by step. NaN is counted and is neither the least nor the greatest. */
export interface CurveBucket {
  readonly firstStep: Int64;
  readonly lastStep: Int64;
  readonly points: number;
  /** Null when every value is NaN. */
  readonly least: number | null;
  readonly greatest: number | null;
  /** Value of the latest point. */
  readonly last: number;
}

export interface DatasetSummary {
  readonly experimentId: string;
  readonly name: string;
  readonly digest: string;
  /** The tag `mlflow.data.context` of one of its uses. */
  readonly context: string | undefined;
}

/** A run that Trainyard did not launch and nobody has ended. */
export interface OpenRunRecord extends OpenRun {
  readonly id: string;
}

export interface LostRun {
  readonly id: string;
  /** When it was when it was found lost. */
  readonly lastSeenAt: number;
  readonly reason: string;
}

/**
 * The runs of MLflow's clients. Writing to a run that is not there is TRACKING_RUN_NOT_FOUND, to a deleted one
 * INVALID_TRACKING_VALUE. What a method answered is committed.
 */
export interface TrackingRunStore {
  /** EXPERIMENT_NOT_FOUND, INVALID_TRACKING_VALUE when the experiment is deleted. */
  create(run: NewTrackingRun): Promise<TrackingRunRecord>;
  findInfo(id: string): Promise<TrackingRunInfo | undefined>;
  find(id: string): Promise<TrackingRunRecord | undefined>;
  search(search: RunSearch): Promise<Page<TrackingRunRecord>>;
  /** Applies `decideStatus`; answers what the client is shown. */
  update(id: string, update: RunUpdate): Promise<TrackingRunInfo>;
  /** Deleting the deleted and restoring the active changes nothing. */
  setStage(id: string, stage: Stage, now: number): Promise<void>;
  /** The whole batch or nothing of it. Identical points count once; the same batch again changes nothing. */
  log(batch: RunBatch): Promise<void>;
  /** TAG_NOT_FOUND. */
  deleteTag(id: string, key: string): Promise<void>;
  logInputs(id: string, datasets: readonly DatasetInput[], models: readonly ModelLink[]): Promise<void>;
  logOutputs(id: string, models: readonly ModelLink[]): Promise<void>;
  /** In order of their ids. */
  open(query: { readonly after: string; readonly limit: number }): Promise<readonly OpenRunRecord[]>;
  /** FAILED since it was last seen, unless it was written to since; the next write takes that back. Answers how many are. */
  endLost(lost: readonly LostRun[]): Promise<number>;
  /** By timestamp, step, value. */
  history(query: HistoryQuery): Promise<Page<Point>>;
  bulkHistory(query: BulkHistoryQuery): Promise<readonly RunPoint[]>;
  /** By run id, step, timestamp, value. */
  sampledHistory(query: SampledHistoryQuery): Promise<readonly RunPoint[]>;
  /** By step. Read from what is known of whole chunks where that is enough: it does not read every point. */
  curve(query: CurveQuery): Promise<readonly CurveBucket[]>;
  /** What the runs of these experiments used, each (experiment, name, digest, context) once, in that order. */
  searchDatasets(experimentIds: readonly string[], limit: number): Promise<readonly DatasetSummary[]>;
}

export interface LoggedModelRecord {
  /** `m-` and 32 hex digits. */
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly modelType: string | null;
  readonly sourceRunId: string | null;
  readonly status: LoggedModelStatus;
  readonly statusMessage: string | null;
  readonly artifactUri: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly params: readonly Pair[];
  readonly tags: readonly Pair[];
  readonly metrics: readonly LoggedModelMetric[];
}

export interface LoggedModelMetric extends Metric {
  readonly runId: string;
}

export interface NewLoggedModel {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly modelType: string | null;
  readonly sourceRunId: string | null;
  readonly params: readonly Pair[];
  readonly tags: readonly Pair[];
}

/** Metrics of a search count only for this data; every digest of it when absent. */
export interface DatasetChoice {
  readonly name: string;
  readonly digest?: string | undefined;
}

export interface LoggedModelSortKey extends SortKey<LoggedModelColumn> {
  readonly dataset?: DatasetChoice | undefined;
}

export interface LoggedModelSearch extends Paging {
  readonly experimentIds: readonly string[];
  readonly conditions: readonly Condition<LoggedModelColumn>[];
  /** Any data when empty. */
  readonly datasets: readonly DatasetChoice[];
  /** Newest first when empty. */
  readonly order: readonly LoggedModelSortKey[];
}

/** Logged models; deleted ones are not there any more. LOGGED_MODEL_NOT_FOUND for what is not there. */
export interface LoggedModelStore {
  /** EXPERIMENT_NOT_FOUND, INVALID_TRACKING_VALUE when the experiment is deleted. */
  create(model: NewLoggedModel, now: number): Promise<LoggedModelRecord>;
  find(id: string): Promise<LoggedModelRecord | undefined>;
  search(search: LoggedModelSearch): Promise<Page<LoggedModelRecord>>;
  finalize(id: string, status: LoggedModelStatus, now: number): Promise<LoggedModelRecord>;
  /** As with runs, a param never changes. */
  logParams(id: string, params: readonly Pair[]): Promise<void>;
  setTags(id: string, tags: readonly Pair[]): Promise<void>;
  /** LOGGED_MODEL_TAG_NOT_FOUND. */
  deleteTag(id: string, key: string): Promise<void>;
  /** Deleting it again succeeds. */
  delete(id: string, now: number): Promise<void>;
}

export interface TrackingStore {
  readonly experiments: ExperimentStore;
  readonly runs: TrackingRunStore;
  readonly loggedModels: LoggedModelStore;
}
