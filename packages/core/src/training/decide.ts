import type { Failure, Outcome } from './outcome.ts';
import { REASONS, type Reason } from './reason.ts';
import { nextAttemptAt } from './retry-policy.ts';
import type { RetryPolicy, Timeouts } from './spec.ts';
import type { EndState, RunState, StepName } from './states.ts';

/**
 * Everything the scheduler knows of a run that has an attempt. Times are milliseconds since 1970; null = not (yet).
 * `decide` is the only place that concludes anything from it.
 */
export interface RunFacts {
  readonly state: RunState;
  /** Number of the current attempt, from 1. */
  readonly attempt: number;
  readonly retry: RetryPolicy;
  readonly timeout: Timeouts;
  readonly attemptStartedAt: number;
  readonly step: StepName | null;
  readonly stepStartedAt: number | null;
  readonly cancelRequestedAt: number | null;
  /** What the runner reported as its last word. */
  readonly outcome: Outcome | null;
  /** The engine acknowledged the submit. False after a crash between the intent and the answer: submit again, same key. */
  readonly submitted: boolean;
  readonly stop: StopFacts | null;
  /** Since when the engine has not known the attempt. */
  readonly missingSince: number | null;
}

/** An attempt that was told to stop, and why. `killedAt`: when the order that cannot be refused was last given. */
export interface StopFacts {
  readonly cause: 'cancelled' | 'timeout';
  readonly message: string;
  readonly at: number;
  readonly killedAt: number | null;
}

/** What the engine answers when asked for an attempt. */
export type Observation =
  | { readonly kind: 'active' }
  /** The execution is over. `outcome` when the engine kept the runner's last word, `code`/`signal` when it only has those. */
  | { readonly kind: 'exited'; readonly outcome?: Outcome | undefined; readonly reason?: Reason | undefined; readonly message?: string | undefined }
  /** The engine knows nothing of it. */
  | { readonly kind: 'missing' }
  /** The engine itself could not be asked. Says nothing about the attempt. */
  | { readonly kind: 'unreachable'; readonly message: string };

/** Orders are data; `scheduler/handle-run.ts` carries them out. */
export type Order =
  | { readonly do: 'submit' }
  | { readonly do: 'stop'; readonly cause: StopFacts['cause']; readonly message: string; readonly graceMs: number }
  | { readonly do: 'kill' }
  | { readonly do: 'mark_missing' }
  | { readonly do: 'clear_missing' }
  /** Fetch what the runner could not send (the rest of the log), then conclude. */
  | { readonly do: 'end'; readonly state: EndState; readonly failure: Failure | null }
  | { readonly do: 'retry'; readonly at: number; readonly failure: Failure }
  | { readonly do: 'look_again'; readonly at: number };

export interface Pace {
  /** Between two looks at an attempt; reports of the runner wake the scheduler earlier. */
  readonly lookEveryMs: number;
  /** How long the unknown may stay unknown before its host counts as lost. */
  readonly missingGraceMs: number;
}

/** Pure: the same facts give the same orders. At most one of `end` and `retry`, and then nothing else but bookkeeping. */
export function decide(run: RunFacts, seen: Observation, pace: Pace, now: number): readonly Order[] {
  const outcome = run.outcome ?? (seen.kind === 'exited' ? (seen.outcome ?? null) : null);
  if (outcome !== null) return conclude(run, outcome, now);
  if (seen.kind === 'exited') return conclude(run, lostOutcome(run, seen, now), now);
  if (run.cancelRequestedAt !== null && !run.submitted && seen.kind === 'missing') return conclude(run, stoppedBefore(run, now), now);
  if (!run.submitted) return [{ do: 'submit' }, again(run, pace, now)];
  if (seen.kind === 'missing') return whileMissing(run, pace, now);
  const known: Order[] = run.missingSince !== null && seen.kind === 'active' ? [{ do: 'clear_missing' }] : [];
  return [...known, ...whileActive(run, pace, now)];
}

/** A queued run that is cancelled ends without ever having had an attempt on an engine. */
export function stoppedBefore(run: Pick<RunFacts, 'step'>, now: number): Failure {
  return { ok: false, endedAt: now, reason: 'cancelled', step: run.step ?? undefined, message: 'stopped before it started' };
}

/** May this failure be tried again, by the reason's own nature and the training's policy? */
function mayRetry(policy: RetryPolicy, attempt: number, reason: Reason): boolean {
  if (attempt >= policy.maxAttempts) return false;
  const nature = REASONS[reason].retry;
  return nature === 'always' || (nature === 'asked' && policy.on.includes(reason));
}

function conclude(run: RunFacts, outcome: Outcome, now: number): readonly Order[] {
  // a training that ended well before the stop reached it did end well
  if (outcome.ok) return [{ do: 'end', state: 'succeeded', failure: null }];
  const failure = run.stop === null ? outcome : stoppedBy(run.stop, outcome);
  if (failure.reason === 'cancelled') return [{ do: 'end', state: 'stopped', failure }];
  const wanted = run.cancelRequestedAt === null && mayRetry(run.retry, run.attempt, failure.reason);
  return wanted ? [{ do: 'retry', at: nextAttemptAt(run.retry, run.attempt, now), failure }] : [{ do: 'end', state: 'failed', failure }];
}

function stoppedBy(stop: StopFacts, outcome: Failure): Failure {
  return { ...outcome, reason: stop.cause, message: stop.message };
}

function lostOutcome(run: RunFacts, seen: Extract<Observation, { kind: 'exited' }>, now: number): Failure {
  const message = seen.message ?? 'the runner ended without a last word (killed, or its machine went down)';
  return { ok: false, endedAt: now, reason: seen.reason ?? 'host_lost', step: run.step ?? undefined, message };
}

function whileMissing(run: RunFacts, pace: Pace, now: number): readonly Order[] {
  const since = run.missingSince ?? now;
  // missing is not failed: look again first, conclude only when the grace is over
  if (now - since < pace.missingGraceMs && run.stop === null) {
    const mark: Order[] = run.missingSince === null ? [{ do: 'mark_missing' }] : [];
    return [...mark, { do: 'look_again', at: Math.min(now + pace.lookEveryMs, since + pace.missingGraceMs) }];
  }
  return conclude(run, { ok: false, endedAt: now, reason: 'host_lost', step: run.step ?? undefined, message: 'the engine does not know the attempt any more' }, now);
}

function whileActive(run: RunFacts, pace: Pace, now: number): readonly Order[] {
  if (run.stop !== null) return whileStopping(run, run.stop, pace, now);
  if (run.cancelRequestedAt !== null) {
    return [{ do: 'stop', cause: 'cancelled', message: 'stopped on request', graceMs: run.timeout.graceMs }, again(run, pace, now)];
  }
  const late = overdue(run, now);
  if (late !== null) return [{ do: 'stop', cause: 'timeout', message: late, graceMs: run.timeout.graceMs }, again(run, pace, now)];
  return [again(run, pace, now)];
}

/** The runner enforces the grace itself; the scheduler kills when it has not by then, and repeats that until it is seen gone. */
function whileStopping(run: RunFacts, stop: StopFacts, pace: Pace, now: number): readonly Order[] {
  const patienceMs = run.timeout.graceMs + pace.lookEveryMs;
  const due = (stop.killedAt ?? stop.at) + patienceMs;
  return now >= due ? [{ do: 'kill' }, again(run, pace, now)] : [{ do: 'look_again', at: Math.min(due, now + pace.lookEveryMs) }];
}

function overdue(run: RunFacts, now: number): string | null {
  if (now >= run.attemptStartedAt + run.timeout.runMs) return `the run took longer than its limit of ${seconds(run.timeout.runMs)}`;
  const limit = run.step === null ? undefined : run.timeout.stepsMs[run.step];
  if (limit === undefined || run.stepStartedAt === null || now < run.stepStartedAt + limit) return null;
  return `the step '${run.step}' took longer than its limit of ${seconds(limit)}`;
}

function again(run: RunFacts, pace: Pace, now: number): Order {
  const stepLimit = run.step === null ? undefined : run.timeout.stepsMs[run.step];
  const deadlines = [run.attemptStartedAt + run.timeout.runMs];
  if (stepLimit !== undefined && run.stepStartedAt !== null) deadlines.push(run.stepStartedAt + stepLimit);
  const next = Math.min(now + pace.lookEveryMs, ...deadlines.filter((at) => at > now));
  return { do: 'look_again', at: next };
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}
