import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_MS = 100;
const LONGEST_MS = 5000;

/** Waits; an aborted signal ends the wait early, and is no error. */
export async function pause(pauseMs: number, signal: AbortSignal): Promise<void> {
  await sleep(pauseMs, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

/** Growing pauses between tries, each between half and all of its size, so that many runners do not come back at once. */
export class Backoff {
  #nextMs = FIRST_MS;

  async pause(signal: AbortSignal, longestMs = LONGEST_MS): Promise<void> {
    const pauseMs = Math.min(longestMs, this.#nextMs * (0.5 + Math.random() / 2));
    this.#nextMs = Math.min(LONGEST_MS, 2 * this.#nextMs);
    await pause(pauseMs, signal);
  }

  reset(): void {
    this.#nextMs = FIRST_MS;
  }
}
