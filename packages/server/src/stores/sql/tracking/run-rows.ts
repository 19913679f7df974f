import type { Dataset, DatasetInput } from '@trainyard/core/tracking/dataset.ts';
import type { Pair } from '@trainyard/core/tracking/batch.ts';
import { invalid } from '@trainyard/core/tracking/names.ts';
import type { RunStatus } from '@trainyard/core/tracking/run-status.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { type Kysely, sql } from 'kysely';
import type { LatestMetric, ModelLink, Stage, TrackingRunInfo, TrackingRunRecord } from '../../tracking.ts';
import type { Database, Trx } from '../database.ts';
import { inParts } from '../insert-rows.ts';
import type { Schema } from '../schema.ts';
import { int64Text, readInt64, readInt64OrNull } from './int64.ts';
import { byKey, pairsOf } from './pairs.ts';

/** A row of `tracking_runs` as `selectRuns` reads it. */
export interface RunRow {
  readonly id: string;
  readonly experiment_id: number;
  readonly name: string;
  readonly user_id: string;
  readonly status: string;
  readonly start_time: string;
  readonly end_time: string | null;
  readonly lifecycle_stage: string;
  readonly artifact_uri: string;
  readonly managed: number;
  readonly creator_run: string | null;
  readonly last_seen: number;
  readonly latest_behind: number;
}

/** The tag that is also the name of the run. */
export const RUN_NAME_TAG = 'mlflow.runName';

/** Every column of a run that a record needs, times without loss. */
export function selectRuns(db: Kysely<Schema>) {
  return db
    .selectFrom('tracking_runs')
    .select(['tracking_runs.id', 'tracking_runs.experiment_id', 'name', 'user_id', 'status', 'lifecycle_stage', 'artifact_uri', 'managed', 'creator_run', 'last_seen', 'latest_behind'])
    .select([int64Text('start_time').as('start_time'), int64Text('end_time').$castTo<string | null>().as('end_time')]);
}

export function toInfo(row: RunRow): TrackingRunInfo {
  return {
    id: row.id,
    experimentId: String(row.experiment_id),
    name: row.name,
    userId: row.user_id,
    status: row.status as RunStatus,
    startTime: readInt64(row.start_time),
    endTime: readInt64OrNull(row.end_time),
    stage: row.lifecycle_stage as Stage,
    artifactUri: row.artifact_uri,
    managed: row.managed === 1,
    creatorRun: row.creator_run,
    lastSeenAt: row.last_seen,
  };
}

/** Reads runs that nobody else changes until the end of the transaction; always in the same order, so that two never wait for each other. */
export async function lockRuns(kind: Database['kind'], trx: Trx, ids: readonly string[]): Promise<ReadonlyMap<string, TrackingRunInfo>> {
  const found = new Map<string, TrackingRunInfo>();
  for (const part of inParts([...new Set(ids)].toSorted())) {
    const query = selectRuns(trx).where('tracking_runs.id', 'in', part).orderBy('tracking_runs.id');
    for (const row of await (kind === 'postgresql' ? query.forUpdate() : query).execute()) found.set(row.id, toInfo(row));
  }
  return found;
}

/** The run, when it may be written to. */
export function requireActive(run: TrackingRunInfo | undefined, id: string): TrackingRunInfo {
  if (run === undefined) throw new TrainyardError('TRACKING_RUN_NOT_FOUND', { id });
  if (run.stage !== 'active') throw invalid(`The run ${id} must be in the 'active' state. Current state is ${run.stage}.`);
  return run;
}

/** Adds to runs what they have logged: a handful of queries, however many runs there are. Their latest points must be up to date (`settleLatest`). */
export async function toRecords(db: Kysely<Schema>, rows: readonly RunRow[]): Promise<TrackingRunRecord[]> {
  const ids = rows.map((row) => row.id);
  const metrics = await latestMetrics(db, ids);
  const params = await pairsOf(db, 'params', ids);
  const tags = await pairsOf(db, 'run_tags', ids);
  const datasets = await datasetInputs(db, ids);
  const models = await modelLinks(db, ids);
  return rows.map((row) => ({
    ...toInfo(row),
    metrics: metrics.get(row.id) ?? [],
    params: params.get(row.id) ?? [],
    tags: tags.get(row.id) ?? [],
    datasets: datasets.get(row.id) ?? [],
    inputModels: models.get(`input ${row.id}`) ?? [],
    outputModels: models.get(`output ${row.id}`) ?? [],
  }));
}

async function latestMetrics(db: Kysely<Schema>, runIds: readonly string[]): Promise<Map<string, LatestMetric[]>> {
  const metrics = new Map<string, LatestMetric[]>();
  for (const ids of inParts(runIds)) {
    const rows = await db.selectFrom('metric_series').select(['run_id', 'key', 'value', 'is_nan', int64Text('timestamp').as('timestamp'), int64Text('step').as('step')]).where('run_id', 'in', ids).execute();
    for (const row of rows) push(metrics, row.run_id, { key: row.key, value: row.is_nan === 1 ? Number.NaN : row.value, timestamp: readInt64(row.timestamp), step: readInt64(row.step) });
  }
  for (const list of metrics.values()) list.sort(byKey);
  return metrics;
}

async function datasetInputs(db: Kysely<Schema>, runIds: readonly string[]): Promise<Map<string, DatasetInput[]>> {
  const inputs = new Map<string, DatasetInput[]>();
  for (const ids of inParts(runIds)) {
    const rows = await db.selectFrom('run_datasets').innerJoin('datasets', 'datasets.id', 'run_datasets.dataset_id').selectAll('datasets').select('run_id').where('run_id', 'in', ids).orderBy('datasets.id').execute();
    if (rows.length === 0) continue;
    const tags = new Map<string, Pair[]>();
    for (const { run_id: runId, dataset_id: datasetId, ...tag } of await db.selectFrom('run_dataset_tags').selectAll().where('run_id', 'in', ids).execute()) push(tags, `${runId} ${datasetId}`, tag);
    for (const row of rows) {
      const dataset: Dataset = { name: row.name, digest: row.digest, sourceType: row.source_type, source: row.source, schema: row.schema ?? undefined, profile: row.profile ?? undefined };
      push(inputs, row.run_id, { dataset, tags: (tags.get(`${row.run_id} ${row.id}`) ?? []).sort(byKey) });
    }
  }
  return inputs;
}

/** By direction and run: `input <run>`. */
async function modelLinks(db: Kysely<Schema>, runIds: readonly string[]): Promise<Map<string, ModelLink[]>> {
  const links = new Map<string, ModelLink[]>();
  for (const ids of inParts(runIds)) {
    const rows = await db.selectFrom('run_models').select(['run_id', 'direction', 'model_id', int64Text('step').as('step')]).where('run_id', 'in', ids).orderBy(sql.ref('run_models.step')).orderBy('model_id').execute();
    for (const row of rows) push(links, `${row.direction} ${row.run_id}`, { modelId: row.model_id, step: readInt64(row.step) });
  }
  return links;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
