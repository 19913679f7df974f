import { setTimeout as pause } from 'node:timers/promises';
import { StoreFailure } from './store-failure.ts';

export interface RetryPolicy {
  /** Calls altogether. */
  readonly attempts: number;
  /** Before the second call; doubled before each further one. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

/** About 8 s altogether: a store that restarts is waited for, one that is gone is told soon. */
export const PATIENT: RetryPolicy = { attempts: 7, firstDelayMs: 150, maxDelayMs: 4000 };
/** For questions a person waits for. */
export const QUICK: RetryPolicy = { attempts: 2, firstDelayMs: 200, maxDelayMs: 200 };

/** One budget of attempts; progress fills it up again. */
export class Retries {
  readonly #policy: RetryPolicy;
  #failed = 0;

  constructor(policy: RetryPolicy) {
    this.#policy = policy;
  }

  madeProgress(): void {
    this.#failed = 0;
  }

  /** Waits before the next attempt; throws the failure when there is none left, or when it will not pass. */
  async after(failure: unknown, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#failed++;
    if (!(failure instanceof StoreFailure && failure.mayPass) || this.#failed >= this.#policy.attempts) throw failure;
    const delayMs = Math.min(this.#policy.maxDelayMs, this.#policy.firstDelayMs * 2 ** (this.#failed - 1));
    // all transfers of a store that was away must not come back in the same instant
    await pause(delayMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** Calls until it works, as often as the policy says. */
export async function retrying<T>(policy: RetryPolicy, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  const retries = new Retries(policy);
  for (;;) {
    try {
      return await call();
    } catch (error) {
      await retries.after(error, signal);
    }
  }
}
