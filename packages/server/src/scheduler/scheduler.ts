import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Pace } from '@trainyard/core/training/decide.ts';
import { inTime } from '../platform/in-time.ts';
import type { Logger } from '../platform/logger.ts';
import { WakeableSleep } from '../platform/wakeable-sleep.ts';
import type { Change, Claim, Limits, QueueStore, RunRecord } from '../stores/runs.ts';
import { attemptKey, givenUp, handleRun, type HandleContext, isPassing } from './handle-run.ts';

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

/** How long things may take at most, in milliseconds. */
export interface Patience {
  /** One look at one run, everything that is ordered by it included. */
  readonly lookMs: number;
  /** Looks that take longer go on beside the passes that follow. */
  readonly passMs: number;
}

const PATIENCE: Patience = { lookMs: 24_000, passMs: 2_000 };
/** Longer than any look; a server that dies gives its runs back after this. */
const LEASE_MS = 30_000;
/** Looks at an attempt that may fail in a row. Each but the first waits for the lease before it: minutes in which a fault may pass. */
const MAX_FAILED_LOOKS = 6;
const BATCH = 64;
/** Polling is the truth: the longest sleep when nothing wakes us. */
const MAX_SLEEP_MS = 1_000;
/** Never faster than this on its own, whatever the store says. */
const MIN_SLEEP_MS = 10;

interface Seen {
  readonly run: RunRecord;
  readonly change: Change;
}

/**
 * claim → observe → decide → perform → apply, again and again. Everything it knows is in the store; it may die anywhere.
 * `wake` is only a hint that saves waiting.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #patience: Patience;
  readonly #sleep = new WakeableSleep();
  /** Key of an attempt → looks at it that failed in a row. */
  readonly #failed = new Map<string, number>();
  /** Looks that a pass did not wait for. None of them rejects. */
  readonly #late = new Set<Promise<void>>();
  #stopping = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: SchedulerOptions, patience: Patience = PATIENCE) {
    this.#options = options;
    this.#patience = patience;
  }

  start(): void {
    this.#loop = this.#run();
  }

  wake(): void {
    this.#sleep.wake();
  }

  /** Ends after the looks at hand. Attempts go on without us. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.wake();
    await this.#loop;
    await Promise.all(this.#late);
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

  /** What is seen in time is written at once; whoever takes longer holds up nobody but itself. */
  async #handle(runs: readonly RunRecord[]): Promise<void> {
    const soon: Seen[] = [];
    let isOver = false;
    const looks = runs.map(async (run) => {
      const seen = await this.#look(run);
      if (seen === undefined) return;
      if (isOver) await this.#applyLate(seen);
      else soon.push(seen);
    });
    await this.#orLater(Promise.all(looks));
    isOver = true;
    await this.#apply(soon);
  }

  /** Undefined when the look failed: the run keeps its lease and is looked at again when that has run out. */
  async #look(run: RunRecord): Promise<Seen | undefined> {
    const { handle, pace, now, log } = this.#options;
    const key = attemptKey(run);
    const tries = (this.#failed.get(key) ?? 0) + 1;
    let late: AbortSignal | undefined;
    try {
      const change = await inTime(this.#patience.lookMs, (signal) => handleRun(run, handle, { pace, signal: (late = signal), isLast: tries >= MAX_FAILED_LOOKS }));
      this.#failed.delete(key);
      return { run, change };
    } catch (error) {
      log.error({ runId: run.id, attempt: run.attempt, tries, error }, 'a run could not be handled');
      // nobody refused anything, there was just no answer yet: that says nothing about the attempt
      if (isPassing(error) || late?.aborted === true) return undefined;
      this.#failed.set(key, tries);
      if (tries < MAX_FAILED_LOOKS) return undefined;
      this.#failed.delete(key);
      return { run, change: givenUp(run, error, { tries, now: now() }) };
    }
  }

  async #orLater(looks: Promise<unknown>): Promise<void> {
    const late: Promise<void> = looks.then(() => undefined).finally(() => this.#late.delete(late));
    this.#late.add(late);
    const patience = new AbortController();
    await Promise.race([late, pause(this.#patience.passMs, undefined, { signal: patience.signal }).catch(() => undefined)]);
    patience.abort();
  }

  async #applyLate(seen: Seen): Promise<void> {
    // as in a pass: nothing is lost, the lease runs out
    await this.#apply([seen]).catch((error: unknown) => this.#options.log.error({ runId: seen.run.id, error }, 'what was seen of a run could not be written; it is looked at again'));
    this.wake();
  }

  async #apply(seen: readonly Seen[]): Promise<void> {
    const { queue, now, changed, ended } = this.#options;
    const kept = await queue.apply(seen.map(({ change }) => change), now());
    const over = seen.flatMap(({ run, change }) => (change.kind !== 'update' && kept.has(run.id) ? [{ run, change }] : []));
    changed(over.map(({ run }) => run.id));
    for (const { run, change } of over) ended(run, change);
  }

  #claim(): Claim {
    const now = this.#options.now();
    return { lease: randomUUID(), leaseUntil: now + LEASE_MS, now, max: BATCH };
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      let handled = 0;
      try {
        handled = await this.pass();
      } catch (error) {
        this.#options.log.error({ error }, 'the scheduler could not do its pass; it tries again');
      }
      if (handled === 0 && !this.#stopping) await this.#sleep.sleep(await this.#untilDueMs());
    }
  }

  async #untilDueMs(): Promise<number> {
    const { queue, now } = this.#options;
    // a store that does not answer is met again by the pass, which says so
    const next = await queue.nextDueAt().catch(() => null);
    return next === null ? MAX_SLEEP_MS : Math.max(MIN_SLEEP_MS, Math.min(MAX_SLEEP_MS, next - now()));
  }
}
