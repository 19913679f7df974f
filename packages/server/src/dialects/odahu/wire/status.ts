import type { Facts, Failure } from '@trainyard/core/training/outcome.ts';
import type { Reason } from '@trainyard/core/training/reason.ts';
import type { RunState } from '@trainyard/core/training/states.ts';
import { present } from './fields.ts';

/** What is looked at of a run. */
export interface RunSeen {
  readonly id: string;
  readonly number: number;
  readonly trainingId: string;
  readonly attempt: number;
  readonly state: RunState;
  readonly failure: Failure | null;
  readonly facts: Facts;
}

export interface Status {
  readonly state: 'unknown' | 'scheduling' | 'running' | 'succeeded' | 'failed';
  readonly podName?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly artifacts?: readonly TrainingResult[] | undefined;
}

export interface TrainingResult {
  readonly runId?: string | undefined;
  readonly artifactName?: string | undefined;
  readonly commitID?: string | undefined;
}

/** A run → the status of its training. ODAHU has no word for a run that was stopped: it failed, and the reason says how. */
export function statusOf(run: RunSeen): Status {
  const podName = run.attempt === 0 ? undefined : `${run.trainingId}-${run.number}-${run.attempt}`;
  switch (run.state) {
    case 'queued':
      return { ...present({ podName }), state: 'scheduling', ...(run.failure === null ? {} : { message: `waits for another attempt: ${messageOf(run.failure)}` }) };
    case 'preparing':
    case 'running':
      return { ...present({ podName }), state: 'running' };
    case 'succeeded':
      return { ...present({ podName }), state: 'succeeded', reason: 'Succeeded', message: 'All Steps have completed executing', artifacts: [resultOf(run)] };
    case 'failed':
    case 'stopped':
      return { ...present({ podName, exitCode: run.failure?.exitCode }), state: 'failed', ...failureOf(run.failure, run.state) };
    default:
      return run.state satisfies never;
  }
}

/** What is known of a run's result; the runner says it bit by bit. */
export function resultOf({ id, facts }: Pick<RunSeen, 'id' | 'facts'>): TrainingResult {
  return present({ runId: facts.declared?.runId ?? id, artifactName: facts.artifact?.name ?? facts.declared?.artifactName, commitID: facts.commit });
}

/** ODAHU passes on the words of Tekton, and these are what its users know. */
function failureOf(failure: Failure | null, state: 'failed' | 'stopped'): Pick<Status, 'reason' | 'message'> {
  if (failure === null) return state === 'stopped' ? { reason: 'TaskRunCancelled', message: 'somebody stopped it' } : { reason: 'Failed' };
  return { reason: state === 'stopped' ? 'TaskRunCancelled' : (REASON_WORDS[failure.reason] ?? 'Failed'), message: messageOf(failure) };
}

const REASON_WORDS: Partial<Record<Reason, string>> = { timeout: 'TaskRunTimeout', cancelled: 'TaskRunCancelled', preempted: 'Evicted' };

/** Phase and cause: all that the original client shows of a failure comes from here. */
export function messageOf({ step, message, reason, exitCode }: Failure): string {
  const where = step === undefined ? '' : `"step-${step}" failed`;
  const how = exitCode === undefined ? `(${reason})` : `with exit code ${exitCode} (${reason})`;
  return `${where === '' ? reason : `${where} ${how}`}: ${message.trim()}`;
}
