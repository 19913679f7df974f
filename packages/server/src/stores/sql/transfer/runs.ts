import { artifactUri, parseArtifactUri } from '@trainyard/core/tracking/artifact-place.ts';
import type { DatasetUse, ModelUse, RunRecord } from '@trainyard/core/tracking/records/record.ts';
import type { Tally } from '@trainyard/core/tracking/records/tally.ts';
import { sql } from 'kysely';
import type { Page, TrackingRunRecord } from '../../tracking.ts';
import type { Outcome, RecordQuery } from '../../transfer.ts';
import type { Database, Trx } from '../database.ts';
import { inParts, insertRows } from '../insert-rows.ts';
import { keysetPage } from '../keyset.ts';
import { insertModelLinks } from '../tracking/inputs.ts';
import { putPairs } from '../tracking/pairs.ts';
import { countPoints } from '../metrics/count-points.ts';
import { settleLatest } from '../metrics/latest.ts';
import { selectRuns, toRecords } from '../tracking/run-rows.ts';
import { datasetIds, datasetKey, experimentsByName, noExperiment } from './experiments.ts';
import { type Put, refused, samePairs, taken } from './outcomes.ts';

/** A run that may be written: where it goes is known. */
interface Placed {
  readonly record: RunRecord;
  readonly experimentId: number;
  readonly datasetIds: readonly number[];
}

/** Adds runs that are not there, and brings those up to date that were under way. Points come by themselves. */
export async function putRuns(put: Put, records: readonly RunRecord[], now: number): Promise<Outcome[]> {
  const experiments = await experimentsByName(put.trx, records.map((record) => record.experiment));
  const known = await datasetIds(put.trx, records.flatMap((record) => (record.datasets.length === 0 ? [] : (experiments.get(record.experiment)?.id ?? []))));
  const here = await runsHere(put.trx, records.map((record) => record.id));
  const [fresh, grown]: [Placed[], Placed[]] = [[], []];
  const outcomes = records.map((record): Outcome => {
    const experimentId = experiments.get(record.experiment)?.id;
    if (experimentId === undefined) return refused(noExperiment(record.experiment));
    const ids = record.datasets.map((use) => known.get(datasetKey(experimentId, use)));
    const absent = record.datasets[ids.indexOf(undefined)];
    if (absent !== undefined) return refused(`its dataset '${absent.name}' (${absent.digest}) is not here: its own record comes before`);
    const placed = { record, experimentId, datasetIds: ids.filter((id) => id !== undefined) };
    const run = here.get(record.id);
    if (run === undefined) {
      fresh.push(placed);
      return taken('new');
    }
    const other = differences(run, placed);
    if (other.length === 0) return taken('there', { here: tallyOfRun(run) });
    if (!mayGrow(run, placed)) return refused(`is here with something else: ${other.join(', ')}`);
    grown.push(placed);
    return taken('updated', { here: tallyOfRun(run) });
  });
  if (!put.check) {
    await insertRuns(put.trx, fresh, now);
    for (const placed of grown) await updateRun(put.trx, placed);
    await addContents(put.trx, [...fresh, ...grown]);
  }
  return outcomes;
}

async function runsHere(trx: Trx, ids: readonly string[]): Promise<ReadonlyMap<string, TrackingRunRecord>> {
  const here = new Map<string, TrackingRunRecord>();
  for (const part of inParts(ids)) {
    const rows = await selectRuns(trx).where('tracking_runs.id', 'in', part).execute();
    for (const run of rows.length === 0 ? [] : await toRecords(trx, rows)) here.set(run.id, run);
  }
  return here;
}

/** What the record says otherwise than the run that is here. */
function differences(run: TrackingRunRecord, { record, experimentId }: Placed): string[] {
  const same: Readonly<Record<string, boolean>> = {
    experiment: run.experimentId === String(experimentId),
    name: run.name === record.name,
    user: run.userId === record.userId,
    status: run.status === record.status,
    'start time': run.startTime === record.startTime,
    'end time': run.endTime === record.endTime,
    'lifecycle stage': run.stage === record.stage,
    'artifact URI': run.artifactUri === uriOf(record, run.experimentId),
    params: samePairs(record.params, run.params),
    tags: samePairs(record.tags, run.tags),
    datasets: sameUses(record.datasets, run.datasets.map(({ dataset, tags }) => ({ name: dataset.name, digest: dataset.digest, tags }))),
    'input models': sameModels(record.inputModels, run.inputModels),
    'output models': sameModels(record.outputModels, run.outputModels),
  };
  return Object.entries(same).flatMap(([what, holds]) => (holds ? [] : [what]));
}

/** Under way when it was brought here, and nothing of it was contradicted since. */
function mayGrow(run: TrackingRunRecord, { record, experimentId }: Placed): boolean {
  const params = new Map(record.params.map(({ key, value }) => [key, value]));
  const underWay = !run.managed && (run.status === 'RUNNING' || run.status === 'SCHEDULED');
  return underWay && run.experimentId === String(experimentId) && run.artifactUri === uriOf(record, run.experimentId) && run.params.every(({ key, value }) => params.get(key) === value);
}

function sameUses(wanted: readonly DatasetUse[], here: readonly DatasetUse[]): boolean {
  const known = new Map(here.map((use) => [datasetKey(0, use), use]));
  return wanted.length === here.length && wanted.every((use) => samePairs(use.tags, known.get(datasetKey(0, use))?.tags ?? []) && known.has(datasetKey(0, use)));
}

function sameModels(wanted: readonly ModelUse[], here: readonly ModelUse[]): boolean {
  const known = new Map(here.map(({ modelId, step }) => [modelId, step]));
  return wanted.length === here.length && wanted.every(({ modelId, step }) => known.get(modelId) === step);
}

function tallyOfRun(run: TrackingRunRecord): Tally {
  return { runs: 1, params: run.params.length, tags: run.tags.length, metrics: run.metrics.length, datasetUses: run.datasets.length, modelLinks: run.inputModels.length + run.outputModels.length };
}

async function insertRuns(trx: Trx, placed: readonly Placed[], now: number): Promise<void> {
  const rows = placed.map(({ record, experimentId }) => ({
    id: record.id,
    experiment_id: experimentId,
    artifact_uri: uriOf(record, String(experimentId)),
    managed: 0,
    client_status: null,
    client_end_time: null,
    creator_run: null,
    last_seen: now,
    ...columnsOf(record),
  }));
  await insertRows(trx, { table: 'tracking_runs' }, rows);
}

async function updateRun(trx: Trx, { record }: Placed): Promise<void> {
  await trx.updateTable('tracking_runs').set(columnsOf(record)).where('id', '=', record.id).execute();
}

function columnsOf(record: RunRecord) {
  return { name: record.name, user_id: record.userId, status: record.status, start_time: record.startTime, end_time: record.endTime, lifecycle_stage: record.stage, deleted_time: record.deletedAt };
}

async function addContents(trx: Trx, placed: readonly Placed[]): Promise<void> {
  const records = placed.map(({ record }) => record);
  await putPairs(trx, 'params', records.flatMap(({ id, params }) => params.map((param) => ({ ...param, owner: { run_id: id } }))));
  await putPairs(trx, 'run_tags', records.flatMap(({ id, tags }) => tags.map((tag) => ({ ...tag, owner: { run_id: id } }))));
  const uses = placed.flatMap(({ record, datasetIds: ids }) => record.datasets.map((use, index) => ({ run_id: record.id, dataset_id: ids[index] ?? 0, tags: use.tags })));
  await insertRows(trx, { table: 'run_datasets', more: (insert) => insert.onConflict((conflict) => conflict.doNothing()) }, uses.map(({ run_id, dataset_id }) => ({ run_id, dataset_id })));
  await putPairs(trx, 'run_dataset_tags', uses.flatMap(({ tags, ...owner }) => tags.map((tag) => ({ ...tag, owner }))));
  for (const { id, inputModels, outputModels } of records) {
    if (inputModels.length > 0) await insertModelLinks(trx, { runId: id, direction: 'input' }, inputModels);
    if (outputModels.length > 0) await insertModelLinks(trx, { runId: id, direction: 'output' }, outputModels);
  }
}

function uriOf({ artifactUri: uri, id }: RunRecord, experimentId: string): string {
  return uri ?? artifactUri({ experimentId, kind: 'run', id });
}

/** By id. */
export async function pageOfRuns(database: Database, query: RecordQuery): Promise<Page<RunRecord>> {
  const db = database.read;
  const names = query.experiments;
  let rows = selectRuns(db).select('tracking_runs.deleted_time');
  if (names !== undefined) rows = rows.where('tracking_runs.experiment_id', 'in', (eb) => eb.selectFrom('experiments').select('experiments.id').where('experiments.name', 'in', names));
  const page = await keysetPage(rows, { terms: [{ by: sql.ref('tracking_runs.id'), type: 'text', ascending: true }], limit: query.limit, after: query.after });
  await settleLatest(database, page.items.map((row) => row.id));
  const runs = await toRecords(db, page.items);
  const points = await countPoints(database, runs.map((run) => run.id));
  const experiments = await experimentNames(db, page.items.map((row) => row.experiment_id));
  return { items: runs.map((run, index) => toRecord(run, { experiment: experiments.get(run.experimentId) ?? '', deletedAt: page.items[index]?.deleted_time ?? null, points: points.get(run.id) ?? 0 })), next: page.next };
}

async function experimentNames(db: Database['read'], ids: readonly number[]): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for (const part of inParts([...new Set(ids)])) for (const row of await db.selectFrom('experiments').select(['id', 'name']).where('id', 'in', part).execute()) names.set(String(row.id), row.name);
  return names;
}

function toRecord(run: TrackingRunRecord, { experiment, deletedAt, points }: Pick<RunRecord, 'experiment' | 'deletedAt' | 'points'>): RunRecord {
  const { id, name, userId, status, startTime, endTime, stage, params, tags, inputModels, outputModels } = run;
  const datasets = run.datasets.map(({ dataset, tags: useTags }) => ({ name: dataset.name, digest: dataset.digest, tags: useTags }));
  return {
    kind: 'run',
    id,
    experiment,
    name,
    userId,
    status,
    startTime,
    endTime,
    stage,
    deletedAt,
    artifactUri: parseArtifactUri(run.artifactUri) === undefined ? run.artifactUri : null,
    params,
    tags,
    datasets: datasets.toSorted((a, b) => (datasetKey(0, a) < datasetKey(0, b) ? -1 : 1)),
    inputModels,
    outputModels,
    metrics: run.metrics.length,
    points,
  };
}
