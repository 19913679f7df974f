import { randomUUID } from 'node:crypto';
import type { RegistryEvent } from '@trainyard/core/registry/webhook-events.ts';
import type { Database, Trx } from '../database.ts';
import { insertRows } from '../insert-rows.ts';

/** Tells about something that happened to a model, as part of the transaction in which it happens. */
export type Tell = (modelId: number, happened: RegistryEvent) => Promise<void>;

export interface OutboxOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Called when deliveries are on disk: a hint that there is something to send. */
  readonly recorded: () => void;
}

/** Models with this tag are prompts, which webhooks on models are not about. */
const PROMPT_TAG = 'mlflow.prompt.is_prompt';

/**
 * Changes of the registry together with the deliveries they cause, in one transaction: nothing is told that did not happen, and
 * a server that dies behind the commit has lost no delivery. A change that no webhook wants to know about costs one look at an index.
 */
export class Outbox {
  readonly #database: Database;
  readonly #options: OutboxOptions;

  constructor(database: Database, options: OutboxOptions) {
    this.#database = database;
    this.#options = options;
  }

  async write<T>(work: (trx: Trx, tell: Tell) => Promise<T>): Promise<T> {
    let recorded = 0;
    const result = await this.#database.write((trx) => {
      // a transaction may be run again
      recorded = 0;
      return work(trx, async (modelId, happened) => {
        recorded += await record(trx, { modelId, happened, now: this.#options.now() });
      });
    });
    if (recorded > 0) this.#options.recorded();
    return result;
  }
}

interface Telling {
  readonly modelId: number;
  readonly happened: RegistryEvent;
  readonly now: number;
}

/** Answers to how many webhooks it goes. */
async function record(trx: Trx, { modelId, happened, now }: Telling): Promise<number> {
  const { event, data } = happened;
  const webhooks = await trx.selectFrom('webhook_events').innerJoin('webhooks', 'webhooks.id', 'webhook_events.webhook_id').select('webhooks.id').where('event', '=', event).where('status', '=', 'ACTIVE').execute();
  if (webhooks.length === 0 || (await isPrompt(trx, modelId))) return 0;
  const rows = webhooks.map(({ id }) => ({ delivery_id: randomUUID(), webhook_id: id, event, data: JSON.stringify(data), created_at: now, state: 'pending', attempts: 0, due_at: now, ended_at: null, last_error: null }));
  await insertRows(trx, { table: 'webhook_deliveries' }, rows);
  return rows.length;
}

async function isPrompt(trx: Trx, modelId: number): Promise<boolean> {
  const tag = await trx.selectFrom('registered_model_tags').select('value').where('registered_model_id', '=', modelId).where('key', '=', PROMPT_TAG).executeTakeFirst();
  return tag?.value.toLowerCase() === 'true';
}
