/** How a try to deliver ended. */
export type TryOutcome =
  | { readonly kind: 'answered'; readonly status: number; /** What the receiver asked for. */ readonly retryAfterMs?: number | undefined }
  /** Nothing of the request arrived. */
  | { readonly kind: 'unreachable'; readonly problem: string }
  /** It was sent, but there was no whole answer. */
  | { readonly kind: 'broken'; readonly problem: string }
  /** The address may not be called. */
  | { readonly kind: 'refused'; readonly problem: string };

export type DeliveryVerdict =
  | { readonly kind: 'delivered' }
  /** This delivery is due again at `at`; those behind it may pass. */
  | { readonly kind: 'again'; readonly at: number; readonly problem: string }
  /** The receiver is away: nothing is sent to it before `until`, and the order stays. */
  | { readonly kind: 'wait'; readonly until: number; readonly problem: string }
  /** `away`: the receiver is, so those behind it need not hurry. */
  | { readonly kind: 'given_up'; readonly problem: string; readonly away: boolean };

export interface DeliveryFacts {
  /** When it happened, and with it the delivery began; milliseconds since 1970. */
  readonly createdAt: number;
  /** Tries of this delivery before the one that is judged. */
  readonly attempts: number;
  /** Times in a row that the receiver was away. */
  readonly absences: number;
  readonly now: number;
  /** 0 ≤ chance < 1: spreads those that failed together. */
  readonly chance: number;
}

/** Quick enough for a restart of the receiver, rare enough for a day without it: some forty tries. */
const FIRST_DELAY_MS = 2_000;
const MAX_DELAY_MS = 3_600_000;
/** A receiver may ask for more patience than we would have, not for being forgotten. */
const MAX_RETRY_AFTER_MS = 6 * 3_600_000;
const GIVE_UP_AFTER_MS = 24 * 3_600_000;

/** Answers that say the receiver is not there or has too much to do, whatever it was sent. */
const AWAY: readonly number[] = [429, 502, 503, 504];

/**
 * What becomes of a delivery. 2xx is delivered. An answer that another try would get as well (other 4xx, a redirect, which is
 * never followed) ends it. What may pass is tried again for a day, ever more rarely.
 */
export function judgeDelivery(outcome: TryOutcome, facts: DeliveryFacts): DeliveryVerdict {
  switch (outcome.kind) {
    case 'answered':
      return judgeAnswer(outcome, facts);
    case 'unreachable':
      return orGiveUp({ kind: 'wait', until: facts.now + delayMs(facts.absences, facts.chance), problem: outcome.problem }, facts);
    case 'broken':
      return orGiveUp({ kind: 'again', at: facts.now + delayMs(facts.attempts, facts.chance), problem: outcome.problem }, facts);
    case 'refused':
      return { kind: 'given_up', problem: outcome.problem, away: false };
    default:
      return outcome satisfies never;
  }
}

function judgeAnswer({ status, retryAfterMs = 0 }: { readonly status: number; readonly retryAfterMs?: number | undefined }, facts: DeliveryFacts): DeliveryVerdict {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  const problem = `the receiver answered ${status}${isRedirect(status) ? ', a redirect, which is not followed' : ''}`;
  const wished = Math.min(Math.max(retryAfterMs, 0), MAX_RETRY_AFTER_MS);
  if (AWAY.includes(status)) return orGiveUp({ kind: 'wait', until: facts.now + Math.max(wished, delayMs(facts.absences, facts.chance)), problem }, facts);
  if (status === 408 || status >= 500) return orGiveUp({ kind: 'again', at: facts.now + Math.max(wished, delayMs(facts.attempts, facts.chance)), problem }, facts);
  return { kind: 'given_up', problem, away: false };
}

export function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}

/** Doubles with every try; a random half of it keeps many from coming back at once. */
function delayMs(before: number, chance: number): number {
  const full = Math.min(FIRST_DELAY_MS * 2 ** Math.min(before, 20), MAX_DELAY_MS);
  return Math.round(full * (0.5 + chance / 2));
}

function orGiveUp(verdict: Extract<DeliveryVerdict, { kind: 'again' | 'wait' }>, { createdAt }: DeliveryFacts): DeliveryVerdict {
  const next = verdict.kind === 'wait' ? verdict.until : verdict.at;
  return next - createdAt > GIVE_UP_AFTER_MS ? { kind: 'given_up', problem: verdict.problem, away: verdict.kind === 'wait' } : verdict;
}
