import { lostReason } from '@trainyard/core/tracking/heartbeat.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../platform/logger.ts';
import type { TrackingRunStore } from '../../stores/tracking.ts';

interface Needs {
  readonly runs: Pick<TrackingRunStore, 'open' | 'endLost'>;
  /** Nobody may be silent for longer; undefined: silence alone ends nothing. */
  readonly silentMs: number | undefined;
  readonly now: () => number;
  readonly log: Logger;
}

/** Well below the least time in which a promise can be broken. */
const EVERY_MS = 10_000;
const RUNS_AT_ONCE = 1000;

/** Ends runs whose clients broke their promise of a sign of life. Two servers may look at the same time. */
export class SilentRuns {
  readonly #needs: Needs;
  readonly #closing = new AbortController();
  readonly #listeningSince: number;
  #loop: Promise<void> = Promise.resolve();

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#listeningSince = needs.now();
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#closing.abort();
    await this.#loop;
  }

  /** Looks at every open run once; answers how many are lost. */
  async look(): Promise<number> {
    const { runs, silentMs, now } = this.#needs;
    let lost = 0;
    let after = '';
    for (;;) {
      const open = await runs.open({ after, limit: RUNS_AT_ONCE });
      const at = now();
      const found = open.flatMap((run) => {
        const reason = lostReason(run, { now: at, silentMs, listeningSince: this.#listeningSince, timeText: (ms) => new Date(ms).toISOString() });
        return reason === undefined ? [] : [{ id: run.id, lastSeenAt: run.lastSeenAt, reason }];
      });
      if (found.length > 0) lost += await runs.endLost(found);
      const last = open.at(-1);
      if (last === undefined || open.length < RUNS_AT_ONCE) return lost;
      after = last.id;
    }
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        await sleep(EVERY_MS, undefined, { signal: this.#closing.signal, ref: false });
        const lost = await this.look();
        if (lost > 0) this.#needs.log.info({ lost }, 'runs whose clients gave no sign of life');
      } catch (error) {
        if (!this.#closing.signal.aborted) this.#needs.log.warn({ error }, 'could not look for silent runs');
      }
    }
  }
}
