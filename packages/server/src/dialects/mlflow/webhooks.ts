import { parseWebhookEvent, type WebhookEvent } from '@trainyard/core/registry/webhook-events.ts';
import { invalid } from '@trainyard/core/tracking/names.ts';
import type { DeliveryRecord, WebhookRecord, Webhooks } from '../../usecases/webhooks/webhooks.ts';
import { type Answer, done, type Endpoint, endpoint } from './endpoint.ts';
import { int64, list, message, oneOf, required, text } from './wire/fields.ts';

/** In the order of their numbers in the protocol. */
const ENTITIES = ['REGISTERED_MODEL', 'MODEL_VERSION', 'MODEL_VERSION_TAG', 'MODEL_VERSION_ALIAS', 'PROMPT', 'PROMPT_VERSION', 'PROMPT_TAG', 'PROMPT_VERSION_TAG', 'PROMPT_ALIAS', 'BUDGET_POLICY'] as const;
const ACTIONS = ['CREATED', 'UPDATED', 'DELETED', 'SET', 'EXCEEDED'] as const;
const STATUSES = ['ACTIVE', 'DISABLED'] as const;

const event = message({ entity: required(oneOf(ENTITIES)), action: required(oneOf(ACTIONS)) });
const id = { webhook_id: required(text) };
const changes = { name: text, description: text, url: text, events: list(event), secret: text, status: oneOf(STATUSES) };

export function webhookEndpoints(webhooks: Webhooks): Endpoint[] {
  return [
    endpoint({
      methods: ['POST'],
      needs: 'administer',
      audit: { action: 'webhook.create', resource: ({ name }) => name },
      path: 'webhooks',
      fields: { ...changes, name: required(text), url: required(text) },
      answer: async ({ name, url, events, description = '', secret = '', status = 'ACTIVE' }, caller) => ({ webhook: webhookAnswer(await webhooks.create(caller, { name, url, events: events.map(eventOf), description, secret, status })) }),
    }),
    endpoint({
      methods: ['GET'],
      needs: 'administer',
      path: 'webhooks',
      fields: { max_results: int64, page_token: text },
      answer: async (asked, caller) => {
        const page = await webhooks.list(caller, { limit: pageSize(Number(asked.max_results ?? 0)), after: asked.page_token || undefined });
        return { webhooks: page.items.map(webhookAnswer), next_page_token: page.next };
      },
    }),
    endpoint({
      methods: ['GET'],
      needs: 'administer',
      path: 'webhooks/:webhook_id',
      fields: id,
      answer: async (asked, caller) => {
        const webhook = await webhooks.get(caller, asked.webhook_id);
        return { webhook: { ...webhookAnswer(webhook), recent_deliveries: webhook.deliveries.map(deliveryAnswer) } };
      },
    }),
    endpoint({
      methods: ['PATCH'],
      needs: 'administer',
      audit: { action: 'webhook.edit', resource: (asked) => asked.webhook_id },
      path: 'webhooks/:webhook_id',
      fields: { ...id, ...changes },
      answer: async (asked, caller) => {
        const { name, description, url, events, secret, status } = asked;
        const change = { ...(name ? { name } : {}), ...(description === undefined ? {} : { description }), ...(url ? { url } : {}), ...(events.length === 0 ? {} : { events: events.map(eventOf) }), ...(secret === undefined ? {} : { secret }), ...(status === undefined ? {} : { status }) };
        return { webhook: webhookAnswer(await webhooks.update(caller, asked.webhook_id, change)) };
      },
    }),
    endpoint({ methods: ['DELETE'], needs: 'administer', audit: { action: 'webhook.delete', resource: (asked) => asked.webhook_id }, path: 'webhooks/:webhook_id', fields: id, answer: (asked, caller) => done(webhooks.delete(caller, asked.webhook_id)) }),
    endpoint({
      methods: ['POST'],
      needs: 'administer',
      audit: { action: 'webhook.test', resource: (asked) => asked.webhook_id },
      path: 'webhooks/:webhook_id/test',
      fields: { ...id, event },
      answer: async (asked, caller) => {
        const tested = await webhooks.test(caller, asked.webhook_id, asked.event === undefined ? undefined : eventOf(asked.event));
        return { result: { success: tested.success, response_status: tested.responseStatus, error_message: tested.errorMessage } };
      },
    }),
  ];
}

function eventOf({ entity, action }: { readonly entity: string; readonly action: string }): WebhookEvent {
  return parseWebhookEvent(entity.toLowerCase(), action.toLowerCase());
}

/** 0 is what the client sends for none. */
function pageSize(asked: number): number {
  if (asked < 0 || asked > 1000) throw invalid('max_results must be between 1 and 1000.');
  return asked || 100;
}

function webhookAnswer(webhook: WebhookRecord): Answer {
  return {
    webhook_id: webhook.id,
    name: webhook.name,
    description: webhook.description ?? undefined,
    url: webhook.url,
    events: webhook.events.map(eventAnswer),
    status: webhook.status,
    creation_timestamp: webhook.createdAt,
    last_updated_timestamp: webhook.updatedAt,
  };
}

function eventAnswer(name: WebhookEvent): Answer {
  const [entity = '', action = ''] = name.toUpperCase().split('.');
  return { entity, action };
}

/** Not of MLflow, whose clients pass over it: what became of the latest events. */
function deliveryAnswer(delivery: DeliveryRecord): Answer {
  return {
    delivery_id: delivery.id,
    event: eventAnswer(delivery.event),
    state: delivery.state.toUpperCase(),
    creation_timestamp: delivery.createdAt,
    attempts: delivery.attempts,
    next_attempt_timestamp: delivery.dueAt ?? undefined,
    error_message: delivery.lastError ?? undefined,
  };
}
