import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 10;

/** Waits until `look` answers something true, and answers that; throws at the deadline. The only way a test waits. */
export async function waitFor<T>(what: string, look: () => T | Promise<T>, deadlineMs = 30_000): Promise<NonNullable<T>> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== null && seen !== false) return seen as NonNullable<T>;
    if (performance.now() > deadline) throw new Error(`this did not happen in ${deadlineMs} ms: ${what}`);
    await sleep(LOOK_EVERY_MS);
  }
}
