import type { Facts } from '@trainyard/core/training/outcome.ts';
import type { RunnerOrder } from '@trainyard/core/training/runner-order.ts';
import type { StepName } from '@trainyard/core/training/states.ts';
import type { AttemptPaths } from './attempt-dir.ts';
import type { AttemptLog } from './attempt-log.ts';
import type { ServerLink } from './server/server-link.ts';
import type { TrackingApi } from './tracking/tracking-api.ts';

/** What a step of an attempt works with. */
export interface Attempt {
  readonly order: RunnerOrder;
  readonly paths: AttemptPaths;
  readonly cacheDir: string;
  /** What every program of the attempt sees: the allowed variables of the machine, the mark, and the scratch directory. */
  readonly env: Readonly<Record<string, string>>;
  /** What connections see: the same, and where the machine has credentials for clouds. Never for a program of the training. */
  readonly connectionEnv: Readonly<Record<string, string>>;
  readonly log: AttemptLog;
  /** Aborted when the attempt is to stop. */
  readonly signal: AbortSignal;
  /** Aborted when nothing more is to be sent to the server. */
  readonly over: AbortSignal;
  readonly link: ServerLink;
  readonly tracking: TrackingApi;
  /** Tells the server what became known. */
  know(facts: Facts): void;
  /** Tells the server how far a step is. */
  progress(step: StepName, message: string): void;
  /** The text without the secrets of the training. */
  mask(text: string): string;
}

/** A step that had nothing to do, and why. */
export class Skipped {
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}
