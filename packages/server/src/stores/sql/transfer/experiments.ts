import type { DatasetRecord, ExperimentRecord } from '@trainyard/core/tracking/records/record.ts';
import { type Selectable, sql } from 'kysely';
import type { Page } from '../../tracking.ts';
import type { Outcome, RecordQuery } from '../../transfer.ts';
import type { Database, Trx } from '../database.ts';
import { inParts, insertRows } from '../insert-rows.ts';
import { byCodePoint, keysetPage } from '../keyset.ts';
import { pairsOf, putPairs } from '../tracking/pairs.ts';
import type { ExperimentTable } from '../tracking/schema.ts';
import { comparePairs, type Put, refused, taken } from './outcomes.ts';

type Row = Selectable<ExperimentTable>;

/** Rows of experiments by name. */
export async function experimentsByName(db: Database['read'], names: readonly string[]): Promise<ReadonlyMap<string, Row>> {
  const rows = new Map<string, Row>();
  for (const part of inParts([...new Set(names)])) for (const row of await db.selectFrom('experiments').selectAll().where('name', 'in', part).execute()) rows.set(row.name, row);
  return rows;
}

/** Makes experiments that are not there, with their times; of those that are there only missing tags are added. */
export async function putExperiments(put: Put, records: readonly ExperimentRecord[]): Promise<Outcome[]> {
  const here = await experimentsByName(put.trx, records.map((record) => record.name));
  const ids = [...here.values()].map((row) => row.id);
  const tags = await pairsOf(put.trx, 'experiment_tags', ids);
  const used = await usedExperiments(put.trx, ids);
  const outcomes: Outcome[] = [];
  // one after the other: in the order of the records they get the numbers people know them by
  for (const record of records) {
    const row = here.get(record.name);
    if (row === undefined) outcomes.push(await insertExperiment(put, record));
    else if (!used.has(row.id) && (tags.get(row.id) ?? []).length === 0) outcomes.push(await takeOver(put, row, record));
    else outcomes.push(await meet(put, { row, record, tags: tags.get(row.id) ?? [] }));
  }
  return outcomes;
}

async function insertExperiment({ trx, check }: Put, record: ExperimentRecord): Promise<Outcome> {
  if (check) return taken('new');
  const { id } = await trx.insertInto('experiments').values({ name: record.name, artifact_location: '', ...columnsOf(record) }).returning('id').executeTakeFirstOrThrow();
  await trx.updateTable('experiments').set({ artifact_location: record.artifactLocation ?? `mlflow-artifacts:/${id}` }).where('id', '=', id).execute();
  await putTags(trx, id, record.tags);
  return taken('new');
}

/** Such as Default, which is there from the start: nobody misses what it said before. */
async function takeOver({ trx, check }: Put, row: Row, record: ExperimentRecord): Promise<Outcome> {
  const columns = { ...columnsOf(record), artifact_location: record.artifactLocation ?? `mlflow-artifacts:/${row.id}` };
  const same = Object.entries(columns).every(([name, value]) => row[name as keyof typeof columns] === value) && record.tags.length === 0;
  if (same) return taken('there', { here: { experiments: 1, tags: 0 } });
  if (!check) {
    await trx.updateTable('experiments').set(columns).where('id', '=', row.id).execute();
    await putTags(trx, row.id, record.tags);
  }
  return taken('updated', { here: { experiments: 1, tags: 0 } });
}

async function meet({ trx, check }: Put, { row, record, tags }: { readonly row: Row; readonly record: ExperimentRecord; readonly tags: ExperimentRecord['tags'] }): Promise<Outcome> {
  const { missing, other } = comparePairs(record.tags, tags);
  const location = record.artifactLocation ?? `mlflow-artifacts:/${row.id}`;
  const notes = [
    ...(row.artifact_location === location ? [] : [`keeps its place for artifacts here, ${row.artifact_location}; the record says ${location}`]),
    ...(row.lifecycle_stage === record.stage ? [] : [`is ${row.lifecycle_stage} here, and stays that`]),
    ...(other.length === 0 ? [] : [`keeps the values of its tags here: ${other.join(', ')}`]),
  ];
  if (!check) await putTags(trx, row.id, missing);
  return taken(missing.length === 0 ? 'there' : 'updated', { notes, here: { experiments: 1, tags: record.tags.length - missing.length - other.length } });
}

function columnsOf(record: ExperimentRecord) {
  return { lifecycle_stage: record.stage, creation_time: record.createdAt, last_update_time: record.updatedAt };
}

function putTags(trx: Trx, id: number, tags: ExperimentRecord['tags']): Promise<void> {
  return putPairs(trx, 'experiment_tags', tags.map((tag) => ({ ...tag, owner: { experiment_id: id } })));
}

/** Those that have runs, data or models. */
async function usedExperiments(trx: Trx, ids: readonly number[]): Promise<ReadonlySet<number>> {
  const used = new Set<number>();
  for (const part of inParts(ids)) {
    for (const table of ['tracking_runs', 'datasets', 'logged_models'] as const) {
      const rows = await trx.selectFrom('experiments').select('id').where('id', 'in', part).where((eb) => eb.exists(eb.selectFrom(table).select(sql.lit(1).as('one')).whereRef(`${table}.experiment_id`, '=', 'experiments.id'))).execute();
      for (const { id } of rows) used.add(id);
    }
  }
  return used;
}

/** By id: the order in which they were made. */
export async function pageOfExperiments(db: Database['read'], query: RecordQuery): Promise<Page<ExperimentRecord>> {
  let rows = db.selectFrom('experiments').selectAll();
  if (query.experiments !== undefined) rows = rows.where('name', 'in', query.experiments);
  const page = await keysetPage(rows, { terms: [{ by: sql.ref('experiments.id'), type: 'integer', ascending: true }], limit: query.limit, after: query.after });
  const tags = await pairsOf(db, 'experiment_tags', page.items.map((row) => row.id));
  const items = page.items.map(
    (row): ExperimentRecord => ({
      kind: 'experiment',
      name: row.name,
      stage: row.lifecycle_stage === 'deleted' ? 'deleted' : 'active',
      createdAt: row.creation_time,
      updatedAt: row.last_update_time,
      artifactLocation: row.artifact_location.startsWith('mlflow-artifacts:') ? null : row.artifact_location,
      tags: tags.get(row.id) ?? [],
    }),
  );
  return { items, next: page.next };
}

/** Adds data that is not there; what is there has the same digest and stays. */
export async function putDatasets({ trx, check }: Put, records: readonly DatasetRecord[]): Promise<Outcome[]> {
  const experiments = await experimentsByName(trx, records.map((record) => record.experiment));
  const here = await datasetIds(trx, records.flatMap((record) => experiments.get(record.experiment)?.id ?? []));
  const fresh: { readonly experimentId: number; readonly record: DatasetRecord }[] = [];
  const outcomes = records.map((record) => {
    const experimentId = experiments.get(record.experiment)?.id;
    if (experimentId === undefined) return refused(noExperiment(record.experiment));
    if (here.has(datasetKey(experimentId, record.dataset))) return taken('there', { here: { datasets: 1 } });
    fresh.push({ experimentId, record });
    return taken('new');
  });
  const rows = fresh.map(({ experimentId, record: { dataset } }) => ({
    experiment_id: experimentId,
    name: dataset.name,
    digest: dataset.digest,
    source_type: dataset.sourceType,
    source: dataset.source,
    schema: dataset.schema ?? null,
    profile: dataset.profile ?? null,
  }));
  if (!check) await insertRows(trx, { table: 'datasets', more: (insert) => insert.onConflict((conflict) => conflict.doNothing()) }, rows);
  return outcomes;
}

/** The ids of all data of these experiments, by `datasetKey`. */
export async function datasetIds(trx: Trx, experimentIds: readonly number[]): Promise<ReadonlyMap<string, number>> {
  const ids = new Map<string, number>();
  for (const part of inParts([...new Set(experimentIds)])) {
    for (const row of await trx.selectFrom('datasets').select(['id', 'experiment_id', 'name', 'digest']).where('experiment_id', 'in', part).execute()) ids.set(datasetKey(row.experiment_id, row), row.id);
  }
  return ids;
}

export function datasetKey(experimentId: number, dataset: { readonly name: string; readonly digest: string }): string {
  return JSON.stringify([experimentId, dataset.name, dataset.digest]);
}

export function noExperiment(name: string): string {
  return `there is no experiment '${name}' here: its own record comes before`;
}

export async function pageOfDatasets(database: Database, query: RecordQuery): Promise<Page<DatasetRecord>> {
  let rows = database.read.selectFrom('datasets').innerJoin('experiments', 'experiments.id', 'datasets.experiment_id').selectAll('datasets').select('experiments.name as experiment');
  if (query.experiments !== undefined) rows = rows.where('experiments.name', 'in', query.experiments);
  const terms = [
    { by: sql.ref('datasets.experiment_id'), type: 'integer' as const, ascending: true },
    { by: byCodePoint(database.kind, sql.ref('datasets.name')), type: 'text' as const, ascending: true },
    { by: byCodePoint(database.kind, sql.ref('datasets.digest')), type: 'text' as const, ascending: true },
  ];
  const page = await keysetPage(rows, { terms, limit: query.limit, after: query.after });
  const items = page.items.map(
    (row): DatasetRecord => ({
      kind: 'dataset',
      experiment: row.experiment,
      dataset: { name: row.name, digest: row.digest, sourceType: row.source_type, source: row.source, ...(row.schema === null ? {} : { schema: row.schema }), ...(row.profile === null ? {} : { profile: row.profile }) },
    }),
  );
  return { items, next: page.next };
}
