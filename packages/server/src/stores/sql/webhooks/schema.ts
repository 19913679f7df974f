import type { Generated } from 'kysely';

/** Tables of webhooks. Times are milliseconds since 1970. */
export interface WebhookSchema {
  webhooks: WebhookTable;
  webhook_events: { event: string; webhook_id: string };
  webhook_deliveries: DeliveryTable;
}

export interface WebhookTable {
  id: string;
  name: string;
  description: string | null;
  url: string;
  status: string;
  /** Sealed. */
  secret: string | null;
  created_at: number;
  updated_at: number;
  /** The receiver was away: nothing goes out before. 0 when it was there. */
  wait_until: number;
  absences: number;
  lease: string | null;
  lease_until: number | null;
}

export interface DeliveryTable {
  /** Counts up in the order of events. */
  number: Generated<number>;
  /** What receivers know it by. */
  delivery_id: string;
  webhook_id: string;
  event: string;
  /** JSON. */
  data: string;
  created_at: number;
  state: string;
  attempts: number;
  due_at: number;
  ended_at: number | null;
  last_error: string | null;
}
