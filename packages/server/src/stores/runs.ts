import type { Projects } from '@trainyard/core/access/reach.ts';
import type { StopFacts } from '@trainyard/core/training/decide.ts';
import type { Facts, Failure, Outcome, Report } from '@trainyard/core/training/outcome.ts';
import type { TrainingSpec } from '@trainyard/core/training/spec.ts';
import type { EndState, RunState, StepName, StepState } from '@trainyard/core/training/states.ts';

/** A run as it is stored. Times are milliseconds since 1970. */
export interface RunRecord {
  readonly number: number;
  readonly id: string;
  readonly trainingId: string;
  readonly project: string;
  readonly engine: string;
  readonly spec: TrainingSpec;
  readonly experimentId: string;
  readonly state: RunState;
  readonly priority: number;
  readonly queuedAt: number;
  readonly nextAttemptAt: number | null;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly attempt: number;
  readonly attemptStartedAt: number | null;
  readonly submitted: boolean;
  readonly step: StepName | null;
  readonly stepStartedAt: number | null;
  readonly cancelRequestedAt: number | null;
  readonly stop: StopFacts | null;
  readonly missingSince: number | null;
  readonly outcome: Outcome | null;
  readonly failure: Failure | null;
  readonly facts: Facts;
  readonly warnings: readonly string[];
  /** Token of the claim; late writes carry it. */
  readonly lease: string | null;
}

export type RunProgress = Pick<RunRecord, 'state' | 'attempt'>;

export interface NewRun {
  readonly id: string;
  readonly trainingId: string;
  readonly spec: TrainingSpec;
  /** Who asked for it; the MLflow run's user. */
  readonly user: string;
}

export interface AttemptRecord {
  readonly number: number;
  readonly engine: string;
  readonly state: 'active' | EndState;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly step: StepName | null;
  readonly failure: Failure | null;
  readonly steps: readonly StepRecord[];
}

export interface StepRecord {
  readonly name: StepName;
  readonly state: StepState;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly message: string | null;
  readonly exitCode: number | null;
}

export interface EventRecord {
  readonly id: number;
  readonly at: number;
  readonly kind: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface RunFilter {
  /** All when absent. */
  readonly projects?: Projects | undefined;
  readonly training?: string | undefined;
  readonly states?: readonly RunState[] | undefined;
  /** Only runs with a smaller number. */
  readonly before?: number | undefined;
  readonly limit: number;
}

export interface ReportCall {
  readonly runId: string;
  readonly attempt: number;
  readonly reports: readonly Report[];
  /** By the engine, beside a runner, whose reports have the numbers: facts and notes, taken by what they say. What is known already is not taken again. */
  readonly besideRunner?: boolean | undefined;
}

/** Runs as users and runners see them. */
export interface RunStore {
  /** By id, by number, or by the beginning of an id (6 digits and more) among the runs of `projects`, all when absent. Throws RUN_AMBIGUOUS for one that is not enough to tell them apart. */
  find(idOrNumber: string, projects?: Projects): Promise<RunRecord | undefined>;
  /** How far a run is, without the rest of it: asked for again and again by everybody who follows one. */
  progressOf(runId: string): Promise<RunProgress | undefined>;
  list(filter: RunFilter): Promise<RunRecord[]>;
  attemptsOf(runId: string): Promise<AttemptRecord[]>;
  /** Events behind `afterId`, oldest first, at most `limit`. */
  eventsOf(runId: string, afterId: number, limit: number): Promise<EventRecord[]>;
  /** Runs that have not ended, by state; of all projects when none are named. */
  countActive(projects?: Projects): Promise<Partial<Record<RunState, number>>>;
  /** Ends a queued run at once and marks an active one to be stopped. Answers the run as it is then. */
  requestStop(runId: string, now: number): Promise<RunRecord>;
  /**
   * Takes over reports with a higher number than seen before. Throws STALE_ATTEMPT when the attempt is over.
   * Many calls share one transaction.
   */
  report(call: ReportCall): Promise<{ readonly lastSeq: number; readonly stop: boolean }>;
}

export interface Limits {
  readonly total: number;
  readonly perProject: number;
  /** By name of the engine; one that is not named has no limit of its own. */
  readonly perEngine: Readonly<Record<string, number>>;
}

export interface Claim {
  readonly lease: string;
  readonly leaseUntil: number;
  readonly now: number;
  readonly max: number;
}

/** What an apply writes, all guarded by the lease. */
export type Change =
  | { readonly kind: 'update'; readonly runId: string; readonly lease: string; readonly lookAt: number; readonly submitted?: true; readonly stop?: StopFacts; readonly missingSince?: number | null }
  | { readonly kind: 'end'; readonly runId: string; readonly lease: string; readonly state: EndState; readonly failure: Failure | null }
  | { readonly kind: 'retry'; readonly runId: string; readonly lease: string; readonly at: number; readonly failure: Failure };

/** The durable queue as the scheduler uses it. */
export interface QueueStore {
  /** Lets waiting runs queue again whose time has come. */
  releaseWaiting(now: number): Promise<number>;
  /** Takes queued runs by priority, then age, within the limits, and writes the intent: a new attempt that is not submitted yet. */
  claimQueued(claim: Claim, limits: Limits): Promise<RunRecord[]>;
  /** Takes active runs that are due for a look and are nobody else's. */
  claimDue(claim: Claim): Promise<RunRecord[]>;
  /** One transaction. Answers the ids of the runs that were still ours; the others belong to somebody else now. */
  apply(changes: readonly Change[], now: number): Promise<ReadonlySet<string>>;
  /** When something that is nobody's is due next, or null. What is leased is due when its holder says so, or is lost. */
  nextDueAt(): Promise<number | null>;
  /** Only for a server that is alone on its store: who held a lease is dead, and what it held is due at once. */
  dropLeases(): Promise<void>;
  /** Keys (`<run>-<attempt>`) of all attempts that have not ended. */
  activeKeys(): Promise<Set<string>>;
}
