import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Pair } from '@trainyard/core/tracking/batch.ts';
import type { Alias, NewRegisteredModel, RegisteredModelRecord, RegisteredModelSearch, RegisteredModelStore } from '../../registry.ts';
import type { Page } from '../../tracking.ts';
import type { Database, Trx } from '../database.ts';
import { putPairs } from '../tracking/pairs.ts';
import type { Outbox, Tell } from '../webhooks/outbox.ts';
import { lockModel, type ModelRow, requireModel, toModels } from './model-rows.ts';
import { searchModels } from './search.ts';

interface ModelInsert {
  readonly model: NewRegisteredModel;
  readonly now: number;
  readonly tell: Tell;
}

/** Adds the model and tells about it; undefined when the name is taken. */
export async function insertModel(trx: Trx, { model, now, tell }: ModelInsert): Promise<ModelRow | undefined> {
  const made = await trx
    .insertInto('registered_models')
    .values({ name: model.name, project: model.project ?? 'default', description: model.description, creation_time: now, last_update_time: now, last_version: 0 })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returningAll()
    .executeTakeFirst();
  if (made === undefined) return undefined;
  await putPairs(trx, 'registered_model_tags', model.tags.map((tag) => ({ ...tag, owner: { registered_model_id: made.id } })));
  await tell(made.id, { event: 'registered_model.created', data: { name: model.name, tags: tagsOf(model.tags), description: model.description ?? '' } });
  return made;
}

export class SqlRegisteredModelStore implements RegisteredModelStore {
  readonly #database: Database;
  readonly #outbox: Outbox;

  constructor(database: Database, outbox: Outbox) {
    this.#database = database;
    this.#outbox = outbox;
  }

  create(model: NewRegisteredModel, now: number): Promise<RegisteredModelRecord> {
    return this.#outbox.write(async (trx, tell) => {
      const made = await insertModel(trx, { model, now, tell });
      if (made === undefined) throw new TrainyardError('REGISTERED_MODEL_EXISTS', { name: model.name });
      return recordOf(trx, made);
    });
  }

  async find(name: string): Promise<RegisteredModelRecord | undefined> {
    const row = await this.#database.read.selectFrom('registered_models').selectAll().where('name', '=', name).executeTakeFirst();
    return row === undefined ? undefined : (await toModels(this.#database.read, [row]))[0];
  }

  search(search: RegisteredModelSearch): Promise<Page<RegisteredModelRecord>> {
    return searchModels(this.#database, search);
  }

  update(name: string, description: string | null, now: number): Promise<RegisteredModelRecord> {
    return this.#change(name, async (trx, model) => {
      const change = { description, last_update_time: now };
      await trx.updateTable('registered_models').set(change).where('id', '=', model.id).execute();
      return recordOf(trx, { ...model, ...change });
    });
  }

  rename(name: string, newName: string, now: number): Promise<RegisteredModelRecord> {
    return this.#change(name, async (trx, model) => {
      const taken = await trx.selectFrom('registered_models').select('id').where('name', '=', newName).where('id', '!=', model.id).executeTakeFirst();
      if (taken !== undefined) throw new TrainyardError('REGISTERED_MODEL_EXISTS', { name: newName });
      const change = { name: newName, last_update_time: now };
      await trx.updateTable('registered_models').set(change).where('id', '=', model.id).execute();
      await trx.updateTable('model_versions').set({ last_update_time: now }).where('registered_model_id', '=', model.id).execute();
      return recordOf(trx, { ...model, ...change });
    });
  }

  delete(name: string): Promise<void> {
    return this.#change(name, async (trx, model) => {
      for (const table of ['model_version_tags', 'model_versions', 'registered_model_aliases', 'registered_model_tags'] as const) await trx.deleteFrom(table).where('registered_model_id', '=', model.id).execute();
      await trx.deleteFrom('registered_models').where('id', '=', model.id).execute();
    });
  }

  setTag(name: string, tag: Pair): Promise<void> {
    return this.#change(name, (trx, model) => putPairs(trx, 'registered_model_tags', [{ ...tag, owner: { registered_model_id: model.id } }]));
  }

  deleteTag(name: string, key: string): Promise<void> {
    return this.#change(name, async (trx, model) => {
      await trx.deleteFrom('registered_model_tags').where('registered_model_id', '=', model.id).where('key', '=', key).execute();
    });
  }

  setAlias(name: string, alias: Alias): Promise<void> {
    return this.#outbox.write(async (trx, tell) => {
      const model = await lockModel(this.#database.kind, trx, name);
      const found = model === undefined ? undefined : await trx.selectFrom('model_versions').select('version').where('registered_model_id', '=', model.id).where('version', '=', alias.version).executeTakeFirst();
      if (model === undefined || found === undefined) throw new TrainyardError('MODEL_VERSION_NOT_FOUND', { name, version: alias.version });
      await giveAliases(trx, { model, aliases: [alias], tell });
    });
  }

  deleteAlias(name: string, alias: string): Promise<void> {
    return this.#outbox.write(async (trx, tell) => {
      const model = await requireModel(this.#database.kind, trx, name);
      const { numDeletedRows } = await trx.deleteFrom('registered_model_aliases').where('registered_model_id', '=', model.id).where('alias', '=', alias).executeTakeFirst();
      // deleting it again succeeds, and nothing happened
      if (numDeletedRows > 0n) await tell(model.id, { event: 'model_version_alias.deleted', data: { name, alias } });
    });
  }

  #change<T>(name: string, work: (trx: Trx, model: ModelRow) => Promise<T>): Promise<T> {
    return this.#database.write(async (trx) => work(trx, await requireModel(this.#database.kind, trx, name)));
  }
}

/** An alias points to one version: the last one it was given to. */
export async function putAliases(trx: Trx, modelId: number, aliases: readonly Alias[]): Promise<void> {
  for (const { alias, version } of aliases) {
    await trx
      .insertInto('registered_model_aliases')
      .values({ registered_model_id: modelId, alias, version })
      .onConflict((conflict) => conflict.columns(['registered_model_id', 'alias']).doUpdateSet({ version }))
      .execute();
  }
}

/** Puts aliases on versions and tells about each. */
export async function giveAliases(trx: Trx, { model, aliases, tell }: { readonly model: ModelRow; readonly aliases: readonly Alias[]; readonly tell: Tell }): Promise<void> {
  await putAliases(trx, model.id, aliases);
  for (const { alias, version } of aliases) await tell(model.id, { event: 'model_version_alias.created', data: { name: model.name, alias, version: String(version) } });
}

/** Tags as messages have them. */
export function tagsOf(tags: readonly Pair[]): Readonly<Record<string, string>> {
  return Object.fromEntries(tags.map(({ key, value }) => [key, value]));
}

async function recordOf(trx: Trx, row: ModelRow): Promise<RegisteredModelRecord> {
  const [record] = await toModels(trx, [row]);
  if (record === undefined) throw new TrainyardError('REGISTERED_MODEL_NOT_FOUND', { name: row.name });
  return record;
}
