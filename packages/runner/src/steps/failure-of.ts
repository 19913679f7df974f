import { messageOf } from '@trainyard/core/errors.ts';
import type { Failure } from '@trainyard/core/training/outcome.ts';
import type { Reason } from '@trainyard/core/training/reason.ts';
import type { StepName } from '@trainyard/core/training/states.ts';
import { DISK_FULL, isDiskFull } from '../disk-full.ts';
import { StepFailure } from '../step-failure.ts';
import type { Stop, StopCause } from '../stop.ts';

export interface FailureContext {
  readonly step: StepName | undefined;
  readonly stop: Stop;
  readonly lastLines: string;
  readonly now: number;
}

/** What an attempt that did not get through reports. When it was told to stop, that is the reason, whatever broke then. */
export function failureOf(error: unknown, { step, stop, lastLines, now }: FailureContext): Failure {
  const seen = error instanceof StepFailure ? error : undefined;
  const { reason, message } = stop.cause === undefined ? reasonOf(error) : { reason: stoppedReason(stop.cause), message: stop.message };
  return {
    ok: false,
    endedAt: now,
    reason,
    step,
    message,
    exitCode: seen?.exitCode,
    signal: seen?.signal,
    lastLines: lastLines === '' ? undefined : lastLines,
  };
}

function reasonOf(error: unknown): { readonly reason: Reason; readonly message: string } {
  if (isDiskFull(error)) return { reason: 'disk_full', message: `${DISK_FULL}: ${messageOf(error)}` };
  if (error instanceof StepFailure) return { reason: error.reason, message: error.message };
  return { reason: 'internal', message: `the runner itself failed: ${messageOf(error)}` };
}

function stoppedReason(cause: StopCause): Reason {
  return cause === 'over' ? 'cancelled' : cause;
}
