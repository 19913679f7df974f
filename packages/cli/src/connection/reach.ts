import { setTimeout as pause } from 'node:timers/promises';
import { isTrainyardError } from '@trainyard/core/errors.ts';
import { isServerAnswer } from '../exit-codes.ts';
import type { Pace } from './pace.ts';

/** Told when a server that was there does not answer any more, and when it does again. */
export interface ReachWatcher {
  lost(patienceMs: number): void;
  back(): void;
}

export interface ReachOptions {
  readonly pace: Pace;
  readonly signal: AbortSignal;
  readonly watcher: ReachWatcher;
}

const PASSING = [502, 503, 504];

/** True for errors that another try may cure: the server is gone, is starting, or is going down. */
export function mayPass(error: unknown): boolean {
  if (isTrainyardError(error)) return error.code === 'SERVER_UNREACHABLE' || error.code === 'SHUTTING_DOWN';
  return isServerAnswer(error) && PASSING.includes(error.status);
}

/** Asks until there is an answer. Errors that cannot pass are thrown at once, the others when the patience is over. */
export async function untilReached<T>(ask: () => Promise<T>, { pace, signal, watcher }: ReachOptions): Promise<T> {
  const since = Date.now();
  for (let tries = 0; ; tries++) {
    try {
      const answer = await ask();
      if (tries > 0) watcher.back();
      return answer;
    } catch (error) {
      if (!mayPass(error) || Date.now() - since >= pace.patienceMs) throw error;
      if (tries === 0) watcher.lost(pace.patienceMs);
    }
    await pause(pauseMs(pace, tries), undefined, { signal });
  }
}

/** The pause after a number of tries in vain. */
export function pauseMs(pace: Pace, tries: number): number {
  return Math.min(pace.longestPauseMs, pace.firstPauseMs * 2 ** Math.min(tries, 20));
}
