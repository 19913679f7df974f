import type { Reason } from '@trainyard/core/training/reason.ts';
import type { RunView, StateView } from './workspace/run-view.ts';

/** Where a run is. `waiting`: for a place, a cluster, another try. `running`: the notebook is at work, or what it used is tidied up. */
export type Phase = 'waiting' | 'running' | 'ended';

const STATUS: Readonly<Record<string, Phase>> = {
  BLOCKED: 'waiting',
  PENDING: 'waiting',
  QUEUED: 'waiting',
  WAITING: 'waiting',
  RUNNING: 'running',
  TERMINATING: 'running',
  TERMINATED: 'ended',
};

const LIFE_CYCLE: Readonly<Record<string, Phase>> = {
  QUEUED: 'waiting',
  PENDING: 'waiting',
  BLOCKED: 'waiting',
  WAITING_FOR_RETRY: 'waiting',
  RUNNING: 'running',
  TERMINATING: 'running',
  TERMINATED: 'ended',
  SKIPPED: 'ended',
  INTERNAL_ERROR: 'ended',
};

/**
 * Both enumerations may grow. A word that is not known ends nothing by itself: only when it comes with a result. The run's own
 * words count before those of its task, of which nobody promises that they are kept up to date.
 */
export function phaseOf(run: RunView): Phase {
  return phaseIn(run) ?? (run.task === undefined ? undefined : phaseIn(run.task)) ?? 'running';
}

function phaseIn({ status, termination, lifeCycle, result }: StateView): Phase | undefined {
  const known = (status === undefined ? undefined : own(STATUS, status)) ?? (lifeCycle === undefined ? undefined : own(LIFE_CYCLE, lifeCycle));
  if (known !== undefined) return known;
  return termination !== undefined || result !== undefined ? 'ended' : undefined;
}

/** How a run ended. Without a reason it ended well. */
export interface Verdict {
  readonly reason: Reason | undefined;
  /** Databricks' own words, as long as the output of the notebook does not say more. */
  readonly message: string;
}

/** `lost`: the notebook was at work already, so that its machine is gone rather than never there. */
type Judgement = Reason | 'good' | 'not_started_or_lost' | 'cancelled_by_platform';

/** `status.termination_details.code` */
const CODES: Readonly<Record<string, Judgement>> = {
  SUCCESS: 'good',
  SUCCESS_WITH_FAILURES: 'good',
  USER_CANCELED: 'cancelled',
  CANCELED: 'cancelled_by_platform',
  SKIPPED: 'could_not_start',
  RUN_EXECUTION_ERROR: 'exit_code',
  INTERNAL_ERROR: 'not_started_or_lost',
  CLUSTER_ERROR: 'not_started_or_lost',
  DRIVER_ERROR: 'not_started_or_lost',
  CLOUD_FAILURE: 'not_started_or_lost',
  STORAGE_ACCESS_ERROR: 'data_unavailable',
  REPOSITORY_CHECKOUT_FAILED: 'source_unavailable',
  LIBRARY_INSTALLATION_ERROR: 'environment_failed',
  INVALID_CLUSTER_REQUEST: 'bad_spec',
  INVALID_RUN_CONFIGURATION: 'bad_spec',
  RESOURCE_NOT_FOUND: 'bad_spec',
  FEATURE_DISABLED: 'bad_spec',
  UNAUTHORIZED_ERROR: 'bad_spec',
  DISABLED: 'bad_spec',
  BUDGET_POLICY_LIMIT_EXCEEDED: 'bad_spec',
  CLUSTER_REQUEST_LIMIT_EXCEEDED: 'could_not_start',
  WORKSPACE_RUN_LIMIT_EXCEEDED: 'could_not_start',
  MAX_CONCURRENT_RUNS_EXCEEDED: 'could_not_start',
  MAX_JOB_QUEUE_SIZE_EXCEEDED: 'could_not_start',
  MAX_SPARK_CONTEXTS_EXCEEDED: 'could_not_start',
  BREAKING_CHANGE: 'could_not_start',
};

/** `status.termination_details.type`, for codes that are not known. */
const TYPES: Readonly<Record<string, Judgement>> = { SUCCESS: 'good', CLIENT_ERROR: 'exit_code', INTERNAL_ERROR: 'not_started_or_lost', CLOUD_FAILURE: 'not_started_or_lost' };

/** `state.result_state` */
const RESULTS: Readonly<Record<string, Judgement>> = {
  SUCCESS: 'good',
  SUCCESS_WITH_FAILURES: 'good',
  FAILED: 'exit_code',
  TIMEDOUT: 'timeout',
  CANCELED: 'cancelled',
  MAXIMUM_CONCURRENT_RUNS_REACHED: 'could_not_start',
  EXCLUDED: 'could_not_start',
  UPSTREAM_FAILED: 'could_not_start',
  UPSTREAM_CANCELED: 'could_not_start',
  DISABLED: 'bad_spec',
};

/** Judgements that say little: the task may know better. "INTERNAL_ERROR" is said of runs whose notebook just raised. */
const VAGUE: ReadonlySet<Judgement | undefined> = new Set<Judgement | undefined>([undefined, 'not_started_or_lost', 'exit_code']);

export interface Circumstances {
  /** The notebook was seen at work. */
  readonly ran: boolean;
  /** What Databricks was told to allow; 0: no limit. */
  readonly timeoutMs: number;
}

/** Of a run that has ended. */
export function verdictOf(run: RunView, circumstances: Circumstances): Verdict {
  const own = judge(run);
  const judgement = VAGUE.has(own) && run.task !== undefined ? (judgeTask(run.task) ?? own) : own;
  const message = run.termination?.message ?? run.message ?? run.task?.termination?.message ?? run.task?.message;
  const reason = reasonFor(judgement, run, circumstances);
  if (reason === undefined) return { reason, message: message ?? '' };
  return { reason, message: message ?? `Databricks ended the run: ${words(run)}` };
}

/** A task that is said to be well explains no run that is not. */
function judgeTask(task: StateView): Judgement | undefined {
  const judgement = judge(task);
  return judgement === 'good' ? undefined : judgement;
}

function judge({ termination, result, lifeCycle }: StateView): Judgement | undefined {
  const byCode = termination?.code === undefined ? undefined : own(CODES, termination.code);
  const byResult = result === undefined ? undefined : own(RESULTS, result);
  // the older word tells a timeout apart, the newer one does not
  if (byCode === 'cancelled_by_platform' && byResult === 'timeout') return byResult;
  const byType = termination?.type === undefined ? undefined : own(TYPES, termination.type);
  return byCode ?? byResult ?? byType ?? (lifeCycle === 'SKIPPED' ? 'could_not_start' : lifeCycle === 'INTERNAL_ERROR' ? 'not_started_or_lost' : undefined);
}

function reasonFor(judgement: Judgement | undefined, run: RunView, { ran, timeoutMs }: Circumstances): Reason | undefined {
  switch (judgement) {
    case 'good':
      return undefined;
    case undefined:
      return 'internal';
    case 'not_started_or_lost':
      return ran ? 'host_lost' : 'could_not_start';
    case 'cancelled_by_platform':
      return timedOut(run, timeoutMs) ? 'timeout' : 'preempted';
    default:
      return judgement;
  }
}

function timedOut(run: RunView, timeoutMs: number): boolean {
  if (/tim(ed|e)[ -]?out/i.test(run.termination?.message ?? run.message ?? '')) return true;
  return timeoutMs > 0 && run.startedAt !== undefined && run.endedAt !== undefined && run.endedAt - run.startedAt >= timeoutMs;
}

function words({ status, termination, lifeCycle, result }: StateView): string {
  return [termination?.code ?? status, lifeCycle, result].filter((word) => word !== undefined).join(', ') || 'it does not say why';
}

/** Words come from outside: `constructor` is none of ours. */
function own<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}
