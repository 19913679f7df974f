import { randomUUID } from 'node:crypto';
import type { Pace } from '@trainyard/core/training/decide.ts';
import type { Logger } from '../platform/logger.ts';
import type { Change, Claim, Limits, QueueStore, RunRecord } from '../stores/runs.ts';
import { handleRun, type HandleContext } from './handle-run.ts';

export interface SchedulerOptions {
  readonly queue: QueueStore;
  readonly handle: HandleContext;
  readonly limits: Limits;
  readonly pace: Pace;
  readonly now: () => number;
  readonly log: Logger;
  /** Told the ids of runs whose state changed. */
  readonly changed: (runIds: Iterable<string>) => void;
  /** Called once a run or attempt is over and that is on disk. */
  readonly ended: (run: RunRecord, change: EndingChange) => void;
}

/** What ends an attempt: with its run, or for another one. */
export type EndingChange = Exclude<Change, { readonly kind: 'update' }>;

/** Longer than any pass; a server that dies gives its runs back after this. */
const LEASE_MS = 30_000;
const BATCH = 64;
/** Polling is the truth: the longest sleep when nothing wakes us. */
const MAX_SLEEP_MS = 1_000;

/**
 * claim → observe → decide → perform → apply, again and again. Everything it knows is in the store; it may die anywhere.
 * `wake` is only a hint that saves waiting.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  #stopping = false;
  #woken = false;
  #endSleep: () => void = () => undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
  }

  wake(): void {
    this.#woken = true;
    this.#endSleep();
  }

  /** Ends after the pass at hand. Attempts go on without us. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.wake();
    await this.#loop;
  }

  /** One pass over everything that is due; answers how many runs it handled. */
  async pass(): Promise<number> {
    const { queue, limits, now } = this.#options;
    await queue.releaseWaiting(now());
    const due = await queue.claimDue(this.#claim());
    const begun = await queue.claimQueued(this.#claim(), limits);
    const runs = [...due, ...begun];
    if (runs.length > 0) await this.#handle(runs);
    this.#options.changed(begun.map((run) => run.id));
    return runs.length;
  }

  async #handle(runs: readonly RunRecord[]): Promise<void> {
    const { queue, handle, pace, now, log } = this.#options;
    const changes: Change[] = [];
    await Promise.all(
      runs.map(async (run) => {
        try {
          changes.push(await handleRun(run, handle, pace));
        } catch (error) {
          // the run keeps its lease and is looked at again when that has run out
          log.error({ runId: run.id, attempt: run.attempt, error }, 'a run could not be handled');
        }
      }),
    );
    const kept = await queue.apply(changes, now());
    const over = new Map(changes.flatMap((change) => (change.kind !== 'update' && kept.has(change.runId) ? [[change.runId, change]] : [])));
    this.#options.changed(over.keys());
    for (const run of runs) {
      const change = over.get(run.id);
      if (change !== undefined) this.#options.ended(run, change);
    }
  }

  #claim(): Claim {
    const now = this.#options.now();
    return { lease: randomUUID(), leaseUntil: now + LEASE_MS, now, max: BATCH };
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      this.#woken = false;
      let handled = 0;
      try {
        handled = await this.pass();
      } catch (error) {
        this.#options.log.error({ error }, 'the scheduler could not do its pass; it tries again');
      }
      if (handled === 0) await this.#sleep();
    }
  }

  async #sleep(): Promise<void> {
    const { queue, now } = this.#options;
    // a store that does not answer is met again by the pass, which says so
    const next = await queue.nextDueAt().catch(() => null);
    const ms = Math.max(10, Math.min(MAX_SLEEP_MS, next === null ? MAX_SLEEP_MS : next - now()));
    if (this.#woken || this.#stopping) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endSleep = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
