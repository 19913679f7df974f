import { TrainyardError } from '@trainyard/core/errors.ts';
import { WEBHOOK_EVENTS, type WebhookEvent } from '@trainyard/core/registry/webhook-events.ts';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Page, Paging } from '../../tracking.ts';
import type { DeliveryRecord, DeliveryState, WebhookChange, WebhookRecord, WebhookStatus, WebhookStore } from '../../webhooks.ts';
import type { Database, Trx } from '../database.ts';
import { inParts } from '../insert-rows.ts';
import { byCodePoint, keysetPage } from '../keyset.ts';
import type { Schema } from '../schema.ts';
import type { DeliveryTable, WebhookTable } from './schema.ts';

export class SqlWebhookStore implements WebhookStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async create(webhook: WebhookRecord): Promise<void> {
    const { id, name, description, url, status, events } = webhook;
    await this.#database.write(async (trx) => {
      await trx
        .insertInto('webhooks')
        .values({ id, name, description, url, status, secret: webhook.sealedSecret, created_at: webhook.createdAt, updated_at: webhook.updatedAt, wait_until: 0, absences: 0, lease: null, lease_until: null })
        .execute();
      await putEvents(trx, id, events);
    });
  }

  async find(id: string): Promise<WebhookRecord | undefined> {
    const row = await this.#database.read.selectFrom('webhooks').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? undefined : (await toWebhooks(this.#database.read, [row]))[0];
  }

  async list(paging: Paging): Promise<Page<WebhookRecord>> {
    const terms = [
      { by: sql.ref('created_at'), type: 'integer' as const, ascending: false },
      { by: byCodePoint(this.#database.kind, sql.ref('id')), type: 'text' as const, ascending: true },
    ];
    const page = await keysetPage(this.#database.read.selectFrom('webhooks').selectAll(), { terms, limit: paging.limit, after: paging.after });
    return { items: await toWebhooks(this.#database.read, page.items), next: page.next };
  }

  update(id: string, change: WebhookChange, now: number): Promise<WebhookRecord> {
    const { events, sealedSecret, ...columns } = change;
    return this.#database.write(async (trx) => {
      const row = await trx
        .updateTable('webhooks')
        .set({ ...columns, ...(sealedSecret === undefined ? {} : { secret: sealedSecret }), updated_at: now, wait_until: 0, absences: 0 })
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst();
      if (row === undefined) throw new TrainyardError('WEBHOOK_NOT_FOUND', { id });
      if (events !== undefined) await putEvents(trx, id, events);
      const [record] = await toWebhooks(trx, [row]);
      return record ?? toWebhook(row, events ?? []);
    });
  }

  delete(id: string): Promise<void> {
    return this.#database.write(async (trx) => {
      const { numDeletedRows } = await trx.deleteFrom('webhooks').where('id', '=', id).executeTakeFirst();
      if (numDeletedRows === 0n) throw new TrainyardError('WEBHOOK_NOT_FOUND', { id });
      for (const table of ['webhook_events', 'webhook_deliveries'] as const) await trx.deleteFrom(table).where('webhook_id', '=', id).execute();
    });
  }

  async deliveries(id: string, limit: number): Promise<DeliveryRecord[]> {
    const rows = await this.#database.read.selectFrom('webhook_deliveries').selectAll().where('webhook_id', '=', id).orderBy('number', 'desc').limit(limit).execute();
    return rows.map(toDelivery);
  }

  resealAll(reseal: (webhook: { readonly id: string; readonly sealedSecret: string }) => string): Promise<number> {
    return this.#database.write(async (trx) => {
      const rows = await trx.selectFrom('webhooks').select(['id', 'secret']).where('secret', 'is not', null).execute();
      for (const { id, secret } of rows) await trx.updateTable('webhooks').set({ secret: reseal({ id, sealedSecret: secret ?? '' }) }).where('id', '=', id).execute();
      return rows.length;
    });
  }
}

async function putEvents(trx: Trx, id: string, events: readonly WebhookEvent[]): Promise<void> {
  await trx.deleteFrom('webhook_events').where('webhook_id', '=', id).execute();
  await trx.insertInto('webhook_events').values(events.map((event) => ({ event, webhook_id: id }))).execute();
}

async function toWebhooks(db: Kysely<Schema>, rows: readonly Selectable<WebhookTable>[]): Promise<WebhookRecord[]> {
  const events = new Map<string, string[]>(rows.map((row) => [row.id, []]));
  for (const ids of inParts([...events.keys()])) {
    for (const { webhook_id: id, event } of await db.selectFrom('webhook_events').selectAll().where('webhook_id', 'in', ids).execute()) events.get(id)?.push(event);
  }
  return rows.map((row) => toWebhook(row, WEBHOOK_EVENTS.filter((event) => events.get(row.id)?.includes(event))));
}

function toWebhook(row: Selectable<WebhookTable>, events: readonly WebhookEvent[]): WebhookRecord {
  return { id: row.id, name: row.name, description: row.description, url: row.url, events, status: row.status as WebhookStatus, sealedSecret: row.secret, createdAt: row.created_at, updatedAt: row.updated_at };
}

function toDelivery(row: Selectable<DeliveryTable>): DeliveryRecord {
  return { id: row.delivery_id, event: row.event as WebhookEvent, state: row.state as DeliveryState, createdAt: row.created_at, attempts: row.attempts, dueAt: row.ended_at === null ? row.due_at : null, lastError: row.last_error };
}
