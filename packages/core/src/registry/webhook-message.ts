import type { RegistryEvent } from './webhook-events.ts';

/**
 * What receivers get as the body: `{"entity", "action", "timestamp", "data"}`. `timestamp` is when it happened, in ISO 8601
 * with an offset. The same event gives the same bytes each time it is sent.
 */
export function webhookBody({ event, data }: RegistryEvent, timestamp: string): string {
  const [entity, action] = event.split('.');
  return JSON.stringify({ entity, action, timestamp, data });
}

/** What is signed with HMAC-SHA256: the id of the delivery, the seconds of sending and the body, so that none of them can be exchanged. */
export function signedText(message: { readonly deliveryId: string; readonly sentAtSeconds: number; readonly body: string }): string {
  return `${message.deliveryId}.${message.sentAtSeconds}.${message.body}`;
}
