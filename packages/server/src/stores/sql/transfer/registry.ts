import type { Stage } from '@trainyard/core/registry/stages.ts';
import { type ArtifactReference, parseReference, referenceUri, toReference } from '@trainyard/core/tracking/records/artifact-reference.ts';
import type { ModelVersionRecord, RegisteredModelRecord } from '@trainyard/core/tracking/records/record.ts';
import { type Expression, type SqlBool, sql } from 'kysely';
import type { Page } from '../../tracking.ts';
import type { Outcome, RecordQuery } from '../../transfer.ts';
import type { Database, Trx } from '../database.ts';
import { inParts } from '../insert-rows.ts';
import { byCodePoint, keysetPage } from '../keyset.ts';
import { type ModelRow, toVersions, type VersionRow } from '../registry/model-rows.ts';
import { putAliases } from '../registry/models.ts';
import { pairsOf, putPairs } from '../tracking/pairs.ts';
import { comparePairs, type Put, refused, samePairs, taken } from './outcomes.ts';

/** Adds registered models that are not there; of those that are there only missing tags and numbers of deleted versions are added. */
export async function putRegisteredModels(put: Put, records: readonly RegisteredModelRecord[]): Promise<Outcome[]> {
  const here = await modelsByName(put.trx, records.map((record) => record.name));
  const tags = await pairsOf(put.trx, 'registered_model_tags', [...here.values()].map((row) => row.id));
  const outcomes: Outcome[] = [];
  for (const record of records) {
    const row = here.get(record.name);
    if (row === undefined) outcomes.push(await insertModel(put, record));
    else outcomes.push(await meetModel(put, { row, record, tags: tags.get(row.id) ?? [] }));
  }
  return outcomes;
}

async function insertModel({ trx, check }: Put, record: RegisteredModelRecord): Promise<Outcome> {
  if (check) return taken('new');
  const columns = { name: record.name, description: record.description, creation_time: record.createdAt, last_update_time: record.updatedAt, last_version: record.lastVersion };
  const { id } = await trx.insertInto('registered_models').values(columns).returning('id').executeTakeFirstOrThrow();
  await putPairs(trx, 'registered_model_tags', record.tags.map((tag) => ({ ...tag, owner: { registered_model_id: id } })));
  return taken('new');
}

async function meetModel({ trx, check }: Put, { row, record, tags }: { readonly row: ModelRow; readonly record: RegisteredModelRecord; readonly tags: RegisteredModelRecord['tags'] }): Promise<Outcome> {
  const { missing, other } = comparePairs(record.tags, tags);
  const grows = missing.length > 0 || record.lastVersion > row.last_version;
  const notes = [...(row.description === record.description ? [] : ['keeps its description here']), ...(other.length === 0 ? [] : [`keeps the values of its tags here: ${other.join(', ')}`])];
  if (grows && !check) {
    await trx.updateTable('registered_models').set({ last_version: Math.max(row.last_version, record.lastVersion) }).where('id', '=', row.id).execute();
    await putPairs(trx, 'registered_model_tags', missing.map((tag) => ({ ...tag, owner: { registered_model_id: row.id } })));
  }
  return taken(grows ? 'updated' : 'there', { notes, here: { registeredModels: 1, tags: record.tags.length - missing.length - other.length } });
}

/** Adds versions under their own numbers. One that is there from another source stays as it is. */
export async function putModelVersions(put: Put, records: readonly ModelVersionRecord[]): Promise<Outcome[]> {
  const models = await modelsByName(put.trx, records.map((record) => record.name));
  const experiments = await ownersOf(put.trx, records);
  const outcomes: Outcome[] = [];
  for (const record of records) {
    const model = models.get(record.name);
    const source = placed(record.source, experiments);
    const storage = record.storageLocation === null ? undefined : placed(record.storageLocation, experiments);
    if (model === undefined) outcomes.push(refused(`there is no registered model '${record.name}' here: its own record comes before`));
    else if (source === undefined) outcomes.push(refused(`its source ${record.source} belongs to a run or logged model that is not here`));
    else outcomes.push(await putVersion(put, { record, model, source, storage }));
  }
  return outcomes;
}

interface VersionPut {
  readonly record: ModelVersionRecord;
  readonly model: ModelRow;
  readonly source: string;
  /** Undefined: to be found out. */
  readonly storage: string | undefined;
}

async function putVersion(put: Put, version: VersionPut): Promise<Outcome> {
  const { record, model, source } = version;
  const row = await put.trx.selectFrom('model_versions').selectAll().where('registered_model_id', '=', model.id).where('version', '=', record.version).executeTakeFirst();
  if (row !== undefined) return meetVersion(put, version, row);
  if (put.check) return taken('new');
  await put.trx
    .insertInto('model_versions')
    .values({
      registered_model_id: model.id,
      version: record.version,
      creation_time: record.createdAt,
      last_update_time: record.updatedAt,
      description: record.description,
      user_id: record.userId,
      stage: record.stage,
      source,
      storage_location: version.storage ?? (await storageOf(put.trx, source)),
      run_id: record.runId,
      run_link: record.runLink,
      model_id: record.modelId,
    })
    .execute();
  await put.trx.updateTable('registered_models').set({ last_version: record.version }).where('id', '=', model.id).where('last_version', '<', record.version).execute();
  await putPairs(put.trx, 'model_version_tags', record.tags.map((tag) => ({ ...tag, owner: { registered_model_id: model.id, version: record.version } })));
  const { notes } = await addAliases(put, version);
  return taken('new', { notes });
}

async function meetVersion(put: Put, version: VersionPut, row: VersionRow): Promise<Outcome> {
  const { record, model, source, storage = row.storage_location } = version;
  // a copy names its source by name and number, which means another one elsewhere
  if (row.source !== source || row.run_id !== record.runId || row.storage_location !== storage) return refused(`that number is taken here by one from ${row.source}`);
  const [here] = await toVersions(put.trx, [row], new Map([[model.id, model.name]]));
  const { notes, missing } = await addAliases(put, version);
  const kept = [
    ...(row.stage === record.stage ? [] : [`is in stage ${row.stage} here, and stays there`]),
    ...(row.description === record.description ? [] : ['keeps its description here']),
    ...(samePairs(record.tags, here?.tags ?? []) ? [] : ['keeps the tags it has here']),
  ];
  return taken(missing === 0 ? 'there' : 'updated', { notes: [...kept, ...notes], here: { modelVersions: 1, tags: here?.tags.length ?? 0, aliases: record.aliases.filter((alias) => here?.aliases.includes(alias)).length } });
}

/** Gives a version its aliases; one that means another version here goes on meaning that. */
async function addAliases({ trx, check }: Put, { record, model }: VersionPut): Promise<{ readonly notes: string[]; readonly missing: number }> {
  if (record.aliases.length === 0) return { notes: [], missing: 0 };
  const here = await trx.selectFrom('registered_model_aliases').selectAll().where('registered_model_id', '=', model.id).where('alias', 'in', record.aliases).execute();
  const meant = new Map(here.map((row) => [row.alias, row.version]));
  const missing = record.aliases.filter((alias) => !meant.has(alias));
  if (!check) await putAliases(trx, model.id, missing.map((alias) => ({ alias, version: record.version })));
  const other = record.aliases.filter((alias) => meant.has(alias) && meant.get(alias) !== record.version);
  return { notes: other.map((alias) => `the alias '${alias}' means version ${meant.get(alias)} here, and goes on to`), missing: missing.length };
}

/** A URI as it is, a reference as the URI it has here; undefined when its owner is not here. */
function placed(text: string, experiments: ReadonlyMap<string, string>): string | undefined {
  const reference = parseReference(text);
  if (reference === undefined) return text;
  const experimentId = experiments.get(ownerKey(reference));
  return experimentId === undefined ? undefined : referenceUri(reference, experimentId);
}

/** The experiments of all runs and logged models that are named in sources. */
async function ownersOf(trx: Trx, records: readonly ModelVersionRecord[]): Promise<ReadonlyMap<string, string>> {
  const references = records.flatMap(({ source, storageLocation }) => [source, storageLocation ?? source]).flatMap((text) => parseReference(text) ?? []);
  const experiments = new Map<string, string>();
  for (const [kind, table] of [['run', 'tracking_runs'], ['model', 'logged_models']] as const) {
    const ids = new Set(references.filter((reference) => reference.kind === kind).map(({ id }) => id));
    for (const part of inParts([...ids])) {
      for (const row of await trx.selectFrom(table).select(['id', 'experiment_id']).where('id', 'in', part).execute()) experiments.set(ownerKey({ kind, id: row.id }), String(row.experiment_id));
    }
  }
  return experiments;
}

function ownerKey({ kind, id }: Pick<ArtifactReference, 'kind' | 'id'>): string {
  return `${kind} ${id}`;
}

/** Where the files of a source are: those of a logged model with it, everything else where it says. */
async function storageOf(trx: Trx, source: string): Promise<string> {
  const modelId = /^models:\/(m-[a-z0-9-]{1,62})$/.exec(source)?.[1];
  const model = modelId === undefined ? undefined : await trx.selectFrom('logged_models').select('artifact_uri').where('id', '=', modelId).executeTakeFirst();
  return model?.artifact_uri ?? source;
}

async function modelsByName(trx: Trx, names: readonly string[]): Promise<ReadonlyMap<string, ModelRow>> {
  const models = new Map<string, ModelRow>();
  for (const part of inParts([...new Set(names)])) for (const row of await trx.selectFrom('registered_models').selectAll().where('name', 'in', part).execute()) models.set(row.name, row);
  return models;
}

/** By name. */
export async function pageOfRegisteredModels(database: Database, query: RecordQuery): Promise<Page<RegisteredModelRecord>> {
  let rows = database.read.selectFrom('registered_models').selectAll();
  if (query.experiments !== undefined) rows = rows.where(sql<SqlBool>`exists (select 1 from model_versions where registered_model_id = registered_models.id and ${fromExperiments(query.experiments)})`);
  const page = await keysetPage(rows, { terms: [{ by: byCodePoint(database.kind, sql.ref('registered_models.name')), type: 'text', ascending: true }], limit: query.limit, after: query.after });
  const tags = await pairsOf(database.read, 'registered_model_tags', page.items.map((row) => row.id));
  const items = page.items.map(
    (row): RegisteredModelRecord => ({
      kind: 'registered_model',
      name: row.name,
      description: row.description,
      createdAt: row.creation_time,
      updatedAt: row.last_update_time,
      lastVersion: row.last_version,
      tags: tags.get(row.id) ?? [],
    }),
  );
  return { items, next: page.next };
}

/** By name and number. */
export async function pageOfModelVersions(database: Database, query: RecordQuery): Promise<Page<ModelVersionRecord>> {
  let rows = database.read.selectFrom('model_versions').innerJoin('registered_models', 'registered_models.id', 'registered_model_id').selectAll('model_versions').select('registered_models.name as model');
  if (query.experiments !== undefined) rows = rows.where(fromExperiments(query.experiments));
  const terms = [
    { by: byCodePoint(database.kind, sql.ref('registered_models.name')), type: 'text' as const, ascending: true },
    { by: sql.ref('model_versions.version'), type: 'integer' as const, ascending: true },
  ];
  const page = await keysetPage(rows, { terms, limit: query.limit, after: query.after });
  const versions = await toVersions(database.read, page.items, new Map(page.items.map((row) => [row.registered_model_id, row.model])));
  const items = versions.map(
    ({ name, version, createdAt, updatedAt, description, userId, stage, source, storageLocation, runId, runLink, modelId, tags, aliases }): ModelVersionRecord => ({
      kind: 'model_version',
      name,
      version,
      createdAt,
      updatedAt,
      description,
      userId,
      stage: stage satisfies Stage,
      source: toReference(source),
      storageLocation: toReference(storageLocation),
      runId,
      runLink,
      modelId,
      tags,
      aliases,
    }),
  );
  return { items, next: page.next };
}

/** Versions that runs of these experiments left. */
function fromExperiments(names: readonly string[]): Expression<SqlBool> {
  return sql<SqlBool>`model_versions.run_id in (select tracking_runs.id from tracking_runs join experiments on experiments.id = tracking_runs.experiment_id where experiments.name in (${sql.join(names)}))`;
}
