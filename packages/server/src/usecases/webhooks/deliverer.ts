import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { judgeDelivery, type TryOutcome } from '@trainyard/core/registry/webhook-retry.ts';
import type { OutboundHttp } from '../../platform/outbound/outbound-http.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Seal } from '../../platform/seal.ts';
import { WakeableSleep } from '../../platform/wakeable-sleep.ts';
import type { DeliveryQueue, DueDelivery } from '../../stores/webhooks.ts';
import { sendWebhook } from './send-webhook.ts';
import { openSecret } from './webhook-secret.ts';

export interface DelivererOptions {
  readonly queue: DeliveryQueue;
  readonly outbound: OutboundHttp;
  readonly seal: Seal;
  readonly now: () => number;
  /** 0 ≤ chance < 1. */
  readonly chance: () => number;
  readonly log: Logger;
}

/** Webhooks that are served at the same time; each gets one message after the other. */
const MAX_AT_ONCE = 8;
/** Longer than one call may take; prolonged with every delivery. A server that dies gives its webhooks back after this. */
const LEASE_MS = 90_000;
/** Then others get their turn, should there be more webhooks than places. */
const MAX_IN_A_ROW = 20;
/** Polling is the truth: the longest sleep when nothing wakes us. Only what another server records has to wait that long. */
const MAX_SLEEP_MS = 30_000;
/** Never faster than this on its own, whatever the store says. */
const MIN_SLEEP_MS = 50;
const KEEP_MS = 7 * 86_400_000;
const FORGET_EVERY_MS = 3_600_000;
/** Deliveries in one write: other writers wait that long and no longer. */
const FORGET_AT_ONCE = 1_000;

/**
 * Sends what is due: claim webhooks → next delivery → send → settle. Everything it knows is in the store, nothing is sent inside
 * of a transaction, and it may die anywhere: what was sent and not settled is sent again, under the same id. `wake` is only a hint.
 */
export class Deliverer {
  readonly #options: DelivererOptions;
  readonly #closing = new AbortController();
  readonly #serving = new Set<Promise<void>>();
  readonly #sleep = new WakeableSleep();
  #loop: Promise<void> = Promise.resolve();
  #forgottenAt = 0;

  constructor(options: DelivererOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
  }

  wake(): void {
    this.#sleep.wake();
  }

  /** Breaks off what is being sent; it is sent again after the next start. */
  async stop(): Promise<void> {
    this.#closing.abort(new Error('the server is shutting down'));
    this.wake();
    await this.#loop;
    await this.idle();
  }

  /** Begins with every webhook that is due and has a place. Answers how many. */
  async pass(): Promise<number> {
    const { queue, now } = this.#options;
    const places = MAX_AT_ONCE - this.#serving.size;
    if (places <= 0) return 0;
    const [lease, at] = [randomUUID(), now()];
    const ids = await queue.claim({ lease, leaseUntil: at + LEASE_MS, now: at, max: places });
    for (const id of ids) this.#begin(id, lease);
    return ids.length;
  }

  /** Resolves when nothing is being sent. */
  async idle(): Promise<void> {
    while (this.#serving.size > 0) await Promise.all(this.#serving);
  }

  #begin(webhookId: string, lease: string): void {
    const serving = this.#serve(webhookId, lease)
      // the lease runs out by itself, and somebody tries again
      .catch((error: unknown) => this.#options.log.error({ webhookId, error }, 'a webhook could not be served; it is tried again'))
      .finally(() => {
        this.#serving.delete(serving);
        this.wake();
      });
    this.#serving.add(serving);
  }

  async #serve(webhookId: string, lease: string): Promise<void> {
    const { queue, now } = this.#options;
    for (let sent = 0; sent < MAX_IN_A_ROW && !this.#closing.signal.aborted; sent++) {
      const due = await queue.next({ webhookId, lease, leaseUntil: now() + LEASE_MS, now: now() });
      if (due === undefined) break;
      const outcome = await this.#send(webhookId, due);
      if (outcome === undefined || !(await this.#settle({ webhookId, lease }, due, outcome))) break;
    }
    await queue.release(webhookId, lease);
  }

  /** Undefined when the server is closing. */
  async #send(webhookId: string, due: DueDelivery): Promise<TryOutcome | undefined> {
    const { seal, log } = this.#options;
    try {
      const secret = openSecret(seal, webhookId, due.sealedSecret);
      return await sendWebhook(this.#options, { ...due, secret, happenedAt: due.createdAt }, this.#closing.signal);
    } catch (error) {
      if (this.#closing.signal.aborted) return undefined;
      log.error({ webhookId, deliveryId: due.deliveryId, error }, 'a message to a webhook could not be made');
      return { kind: 'broken', problem: 'the server could not make the message; its log says why' };
    }
  }

  async #settle(holder: { readonly webhookId: string; readonly lease: string }, due: DueDelivery, outcome: TryOutcome): Promise<boolean> {
    const { queue, now, chance, log } = this.#options;
    const verdict = judgeDelivery(outcome, { ...due, now: now(), chance: chance() });
    const settled = await queue.settle({ ...holder, now: now() }, { number: due.number, verdict });
    if (settled && verdict.kind === 'given_up') log.warn({ webhookId: holder.webhookId, deliveryId: due.deliveryId, event: due.happened.event, problem: verdict.problem }, 'a message to a webhook was given up');
    return settled;
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      let begun = 0;
      try {
        await this.#forget();
        begun = await this.pass();
      } catch (error) {
        this.#options.log.error({ error }, 'webhooks could not be looked at; that is tried again');
      }
      if (begun === 0 && !this.#closing.signal.aborted) await this.#sleep.sleep(await this.#untilDueMs());
    }
  }

  async #forget(): Promise<void> {
    const at = this.#options.now();
    if (at - this.#forgottenAt < FORGET_EVERY_MS) return;
    this.#forgottenAt = at;
    for (let gone = FORGET_AT_ONCE; gone === FORGET_AT_ONCE && !this.#closing.signal.aborted; ) {
      gone = await this.#options.queue.forget(at - KEEP_MS, FORGET_AT_ONCE);
      // an embedded database works on this thread: others come in between two parts
      await nextTurn();
    }
  }

  async #untilDueMs(): Promise<number> {
    if (this.#serving.size >= MAX_AT_ONCE) return MAX_SLEEP_MS;
    // a store that does not answer is met again by the next pass, which says so
    const next = await this.#options.queue.nextDueAt().catch(() => null);
    return next === null ? MAX_SLEEP_MS : Math.max(MIN_SLEEP_MS, Math.min(MAX_SLEEP_MS, next - this.#options.now()));
  }
}
