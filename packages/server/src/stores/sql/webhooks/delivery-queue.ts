import type { RegistryEvent } from '@trainyard/core/registry/webhook-events.ts';
import type { DeliveryVerdict } from '@trainyard/core/registry/webhook-retry.ts';
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely';
import type { DeliveryQueue, DueDelivery, WebhookLease } from '../../webhooks.ts';
import type { Database, Trx } from '../database.ts';
import type { Schema } from '../schema.ts';

/** Written out: behind a parameter SQLite does not see that the indexes of what is pending will do. */
const PENDING = sql.lit('pending');
const ORPHANS_AT_ONCE = 100;

export class SqlDeliveryQueue implements DeliveryQueue {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async claim({ lease, leaseUntil, now, max }: Parameters<DeliveryQueue['claim']>[0]): Promise<string[]> {
    // a look first: most passes find nothing, and a look costs no transaction
    const due = await this.#database.read
      .selectFrom('webhooks')
      .select('id')
      .where((eb) => mayBeTaken(eb, now))
      .where((eb) => eb(firstDue(eb), '<=', now))
      .orderBy((eb) => firstDue(eb))
      .limit(max)
      .execute();
    if (due.length === 0) return [];
    const ids = due.map(({ id }) => id);
    // of two that looked at the same time the second one finds the lease of the first
    const taken = await this.#database.write((trx) => trx.updateTable('webhooks').set({ lease, lease_until: leaseUntil }).where('id', 'in', ids).where((eb) => mayBeTaken(eb, now)).returning('id').execute());
    return taken.map(({ id }) => id);
  }

  next({ webhookId, lease, leaseUntil, now }: WebhookLease): Promise<DueDelivery | undefined> {
    return this.#database.write(async (trx) => {
      const webhook = await trx
        .updateTable('webhooks')
        .set({ lease_until: leaseUntil })
        .where('id', '=', webhookId)
        .where('lease', '=', lease)
        .where('status', '=', 'ACTIVE')
        .where('wait_until', '<=', now)
        .returning(['url', 'secret', 'absences'])
        .executeTakeFirst();
      if (webhook === undefined) return undefined;
      // + 0: the index by number gives the first one at once, the one by due time would have all of them sorted
      const row = await trx.selectFrom('webhook_deliveries').selectAll().where('webhook_id', '=', webhookId).where('state', '=', PENDING).where(sql`due_at + 0`, '<=', now).orderBy('number').limit(1).executeTakeFirst();
      if (row === undefined) return undefined;
      // the outbox wrote them together
      const happened = { event: row.event, data: JSON.parse(row.data) as unknown } as RegistryEvent;
      return { number: row.number, deliveryId: row.delivery_id, url: webhook.url, sealedSecret: webhook.secret, happened, createdAt: row.created_at, attempts: row.attempts, absences: webhook.absences };
    });
  }

  settle({ webhookId, lease, now }: Omit<WebhookLease, 'leaseUntil'>, { number, verdict }: { readonly number: number; readonly verdict: DeliveryVerdict }): Promise<boolean> {
    return this.#database.write(async (trx) => {
      const away = verdict.kind === 'wait' || (verdict.kind === 'given_up' && verdict.away);
      const { numUpdatedRows } = await trx
        .updateTable('webhooks')
        .set((eb) => ({ absences: away ? eb('absences', '+', 1) : eb.val(0), wait_until: verdict.kind === 'wait' ? verdict.until : 0 }))
        .where('id', '=', webhookId)
        .where('lease', '=', lease)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return false;
      await writeVerdict(trx, { number, verdict, now });
      return true;
    });
  }

  async release(webhookId: string, lease: string): Promise<void> {
    await this.#database.write((trx) => trx.updateTable('webhooks').set({ lease: null, lease_until: null }).where('id', '=', webhookId).where('lease', '=', lease).execute());
  }

  async nextDueAt(): Promise<number | null> {
    const rows = await this.#database.read
      .selectFrom('webhooks')
      .select(['wait_until', 'lease_until', (eb) => firstDue(eb).as('due_at')])
      .where('status', '=', 'ACTIVE')
      .execute();
    const times = rows.filter((row) => row.due_at !== null).map((row) => Math.max(row.due_at ?? 0, row.wait_until, row.lease_until ?? 0));
    return times.length === 0 ? null : Math.min(...times);
  }

  async dropLeases(): Promise<void> {
    await this.#database.write((trx) => trx.updateTable('webhooks').set({ lease: null, lease_until: null }).where('lease', 'is not', null).execute());
  }

  async forget(before: number, limit: number): Promise<number> {
    const deliveries = this.#database.read.selectFrom('webhook_deliveries').select('number');
    const over = await this.#remove(deliveries.where('state', '<>', PENDING).where('ended_at', '<', before).orderBy('ended_at').limit(limit));
    const orphans = over < limit ? await orphansOf(this.#database) : [];
    return orphans.length === 0 ? over : over + (await this.#remove(deliveries.where('webhook_id', 'in', orphans).limit(limit - over)));
  }

  async #remove(numbers: Expression<{ number: number }>): Promise<number> {
    const { numDeletedRows } = await this.#database.write((trx) => trx.deleteFrom('webhook_deliveries').where(sql<SqlBool>`number in (${numbers})`).executeTakeFirst());
    return Number(numDeletedRows);
  }
}

/** Webhooks that are gone and have deliveries: of a change that was committed while they were deleted. From one webhook to the next by the index, not through all deliveries. */
async function orphansOf({ read }: Database): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    with recursive named(id) as (
      select min(webhook_id) from webhook_deliveries
      union all select (select min(webhook_id) from webhook_deliveries where webhook_id > named.id) from named where named.id is not null)
    select id from named where id is not null and id not in (select id from webhooks) limit ${ORPHANS_AT_ONCE}`.execute(read);
  return rows.map(({ id }) => id);
}

function mayBeTaken(eb: ExpressionBuilder<Schema, 'webhooks'>, now: number) {
  return eb.and([eb('status', '=', 'ACTIVE'), eb('wait_until', '<=', now), eb.or([eb('lease_until', 'is', null), eb('lease_until', '<=', now)])]);
}

/** When the first delivery of a webhook is due; null when none is pending. */
function firstDue(eb: ExpressionBuilder<Schema, 'webhooks'>) {
  return eb.selectFrom('webhook_deliveries').select('due_at').whereRef('webhook_id', '=', 'webhooks.id').where('state', '=', PENDING).orderBy('due_at').limit(1);
}

async function writeVerdict(trx: Trx, { number, verdict, now }: { readonly number: number; readonly verdict: DeliveryVerdict; readonly now: number }): Promise<void> {
  const update = trx.updateTable('webhook_deliveries').set({ attempts: sql`attempts + 1` }).where('number', '=', number).where('state', '=', PENDING);
  switch (verdict.kind) {
    case 'delivered':
      await update.set({ state: 'delivered', ended_at: now, last_error: null }).execute();
      break;
    case 'given_up':
      await update.set({ state: 'given_up', ended_at: now, last_error: verdict.problem }).execute();
      break;
    case 'again':
      await update.set({ due_at: verdict.at, last_error: verdict.problem }).execute();
      break;
    case 'wait':
      await update.set({ last_error: verdict.problem }).execute();
      break;
    default:
      verdict satisfies never;
  }
}
