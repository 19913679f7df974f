import { invalid } from '../tracking/names.ts';

/** What registries tell about, as `<entity>.<action>`, and what each telling says. An example stands for all of its kind in a test call. */
const EXAMPLES = {
  'model_version.created': { name: 'example_model', version: '1', source: 'models:/123', run_id: 'abcd1234abcd5678' as string | null, tags: { example_key: 'example_value' } as Readonly<Record<string, string>>, description: 'An example model version' as string | null },
  'model_version_alias.created': { name: 'example_model', alias: 'example_alias', version: '1' },
  'model_version_alias.deleted': { name: 'example_model', alias: 'example_alias' },
  'model_version_tag.deleted': { name: 'example_model', version: '1', key: 'example_key' },
  'model_version_tag.set': { name: 'example_model', version: '1', key: 'example_key', value: 'example_value' },
  'registered_model.created': { name: 'example_model', tags: { example_key: 'example_value' } as Readonly<Record<string, string>>, description: 'An example registered model' },
} satisfies Record<string, object>;

export type WebhookEvent = keyof typeof EXAMPLES;

/** Something that happened in the registry. */
export type RegistryEvent = { readonly [Event in WebhookEvent]: { readonly event: Event; readonly data: (typeof EXAMPLES)[Event] } }[WebhookEvent];

/** In the order in which a webhook's events are shown. */
export const WEBHOOK_EVENTS = Object.keys(EXAMPLES) as readonly WebhookEvent[];

export function exampleOf(event: WebhookEvent): RegistryEvent {
  // the table gives each event its own data; a lookup by a union cannot say so
  return { event, data: EXAMPLES[event] } as RegistryEvent;
}

/** Entities of MLflow that are not kept here, so that nothing would ever be told about them. */
const ELSEWHERE = ['prompt', 'prompt_version', 'prompt_tag', 'prompt_version_tag', 'prompt_alias', 'budget_policy'];

/** Throws INVALID_TRACKING_VALUE for an action the entity does not know, and for what does not happen on this server. */
export function parseWebhookEvent(entity: string, action: string): WebhookEvent {
  const found = WEBHOOK_EVENTS.find((event) => event === `${entity}.${action}`);
  if (found !== undefined) return found;
  if (ELSEWHERE.includes(entity)) throw invalid(`Webhooks on '${entity}' are not available: this server keeps none of these. Available events are: ${WEBHOOK_EVENTS.join(', ')}.`);
  const actions = WEBHOOK_EVENTS.filter((event) => event.startsWith(`${entity}.`)).map((event) => `'${event.slice(entity.length + 1)}'`);
  throw invalid(`Invalid action '${action}' for entity '${entity}'. Valid actions are: [${actions.join(', ')}]`);
}

/** Without repetition, in the order in which they are shown. Throws INVALID_TRACKING_VALUE when there is none. */
export function checkWebhookEvents(events: readonly WebhookEvent[]): readonly WebhookEvent[] {
  if (events.length === 0) throw invalid('Webhook events must be a non-empty list of WebhookEvent objects: [].');
  return WEBHOOK_EVENTS.filter((event) => events.includes(event));
}
