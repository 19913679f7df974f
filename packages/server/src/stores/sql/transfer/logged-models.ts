import { artifactUri, parseArtifactUri } from '@trainyard/core/tracking/artifact-place.ts';
import type { LoggedModelStatus } from '@trainyard/core/tracking/logged-model.ts';
import { finite } from '@trainyard/core/tracking/metric.ts';
import type { LoggedModelRecord, ModelPointsRecord } from '@trainyard/core/tracking/records/record.ts';
import { type Selectable, sql } from 'kysely';
import type { Page } from '../../tracking.ts';
import type { Outcome, RecordQuery } from '../../transfer.ts';
import type { Database, Trx } from '../database.ts';
import { inParts, insertRows } from '../insert-rows.ts';
import { keysetPage } from '../keyset.ts';
import { pairsOf, putPairs } from '../tracking/pairs.ts';
import type { LoggedModelTable } from '../tracking/schema.ts';
import { experimentsByName, noExperiment } from './experiments.ts';
import { comparePairs, type Put, refused, samePairs, taken } from './outcomes.ts';

type Row = Selectable<LoggedModelTable>;
type Pairs = LoggedModelRecord['params'];

interface Here {
  readonly row: Row;
  readonly params: Pairs;
  readonly tags: Pairs;
  readonly points: number;
}

/** Adds logged models that are not there, and brings those up to date that were pending. Their points come by themselves. */
export async function putLoggedModels(put: Put, records: readonly LoggedModelRecord[]): Promise<Outcome[]> {
  const experiments = await experimentsByName(put.trx, records.map((record) => record.experiment));
  const here = await modelsHere(put.trx, records.map((record) => record.id));
  const fresh: { readonly record: LoggedModelRecord; readonly experimentId: number }[] = [];
  const outcomes: Outcome[] = [];
  for (const record of records) {
    const experimentId = experiments.get(record.experiment)?.id;
    const model = here.get(record.id);
    if (experimentId === undefined) outcomes.push(refused(noExperiment(record.experiment)));
    else if (model !== undefined) outcomes.push(await meet(put, { record, experimentId, model }));
    else {
      fresh.push({ record, experimentId });
      outcomes.push(taken('new'));
    }
  }
  if (put.check) return outcomes;
  await insertRows(put.trx, { table: 'logged_models' }, fresh.map(({ record, experimentId }) => rowOf(record, experimentId)));
  await putContents(put.trx, fresh.map(({ record }) => record));
  return outcomes;
}

async function meet({ trx, check }: Put, { record, experimentId, model }: { readonly record: LoggedModelRecord; readonly experimentId: number; readonly model: Here }): Promise<Outcome> {
  const wanted = rowOf(record, experimentId);
  const fixed = ['experiment_id', 'name', 'model_type', 'source_run_id', 'artifact_uri', 'creation_time'] as const;
  const other = [...fixed.filter((column) => wanted[column] !== model.row[column]), ...(model.row.lifecycle_stage === 'active' ? [] : ['it was deleted here'])];
  if (other.length > 0) return refused(`is here with something else: ${other.join(', ').replaceAll('_', ' ')}`);
  const here = { loggedModels: 1, params: model.params.length, tags: model.tags.length, modelPoints: model.points };
  const pending = model.row.status === 'PENDING';
  const params = comparePairs(record.params, model.params);
  if (params.other.length > 0 || (!pending && !samePairs(record.params, model.params))) return refused('is here with other params');
  if (pending && wanted.status !== 'PENDING') {
    if (!check) {
      await trx.updateTable('logged_models').set(wanted).where('id', '=', record.id).execute();
      await putContents(trx, [record]);
    }
    return taken('updated', { here });
  }
  const changed = [...(wanted.status === model.row.status ? [] : [`is ${model.row.status} here, and stays that`]), ...(samePairs(record.tags, model.tags) ? [] : ['keeps the tags it has here'])];
  return taken('there', { notes: changed, here });
}

async function modelsHere(trx: Trx, ids: readonly string[]): Promise<ReadonlyMap<string, Here>> {
  const here = new Map<string, Here>();
  for (const part of inParts(ids)) {
    const rows = await trx.selectFrom('logged_models').selectAll().where('id', 'in', part).execute();
    if (rows.length === 0) continue;
    const found = rows.map((row) => row.id);
    const params = await pairsOf(trx, 'logged_model_params', found);
    const tags = await pairsOf(trx, 'logged_model_tags', found);
    const points = await countPoints(trx, found);
    for (const row of rows) here.set(row.id, { row, params: params.get(row.id) ?? [], tags: tags.get(row.id) ?? [], points: points.get(row.id) ?? 0 });
  }
  return here;
}

async function countPoints(db: Database['read'], ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const part of inParts(ids)) {
    const rows = await db.selectFrom('logged_model_metrics').select((eb) => ['model_id', eb.fn.countAll<number>().as('points')]).where('model_id', 'in', part).groupBy('model_id').execute();
    for (const row of rows) counts.set(row.model_id, Number(row.points));
  }
  return counts;
}

function rowOf(record: LoggedModelRecord, experimentId: number): Row {
  return {
    id: record.id,
    experiment_id: experimentId,
    name: record.name,
    model_type: record.modelType,
    source_run_id: record.sourceRunId,
    status: record.status,
    status_message: record.statusMessage,
    artifact_uri: record.artifactUri ?? artifactUri({ experimentId: String(experimentId), kind: 'model', id: record.id }),
    creation_time: record.createdAt,
    last_update_time: record.updatedAt,
    lifecycle_stage: 'active',
  };
}

async function putContents(trx: Trx, records: readonly LoggedModelRecord[]): Promise<void> {
  await putPairs(trx, 'logged_model_params', records.flatMap(({ id, params }) => params.map((param) => ({ ...param, owner: { model_id: id } }))));
  await putPairs(trx, 'logged_model_tags', records.flatMap(({ id, tags }) => tags.map((tag) => ({ ...tag, owner: { model_id: id } }))));
}

/** Adds points that say something about logged models; identical ones count once. */
export async function putModelPoints({ trx, check }: Put, records: readonly ModelPointsRecord[]): Promise<Outcome[]> {
  const here = await modelsHere(trx, [...new Set(records.map((record) => record.modelId))]);
  const outcomes = records.map((record) => (here.has(record.modelId) ? taken('new') : refused(`there is no logged model ${record.modelId} here: its own record comes before`)));
  const rows = records.flatMap((record, index) => (outcomes[index]?.result === 'refused' ? [] : pointRows(record)));
  if (!check) await insertRows(trx, { table: 'logged_model_metrics', more: (insert) => insert.onConflict((conflict) => conflict.doNothing()) }, rows);
  return outcomes;
}

function pointRows(record: ModelPointsRecord) {
  return record.values.map((value, index) => {
    const isNan = Number.isNaN(value);
    return {
      model_id: record.modelId,
      key: record.key,
      run_id: record.runId,
      step: record.steps[index] ?? 0,
      timestamp: record.timestamps[index] ?? 0,
      value: isNan ? 0 : finite(value),
      is_nan: isNan ? 1 : 0,
      dataset_name: record.datasetName,
      dataset_digest: record.datasetDigest,
    };
  });
}

/** By id; deleted ones are not there any more. */
export async function pageOfLoggedModels(db: Database['read'], query: RecordQuery): Promise<Page<LoggedModelRecord>> {
  let rows = db.selectFrom('logged_models').innerJoin('experiments', 'experiments.id', 'logged_models.experiment_id').selectAll('logged_models').select('experiments.name as experiment').where('logged_models.lifecycle_stage', '=', 'active');
  if (query.experiments !== undefined) rows = rows.where('experiments.name', 'in', query.experiments);
  const page = await keysetPage(rows, { terms: [{ by: sql.ref('logged_models.id'), type: 'text', ascending: true }], limit: query.limit, after: query.after });
  const ids = page.items.map((row) => row.id);
  const params = await pairsOf(db, 'logged_model_params', ids);
  const tags = await pairsOf(db, 'logged_model_tags', ids);
  const points = await countPoints(db, ids);
  const items = page.items.map(
    (row): LoggedModelRecord => ({
      kind: 'logged_model',
      id: row.id,
      experiment: row.experiment,
      name: row.name,
      modelType: row.model_type,
      sourceRunId: row.source_run_id,
      status: row.status as LoggedModelStatus,
      statusMessage: row.status_message,
      artifactUri: parseArtifactUri(row.artifact_uri) === undefined ? row.artifact_uri : null,
      createdAt: row.creation_time,
      updatedAt: row.last_update_time,
      params: params.get(row.id) ?? [],
      tags: tags.get(row.id) ?? [],
      points: points.get(row.id) ?? 0,
    }),
  );
  return { items, next: page.next };
}
