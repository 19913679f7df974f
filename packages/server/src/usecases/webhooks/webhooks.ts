import { TrainyardError } from '@trainyard/core/errors.ts';
import { checkWebhookEvents, exampleOf, type WebhookEvent } from '@trainyard/core/registry/webhook-events.ts';
import { checkWebhookName, checkWebhookTexts } from '@trainyard/core/registry/webhook-names.ts';
import { isRedirect } from '@trainyard/core/registry/webhook-retry.ts';
import type { OutboundHttp } from '../../platform/outbound/outbound-http.ts';
import type { Seal } from '../../platform/seal.ts';
import type { Page, Paging } from '../../stores/tracking.ts';
import type { DeliveryRecord, WebhookRecord, WebhookStatus, WebhookStore } from '../../stores/webhooks.ts';
import type { Caller, Rights } from '../tracking/authorize.ts';
import { checkWebhookUrl } from './check-url.ts';
import { sendWebhook } from './send-webhook.ts';
import { openSecret, sealSecret } from './webhook-secret.ts';

export type { DeliveryRecord, WebhookRecord };

export interface WebhookRequest {
  readonly name: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly description: string;
  /** Empty: messages are not signed. */
  readonly secret: string;
  readonly status: WebhookStatus;
}

export interface WebhookTest {
  readonly success: boolean;
  readonly responseStatus?: number | undefined;
  readonly errorMessage?: string | undefined;
}

interface Needs {
  readonly store: WebhookStore;
  readonly rights: Rights;
  readonly outbound: OutboundHttp;
  readonly seal: Seal;
  readonly now: () => number;
  /** A UUID that nobody has. */
  readonly newId: () => string;
}

const SHOWN_DELIVERIES = 20;

/** What users do with webhooks. A run's token may do none of it, not even look: a URL is often a secret by itself. */
export class Webhooks {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  async create(caller: Caller, request: WebhookRequest): Promise<WebhookRecord> {
    this.#requireUser(caller);
    checkWebhookName(request.name);
    checkWebhookTexts(request);
    const events = checkWebhookEvents(request.events);
    await checkWebhookUrl(this.#needs.outbound, request.url);
    const { name, url, status } = request;
    const [id, now] = [this.#needs.newId(), this.#needs.now()];
    const webhook = { id, name, description: request.description || null, url, events, status, sealedSecret: sealSecret(this.#needs.seal, id, request.secret), createdAt: now, updatedAt: now };
    await this.#needs.store.create(webhook);
    return webhook;
  }

  /** With its latest deliveries, the newest first. */
  async get(caller: Caller, id: string): Promise<WebhookRecord & { readonly deliveries: readonly DeliveryRecord[] }> {
    this.#requireUser(caller);
    const [webhook, deliveries] = [await this.#require(id), await this.#needs.store.deliveries(id, SHOWN_DELIVERIES)];
    return { ...webhook, deliveries };
  }

  async list(caller: Caller, paging: Paging): Promise<Page<WebhookRecord>> {
    this.#requireUser(caller);
    return this.#needs.store.list(paging);
  }

  /** Changes what is given. An empty description or secret removes the one that is there. */
  async update(caller: Caller, id: string, change: Partial<WebhookRequest>): Promise<WebhookRecord> {
    this.#requireUser(caller);
    const { description, secret, events, ...rest } = change;
    if (change.name !== undefined) checkWebhookName(change.name);
    checkWebhookTexts(change);
    await this.#require(id);
    if (change.url !== undefined) await checkWebhookUrl(this.#needs.outbound, change.url);
    const more = {
      ...(description === undefined ? {} : { description: description || null }),
      ...(secret === undefined ? {} : { sealedSecret: sealSecret(this.#needs.seal, id, secret) }),
      ...(events === undefined ? {} : { events: checkWebhookEvents(events) }),
    };
    return this.#needs.store.update(id, { ...rest, ...more }, this.#needs.now());
  }

  async delete(caller: Caller, id: string): Promise<void> {
    this.#requireUser(caller);
    await this.#needs.store.delete(id);
  }

  /** Sends an example at once, also to a webhook that is disabled; of its first event unless one is named. What the receiver says beside its status is not told: it may be anybody. */
  async test(caller: Caller, id: string, event?: WebhookEvent): Promise<WebhookTest> {
    this.#requireUser(caller);
    const { url, events, sealedSecret } = await this.#require(id);
    const chosen = event ?? events[0];
    if (chosen === undefined) throw new TrainyardError('WEBHOOK_NOT_FOUND', { id });
    const secret = openSecret(this.#needs.seal, id, sealedSecret);
    const outcome = await sendWebhook(this.#needs, { url, secret, deliveryId: this.#needs.newId(), happened: exampleOf(chosen), happenedAt: this.#needs.now() });
    if (outcome.kind !== 'answered') return { success: false, errorMessage: `Failed to test webhook: ${outcome.problem}` };
    const redirected = isRedirect(outcome.status) ? 'Failed to test webhook: the receiver answered with a redirect, which is not followed' : undefined;
    return { success: outcome.status < 300, responseStatus: outcome.status, errorMessage: redirected };
  }

  async #require(id: string): Promise<WebhookRecord> {
    const webhook = await this.#needs.store.find(id);
    if (webhook === undefined) throw new TrainyardError('WEBHOOK_NOT_FOUND', { id });
    return webhook;
  }

  #requireUser(caller: Caller): void {
    this.#needs.rights.requireUser(caller, 'manage webhooks');
  }
}
