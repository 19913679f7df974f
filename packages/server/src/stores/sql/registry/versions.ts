import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Pair } from '@trainyard/core/tracking/batch.ts';
import type { ModelVersionRecord, ModelVersionSearch, ModelVersionStore, NewModelVersion, RunModelVersion, StageChange, VersionKey } from '../../registry.ts';
import type { Page } from '../../tracking.ts';
import type { Database, Trx } from '../database.ts';
import { putPairs } from '../tracking/pairs.ts';
import type { Outbox, Tell } from '../webhooks/outbox.ts';
import { lockModel, type ModelRow, requireModel, toVersions, type VersionRow } from './model-rows.ts';
import { giveAliases, insertModel, tagsOf } from './models.ts';
import { searchVersions } from './search.ts';

export class SqlModelVersionStore implements ModelVersionStore {
  readonly #database: Database;
  readonly #outbox: Outbox;

  constructor(database: Database, outbox: Outbox) {
    this.#database = database;
    this.#outbox = outbox;
  }

  create(version: NewModelVersion, now: number): Promise<ModelVersionRecord> {
    return this.#outbox.write(async (trx, tell) => {
      const model = await requireModel(this.#database.kind, trx, version.name);
      return recordOf(trx, model, await insertVersion(trx, { model, version, now, tell }));
    });
  }

  register(version: RunModelVersion, now: number): Promise<ModelVersionRecord> {
    const { name, runId, source, project = 'default' } = version;
    return this.#outbox.write(async (trx, tell) => {
      const model = (await lockModel(this.#database.kind, trx, name)) ?? (await insertModel(trx, { model: { name, project, description: null, tags: [] }, now, tell })) ?? (await requireModel(this.#database.kind, trx, name));
      if (model.project !== project) throw new TrainyardError('OTHER_PROJECT', { what: 'registered model', name });
      const there = await trx.selectFrom('model_versions').selectAll().where('registered_model_id', '=', model.id).where('run_id', '=', runId).where('source', '=', source).orderBy('version').limit(1).executeTakeFirst();
      const row = there ?? (await insertVersion(trx, { model, version, now, tell }));
      // when a run says it again, only aliases that were moved meanwhile are news
      const kept = there === undefined ? [] : (await trx.selectFrom('registered_model_aliases').select('alias').where('registered_model_id', '=', model.id).where('version', '=', row.version).execute()).map((one) => one.alias);
      await giveAliases(trx, { model, aliases: version.aliases.filter((alias) => !kept.includes(alias)).map((alias) => ({ alias, version: row.version })), tell });
      return recordOf(trx, model, row);
    });
  }

  async find({ name, version }: VersionKey): Promise<ModelVersionRecord | undefined> {
    const found = await this.#database.read
      .selectFrom('model_versions')
      .innerJoin('registered_models', 'registered_models.id', 'registered_model_id')
      .selectAll('model_versions')
      .where('name', '=', name)
      .where('version', '=', version)
      .executeTakeFirst();
    return found === undefined ? undefined : (await toVersions(this.#database.read, [found], new Map([[found.registered_model_id, name]])))[0];
  }

  search(search: ModelVersionSearch): Promise<Page<ModelVersionRecord>> {
    return searchVersions(this.#database, search);
  }

  update(key: VersionKey, description: string | null, now: number): Promise<ModelVersionRecord> {
    return this.#change(key, async (trx, model, row) => {
      const columns = { description, last_update_time: now };
      await updateVersion(trx, row, columns);
      return recordOf(trx, model, { ...row, ...columns });
    });
  }

  changeStage(key: VersionKey, change: StageChange, now: number): Promise<ModelVersionRecord> {
    return this.#change(key, async (trx, model, row) => {
      if (change.archiveOthers) {
        await trx
          .updateTable('model_versions')
          .set({ stage: 'Archived', last_update_time: now })
          .where('registered_model_id', '=', model.id)
          .where('version', '!=', key.version)
          .where('stage', '=', change.stage)
          .execute();
      }
      const columns = { stage: change.stage, last_update_time: now };
      await updateVersion(trx, row, columns);
      await touchModel(trx, model, now);
      return recordOf(trx, model, { ...row, ...columns });
    });
  }

  delete(key: VersionKey, now: number): Promise<void> {
    return this.#change(key, async (trx, model) => {
      for (const table of ['model_version_tags', 'registered_model_aliases', 'model_versions'] as const) await trx.deleteFrom(table).where('registered_model_id', '=', model.id).where('version', '=', key.version).execute();
      await touchModel(trx, model, now);
    });
  }

  setTag(key: VersionKey, tag: Pair): Promise<void> {
    return this.#outbox.write(async (trx, tell) => {
      const { model } = await this.#lock(trx, key);
      await putPairs(trx, 'model_version_tags', [{ ...tag, owner: { registered_model_id: model.id, version: key.version } }]);
      await tell(model.id, { event: 'model_version_tag.set', data: { name: key.name, version: String(key.version), key: tag.key, value: tag.value } });
    });
  }

  deleteTag(key: VersionKey, tag: string): Promise<void> {
    return this.#outbox.write(async (trx, tell) => {
      const { model } = await this.#lock(trx, key);
      const { numDeletedRows } = await trx.deleteFrom('model_version_tags').where('registered_model_id', '=', model.id).where('version', '=', key.version).where('key', '=', tag).executeTakeFirst();
      // deleting it again succeeds, and nothing happened
      if (numDeletedRows > 0n) await tell(model.id, { event: 'model_version_tag.deleted', data: { name: key.name, version: String(key.version), key: tag } });
    });
  }

  #change<T>(key: VersionKey, work: (trx: Trx, model: ModelRow, row: VersionRow) => Promise<T>): Promise<T> {
    return this.#database.write(async (trx) => {
      const { model, row } = await this.#lock(trx, key);
      return work(trx, model, row);
    });
  }

  async #lock(trx: Trx, { name, version }: VersionKey): Promise<{ readonly model: ModelRow; readonly row: VersionRow }> {
    const model = await lockModel(this.#database.kind, trx, name);
    const row = model === undefined ? undefined : await trx.selectFrom('model_versions').selectAll().where('registered_model_id', '=', model.id).where('version', '=', version).executeTakeFirst();
    if (model === undefined || row === undefined) throw new TrainyardError('MODEL_VERSION_NOT_FOUND', { name, version });
    return { model, row };
  }
}

interface VersionInsert {
  /** Locked, so that no number is given twice. */
  readonly model: ModelRow;
  readonly version: NewModelVersion;
  readonly now: number;
  readonly tell: Tell;
}

async function insertVersion(trx: Trx, { model, version, now, tell }: VersionInsert): Promise<VersionRow> {
  const number = model.last_version + 1;
  await trx.updateTable('registered_models').set({ last_version: number, last_update_time: now }).where('id', '=', model.id).execute();
  const row: VersionRow = {
    registered_model_id: model.id,
    version: number,
    creation_time: now,
    last_update_time: now,
    description: version.description,
    user_id: version.userId,
    stage: 'None',
    source: version.source,
    storage_location: version.storageLocation,
    run_id: version.runId,
    run_link: version.runLink,
    model_id: version.modelId,
  };
  await trx.insertInto('model_versions').values(row).execute();
  await putPairs(trx, 'model_version_tags', version.tags.map((tag) => ({ ...tag, owner: { registered_model_id: model.id, version: number } })));
  await tell(model.id, { event: 'model_version.created', data: { name: model.name, version: String(number), source: version.source, run_id: version.runId, tags: tagsOf(version.tags), description: version.description || null } });
  return row;
}

async function updateVersion(trx: Trx, row: VersionRow, columns: Partial<VersionRow>): Promise<void> {
  await trx.updateTable('model_versions').set(columns).where('registered_model_id', '=', row.registered_model_id).where('version', '=', row.version).execute();
}

async function touchModel(trx: Trx, model: ModelRow, now: number): Promise<void> {
  await trx.updateTable('registered_models').set({ last_update_time: now }).where('id', '=', model.id).execute();
}

async function recordOf(trx: Trx, model: ModelRow, row: VersionRow): Promise<ModelVersionRecord> {
  const [record] = await toVersions(trx, [row], new Map([[model.id, model.name]]));
  if (record === undefined) throw new TrainyardError('MODEL_VERSION_NOT_FOUND', { name: model.name, version: row.version });
  return record;
}
