import type { RetryPolicy } from './spec.ts';

/** When the attempt behind `attempt` (from 1) may start: doubling from `backoffMs`, never more than `maxBackoffMs` later. */
export function nextAttemptAt(policy: RetryPolicy, attempt: number, now: number): number {
  // beyond 2^30 the double would only lose precision, the cap has won long before
  const doubled = policy.backoffMs * 2 ** Math.min(attempt - 1, 30);
  return now + Math.min(doubled, policy.maxBackoffMs);
}
