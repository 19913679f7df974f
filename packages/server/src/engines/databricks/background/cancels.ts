import type { Logger } from '../../../platform/logger.ts';
import type { AttemptRecord } from '../attempts/attempt-record.ts';
import type { Attempts } from '../attempts/attempts.ts';
import type { Clock } from '../clock.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { WorkspaceRefusal } from '../workspace/workspace-error.ts';
import { Lane, type LaneOptions } from './lane.ts';

export interface CancelsParts extends Pick<LaneOptions, 'width' | 'failed' | 'signal'> {
  readonly attempts: Pick<Attempts, 'get'>;
  readonly workspace: Pick<Workspace, 'cancel'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A cancel that had no effect is said again. */
const AGAIN_MS = 30_000;

/** Tells Databricks to end runs: each when its time has come, and again until its end is seen. */
export class Cancels {
  readonly #parts: CancelsParts;
  readonly #lane: Lane;

  constructor(parts: CancelsParts) {
    this.#parts = parts;
    this.#lane = new Lane({ ...parts, work: (key) => this.#cancel(key) });
  }

  /** Of a run that goes on; one that is not to stop is left alone. */
  add({ key, stopAt, cancelAt = stopAt }: AttemptRecord): void {
    if (cancelAt === undefined) return;
    const { clock, signal, attempts } = this.#parts;
    const waitMs = cancelAt - clock.now();
    if (waitMs <= 0) this.#lane.add(key);
    else void clock.sleep(waitMs, signal).then(() => attempts.get(key)?.phase === 'submitted' && !signal.aborted && this.#lane.add(key));
  }

  async #cancel(key: string): Promise<number | undefined> {
    const { attempts, workspace, clock, log } = this.#parts;
    const record = attempts.get(key);
    if (record?.phase !== 'submitted' || record.runId === undefined) return undefined;
    const waitMs = (record.cancelAt ?? 0) - clock.now();
    if (waitMs > 0) return waitMs;
    try {
      await workspace.cancel(record.runId);
    } catch (error) {
      // it may have ended a moment ago; the next look says so
      if (!(error instanceof WorkspaceRefusal)) throw error;
      log.warn({ key, error: error.message }, 'Databricks refuses to cancel a run');
    }
    return AGAIN_MS;
  }
}
