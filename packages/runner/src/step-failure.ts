import type { Reason } from '@trainyard/core/training/reason.ts';

export interface StepFailureDetails {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly cause?: unknown;
}

/** Ends the attempt in the step that throws it. The message reaches the user: what was asked, what was found, what to do. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure';
  readonly reason: Reason;
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;

  constructor(reason: Reason, message: string, details: StepFailureDetails = {}) {
    super(message, { cause: details.cause });
    this.reason = reason;
    this.exitCode = details.exitCode;
    this.signal = details.signal;
  }
}
