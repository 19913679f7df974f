import { setTimeout as pause } from 'node:timers/promises';

/** Resets the colour of a terminal: what nobody sees. The original client ends a plain `logs` after 10 s without a byte. */
const HEARTBEAT = '\u001b[0m';
const EVERY_MS = 4_000;

/** The same texts, and a heartbeat at the beginning and whenever there was none for a while. */
export async function* beating(texts: AsyncIterable<string>, signal: AbortSignal, everyMs = EVERY_MS): AsyncIterable<string> {
  const iterator = texts[Symbol.asyncIterator]();
  yield HEARTBEAT;
  try {
    let next = iterator.next();
    for (;;) {
      const result = await firstOf(next, everyMs, signal);
      if (signal.aborted) return;
      if (result === undefined) {
        yield HEARTBEAT;
        continue;
      }
      if (result.done === true) return;
      yield result.value;
      next = iterator.next();
    }
  } finally {
    await iterator.return?.();
  }
}

/** Undefined when the time was over first. */
async function firstOf<T>(promise: Promise<T>, withinMs: number, signal: AbortSignal): Promise<T | undefined> {
  const over = new AbortController();
  const timer = pause(withinMs, undefined, { signal: AbortSignal.any([over.signal, signal]) }).catch(() => undefined);
  try {
    return await Promise.race([promise, timer]);
  } finally {
    over.abort();
  }
}
