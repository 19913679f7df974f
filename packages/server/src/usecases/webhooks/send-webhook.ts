import { createHmac } from 'node:crypto';
import { isTrainyardError } from '@trainyard/core/errors.ts';
import type { RegistryEvent } from '@trainyard/core/registry/webhook-events.ts';
import { signedText, webhookBody } from '@trainyard/core/registry/webhook-message.ts';
import type { TryOutcome } from '@trainyard/core/registry/webhook-retry.ts';
import type { OutboundHttp } from '../../platform/outbound/outbound-http.ts';

/** What receivers have to read a message, decide and answer. */
const TIMEOUT_MS = 30_000;
/** Their answers are not read, only drained, so that they can end them in peace. */
const MAX_ANSWER_BYTES = 65_536;

export interface WebhookMessage {
  readonly url: string;
  /** Undefined: not signed. */
  readonly secret: string | undefined;
  readonly deliveryId: string;
  readonly happened: RegistryEvent;
  /** When it happened; milliseconds since 1970. */
  readonly happenedAt: number;
}

interface Needs {
  readonly outbound: OutboundHttp;
  readonly now: () => number;
}

/**
 * Sends one message to a receiver, as MLflow does: signed with HMAC-SHA256 over its id, the seconds of sending and its body.
 * Rejects only with the reason of `signal`, and for what is a fault of ours.
 */
export async function sendWebhook({ outbound, now }: Needs, message: WebhookMessage, signal?: AbortSignal): Promise<TryOutcome> {
  const sentAtSeconds = Math.floor(now() / 1000);
  const body = webhookBody(message.happened, isoTime(message.happenedAt));
  const headers = { 'Content-Type': 'application/json', 'User-Agent': 'trainyard', 'X-MLflow-Delivery-Id': message.deliveryId, 'X-MLflow-Timestamp': String(sentAtSeconds) };
  const signature = message.secret === undefined ? {} : { 'X-MLflow-Signature': `v1,${createHmac('sha256', message.secret).update(signedText({ ...message, sentAtSeconds, body })).digest('base64')}` };
  try {
    const answer = await outbound.request({ url: message.url, method: 'POST', headers: { ...headers, ...signature }, body, timeoutMs: TIMEOUT_MS, maxBytes: MAX_ANSWER_BYTES, ...(signal === undefined ? {} : { signal }) });
    answer.body.resume();
    return { kind: 'answered', status: answer.status, retryAfterMs: retryAfterMs(answer.headers['retry-after'], now()) };
  } catch (error) {
    const outcome = outcomeOf(error);
    if (outcome === undefined) throw error;
    return outcome;
  }
}

function outcomeOf(error: unknown): TryOutcome | undefined {
  if (!isTrainyardError(error)) return undefined;
  if (error.code === 'OUTBOUND_UNREACHABLE') return { kind: 'unreachable', problem: error.message };
  if (error.code === 'OUTBOUND_BROKEN') return { kind: 'broken', problem: error.message };
  return error.code === 'OUTBOUND_REFUSED' ? { kind: 'refused', problem: error.message } : undefined;
}

/** Seconds, or a date. Undefined for anything else. */
function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? ms : undefined;
}

/** With an offset instead of `Z`, which older Pythons do not read. */
function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '+00:00');
}
