import { setTimeout as wait } from 'node:timers/promises';

/** Time as an argument, so that a day of it fits into a test. Milliseconds. */
export interface Clock {
  now(): number;
  /** Ends early, without an error, when the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Longer delays overflow a timer; who sleeps looks at the clock again anyway. */
const MAX_SLEEP_MS = 3_600_000;

export const systemClock: Clock = {
  now: Date.now,
  sleep: async (ms, signal) => {
    try {
      await wait(Math.min(Math.max(0, ms), MAX_SLEEP_MS), undefined, { signal });
    } catch (error) {
      if (signal?.aborted !== true) throw error;
    }
  },
};
