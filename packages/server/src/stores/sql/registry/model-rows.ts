import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Stage } from '@trainyard/core/registry/stages.ts';
import type { Pair } from '@trainyard/core/tracking/batch.ts';
import type { Kysely, Selectable } from 'kysely';
import type { Alias, ModelVersionRecord, RegisteredModelRecord } from '../../registry.ts';
import type { Database, Trx } from '../database.ts';
import { inParts } from '../insert-rows.ts';
import type { Schema } from '../schema.ts';
import { pairsOf } from '../tracking/pairs.ts';
import type { ModelVersionTable, RegisteredModelTable } from '../tracking/schema.ts';

export type ModelRow = Selectable<RegisteredModelTable>;
export type VersionRow = Selectable<ModelVersionTable>;

/** Reads a registered model that nobody else changes until the end of the transaction. */
export async function lockModel(kind: Database['kind'], trx: Trx, name: string): Promise<ModelRow | undefined> {
  const query = trx.selectFrom('registered_models').selectAll().where('name', '=', name);
  return (kind === 'postgresql' ? query.forUpdate() : query).executeTakeFirst();
}

export async function requireModel(kind: Database['kind'], trx: Trx, name: string): Promise<ModelRow> {
  const model = await lockModel(kind, trx, name);
  if (model === undefined) throw new TrainyardError('REGISTERED_MODEL_NOT_FOUND', { name });
  return model;
}

/** Adds to models their tags, aliases and newest versions: a handful of queries, however many models there are. */
export async function toModels(db: Kysely<Schema>, models: readonly ModelRow[]): Promise<RegisteredModelRecord[]> {
  const ids = models.map((model) => model.id);
  const tags = await pairsOf(db, 'registered_model_tags', ids);
  const aliases = await aliasesOf(db, ids);
  const latest = await toVersions(db, await latestVersions(db, ids), new Map(models.map((model) => [model.id, model.name])));
  return models.map((model) => ({
    name: model.name,
    description: model.description,
    createdAt: model.creation_time,
    updatedAt: model.last_update_time,
    tags: tags.get(model.id) ?? [],
    aliases: aliases.get(model.id) ?? [],
    latestVersions: latest.filter((version) => version.name === model.name),
  }));
}

async function latestVersions(db: Kysely<Schema>, ids: readonly number[]): Promise<VersionRow[]> {
  const rows: VersionRow[] = [];
  for (const part of inParts(ids)) {
    const newest = db.selectFrom('model_versions').select((eb) => ['registered_model_id as model', eb.fn.max('version').as('newest')]).where('registered_model_id', 'in', part).groupBy(['registered_model_id', 'stage']).as('n');
    rows.push(...(await db.selectFrom('model_versions').innerJoin(newest, (join) => join.onRef('n.model', '=', 'registered_model_id').onRef('n.newest', '=', 'version')).selectAll('model_versions').orderBy('version').execute()));
  }
  return rows;
}

async function aliasesOf(db: Kysely<Schema>, ids: readonly number[]): Promise<ReadonlyMap<number, readonly Alias[]>> {
  const aliases = new Map<number, Alias[]>(ids.map((id) => [id, []]));
  for (const part of inParts(ids)) {
    const rows = await db.selectFrom('registered_model_aliases').selectAll().where('registered_model_id', 'in', part).execute();
    for (const row of rows) aliases.get(row.registered_model_id)?.push({ alias: row.alias, version: row.version });
  }
  for (const list of aliases.values()) list.sort((a, b) => (a.alias < b.alias ? -1 : 1));
  return aliases;
}

/** Adds to versions their tags and aliases, in the order of the rows. `names` has the model of each. */
export async function toVersions(db: Kysely<Schema>, rows: readonly VersionRow[], names: ReadonlyMap<number, string>): Promise<ModelVersionRecord[]> {
  const ids = [...new Set(rows.map((row) => row.registered_model_id))];
  const aliases = await aliasesOf(db, ids);
  const tags = await versionTags(db, ids, rows);
  return rows.map((row) => ({
    name: names.get(row.registered_model_id) ?? '',
    version: row.version,
    createdAt: row.creation_time,
    updatedAt: row.last_update_time,
    description: row.description,
    userId: row.user_id,
    stage: row.stage as Stage,
    source: row.source,
    storageLocation: row.storage_location,
    runId: row.run_id,
    runLink: row.run_link,
    modelId: row.model_id,
    tags: tags.get(`${row.registered_model_id} ${row.version}`) ?? [],
    aliases: (aliases.get(row.registered_model_id) ?? []).filter((alias) => alias.version === row.version).map((alias) => alias.alias),
  }));
}

async function versionTags(db: Kysely<Schema>, ids: readonly number[], rows: readonly VersionRow[]): Promise<ReadonlyMap<string, readonly Pair[]>> {
  const tags = new Map<string, Pair[]>();
  const versions = [...new Set(rows.map((row) => row.version))];
  for (const models of inParts(ids, 2)) {
    for (const numbers of inParts(versions, 2)) {
      const found = await db.selectFrom('model_version_tags').selectAll().where('registered_model_id', 'in', models).where('version', 'in', numbers).orderBy('key').execute();
      for (const { registered_model_id: id, version, key, value } of found) {
        const list = tags.get(`${id} ${version}`);
        if (list === undefined) tags.set(`${id} ${version}`, [{ key, value }]);
        else list.push({ key, value });
      }
    }
  }
  return tags;
}
