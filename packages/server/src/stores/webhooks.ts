import type { RegistryEvent, WebhookEvent } from '@trainyard/core/registry/webhook-events.ts';
import type { DeliveryVerdict } from '@trainyard/core/registry/webhook-retry.ts';
import type { Page, Paging } from './tracking.ts';

export type WebhookStatus = 'ACTIVE' | 'DISABLED';

export interface WebhookRecord {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly status: WebhookStatus;
  /** The secret that signs, sealed; null when nothing is signed. */
  readonly sealedSecret: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type WebhookChange = Partial<Pick<WebhookRecord, 'name' | 'description' | 'url' | 'events' | 'status' | 'sealedSecret'>>;

export type DeliveryState = 'pending' | 'delivered' | 'given_up';

/** One event on its way to one webhook. */
export interface DeliveryRecord {
  /** The same for every try, so that a receiver can tell. */
  readonly id: string;
  readonly event: WebhookEvent;
  readonly state: DeliveryState;
  /** When it happened. */
  readonly createdAt: number;
  readonly attempts: number;
  /** Null when it is over. */
  readonly dueAt: number | null;
  readonly lastError: string | null;
}

/** Webhooks. What is not there is WEBHOOK_NOT_FOUND. */
export interface WebhookStore {
  create(webhook: WebhookRecord): Promise<void>;
  find(id: string): Promise<WebhookRecord | undefined>;
  /** The newest first. */
  list(paging: Paging): Promise<Page<WebhookRecord>>;
  /** What is pending waits no longer for a receiver that was away. */
  update(id: string, change: WebhookChange, now: number): Promise<WebhookRecord>;
  /** With all its deliveries. */
  delete(id: string): Promise<void>;
  /** The newest first. */
  deliveries(id: string, limit: number): Promise<DeliveryRecord[]>;
  /** Replaces all sealed secrets by what `reseal` makes of them, in one transaction. Answers how many. */
  resealAll(reseal: (webhook: { readonly id: string; readonly sealedSecret: string }) => string): Promise<number>;
}

/** Who holds a webhook, and until when; milliseconds since 1970. */
export interface WebhookLease {
  readonly webhookId: string;
  readonly lease: string;
  readonly leaseUntil: number;
  readonly now: number;
}

/** What goes out next to a webhook. */
export interface DueDelivery {
  /** Of the row; the id receivers see is `deliveryId`. */
  readonly number: number;
  readonly deliveryId: string;
  readonly url: string;
  readonly sealedSecret: string | null;
  readonly happened: RegistryEvent;
  readonly createdAt: number;
  /** Tries before this one. */
  readonly attempts: number;
  /** Times in a row that the receiver was away. */
  readonly absences: number;
}

/**
 * Deliveries that have to go out. They are put in by the transaction of the change they tell about, so none is lost and none
 * tells about what did not happen. A webhook is held by one lease at a time, so its deliveries go out one after the other.
 */
export interface DeliveryQueue {
  /** Takes up to `max` active webhooks that have something due and are not held. Answers their ids. */
  claim(claim: { readonly lease: string; readonly leaseUntil: number; readonly now: number; readonly max: number }): Promise<string[]>;
  /** The oldest due delivery of a webhook, and the lease prolonged. Undefined when none is due, or the webhook is not ours, not active, or waits. */
  next(lease: WebhookLease): Promise<DueDelivery | undefined>;
  /** Writes down how a try ended. False when the lease was lost: whoever has it now tries again. */
  settle(lease: Omit<WebhookLease, 'leaseUntil'>, delivery: { readonly number: number; readonly verdict: DeliveryVerdict }): Promise<boolean>;
  /** Gives a webhook back. */
  release(webhookId: string, lease: string): Promise<void>;
  /** When something is or will be due that nobody holds; null when nothing will. */
  nextDueAt(): Promise<number | null>;
  /** For the only server on a database: whoever held a lease is dead. */
  dropLeases(): Promise<void>;
  /** Removes deliveries that were over before `before`, and what a deleted webhook left, `limit` of them at most. Answers how many. */
  forget(before: number, limit: number): Promise<number>;
}
