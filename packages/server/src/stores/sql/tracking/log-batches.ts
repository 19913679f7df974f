import { newParams, type Pair, type RunBatch } from '@trainyard/core/tracking/batch.ts';
import { isLater, type Metric, type Point } from '@trainyard/core/tracking/metric.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { sql } from 'kysely';
import type { Settled } from '../../../platform/group-commit.ts';
import type { TrackingRunInfo } from '../../tracking.ts';
import type { Database, Trx } from '../database.ts';
import { inParts, insertRows } from '../insert-rows.ts';
import { readInt64 } from './int64.ts';
import { putPairs } from './pairs.ts';
import { lockRuns, requireActive } from './run-rows.ts';
import type { PointColumns } from './schema.ts';

/** The tag that is also the name of the run. */
export const RUN_NAME_TAG = 'mlflow.runName';

interface Series extends Point {
  readonly id: number | undefined;
}

/** What is stored already about the names in these batches; it moves on as batches are accepted, so that one sees those before it. */
interface Stored {
  readonly runs: ReadonlyMap<string, TrackingRunInfo>;
  readonly params: Map<string, Map<string, string>>;
  readonly series: Map<string, Series>;
  readonly models: ReadonlySet<string>;
}

/** Rows of all accepted batches together. */
interface Plan {
  readonly params: { run_id: string; key: string; value: string }[];
  readonly tags: { owner: { run_id: string }; key: string; value: string }[];
  readonly names: Map<string, string>;
  readonly points: { runId: string; metric: Metric }[];
  readonly latest: Map<string, { runId: string; key: string; point: Point }>;
}

/** Logs many batches in one transaction: read what is there, decide for each, write everything at once. One that is refused does not touch the others. */
export async function logBatches(kind: Database['kind'], trx: Trx, batches: readonly RunBatch[]): Promise<Settled<void>[]> {
  const stored: Stored = {
    runs: await lockRuns(kind, trx, batches.map((batch) => batch.runId)),
    params: await storedParams(trx, batches),
    series: await storedSeries(trx, batches),
    models: await storedModels(trx, batches),
  };
  const plan: Plan = { params: [], tags: [], names: new Map(), points: [], latest: new Map() };
  const outcomes = batches.map((batch) => accept(batch, stored, plan));
  await write(trx, plan, stored);
  return outcomes;
}

function accept(batch: RunBatch, stored: Stored, plan: Plan): Settled<void> {
  const { runId } = batch;
  let params: Pair[];
  try {
    requireActive(stored.runs.get(runId), runId);
    for (const { modelId } of batch.metrics) if (modelId !== undefined && !stored.models.has(modelId)) throw new TrainyardError('LOGGED_MODEL_NOT_FOUND', { id: modelId });
    params = newParams(runId, batch.params, stored.params.get(runId) ?? new Map());
  } catch (error) {
    return { error };
  }
  const known = stored.params.get(runId) ?? new Map<string, string>();
  stored.params.set(runId, known);
  for (const { key, value } of params) {
    known.set(key, value);
    plan.params.push({ run_id: runId, key, value });
  }
  for (const { key, value } of batch.tags) {
    plan.tags.push({ owner: { run_id: runId }, key, value });
    if (key === RUN_NAME_TAG) plan.names.set(runId, value);
  }
  for (const metric of batch.metrics) acceptMetric(runId, metric, stored, plan);
  return { value: undefined };
}

function acceptMetric(runId: string, metric: Metric, stored: Stored, plan: Plan): void {
  const id = seriesId(runId, metric.key);
  const before = stored.series.get(id);
  plan.points.push({ runId, metric });
  if (before !== undefined && !isLater(metric, before)) return;
  stored.series.set(id, { id: before?.id, value: metric.value, timestamp: metric.timestamp, step: metric.step });
  plan.latest.set(id, { runId, key: metric.key, point: metric });
}

async function write(trx: Trx, plan: Plan, stored: Stored): Promise<void> {
  const ids = await putLatest(trx, plan, stored);
  const points = plan.points.map(({ runId, metric }) => ({ series_id: ids.get(seriesId(runId, metric.key)) ?? missing(metric.key), ...pointColumns(metric) }));
  await insertRows(trx, { table: 'metric_points', more: (insert) => insert.onConflict((conflict) => conflict.doNothing()) }, points);
  await insertRows(trx, { table: 'params' }, plan.params);
  await putPairs(trx, 'run_tags', plan.tags);
  for (const [id, name] of plan.names) await trx.updateTable('tracking_runs').set({ name }).where('id', '=', id).execute();
  await writeModelMetrics(trx, plan);
}

/** Writes the latest point of every series that moved; answers the id of every series that is written to. */
async function putLatest(trx: Trx, plan: Plan, stored: Stored): Promise<ReadonlyMap<string, number>> {
  const ids = new Map<string, number>();
  for (const [id, series] of stored.series) if (series.id !== undefined) ids.set(id, series.id);
  for (const part of inParts([...plan.latest.values()], 6)) {
    const rows = await trx
      .insertInto('metric_series')
      .values(part.map(({ runId, key, point }) => ({ run_id: runId, key, ...pointColumns(point) })))
      .onConflict((conflict) =>
        conflict.columns(['run_id', 'key']).doUpdateSet((eb) => ({ step: eb.ref('excluded.step'), timestamp: eb.ref('excluded.timestamp'), value: eb.ref('excluded.value'), is_nan: eb.ref('excluded.is_nan') })),
      )
      .returning(['id', 'run_id', 'key'])
      .execute();
    for (const row of rows) ids.set(seriesId(row.run_id, row.key), row.id);
  }
  return ids;
}

async function writeModelMetrics(trx: Trx, plan: Plan): Promise<void> {
  const rows = plan.points.flatMap(({ runId, metric }) => {
    if (metric.modelId === undefined) return [];
    return [{ model_id: metric.modelId, key: metric.key, run_id: runId, ...pointColumns(metric), dataset_name: metric.datasetName ?? null, dataset_digest: metric.datasetDigest ?? null }];
  });
  await insertRows(trx, { table: 'logged_model_metrics', more: (insert) => insert.onConflict((conflict) => conflict.doNothing()) }, rows);
}

function pointColumns(point: Point): PointColumns {
  const isNan = Number.isNaN(point.value);
  return { step: point.step, timestamp: point.timestamp, value: isNan ? 0 : point.value, is_nan: isNan ? 1 : 0 };
}

async function storedParams(trx: Trx, batches: readonly RunBatch[]): Promise<Map<string, Map<string, string>>> {
  const params = new Map<string, Map<string, string>>();
  for (const wanted of namesIn(batches, (batch) => batch.params)) {
    const { rows } = await sql<{ run_id: string; key: string; value: string }>`
      with wanted (run_id, key) as (values ${wanted}) select p.run_id, p.key, p.value from wanted join params p on p.run_id = wanted.run_id and p.key = wanted.key`.execute(trx);
    for (const { run_id: runId, key, value } of rows) {
      const known = params.get(runId) ?? new Map<string, string>();
      params.set(runId, known.set(key, value));
    }
  }
  return params;
}

async function storedSeries(trx: Trx, batches: readonly RunBatch[]): Promise<Map<string, Series>> {
  const series = new Map<string, Series>();
  for (const wanted of namesIn(batches, (batch) => batch.metrics)) {
    const { rows } = await sql<{ id: number; run_id: string; key: string; step: string; timestamp: string; value: number; is_nan: number }>`
      with wanted (run_id, key) as (values ${wanted})
      select s.id, s.run_id, s.key, cast(s.step as text) as step, cast(s.timestamp as text) as timestamp, s.value, s.is_nan
      from wanted join metric_series s on s.run_id = wanted.run_id and s.key = wanted.key`.execute(trx);
    for (const row of rows) series.set(seriesId(row.run_id, row.key), { id: row.id, value: row.is_nan === 1 ? Number.NaN : row.value, step: readInt64(row.step), timestamp: readInt64(row.timestamp) });
  }
  return series;
}

async function storedModels(trx: Trx, batches: readonly RunBatch[]): Promise<ReadonlySet<string>> {
  const wanted = new Set(batches.flatMap((batch) => batch.metrics.flatMap((metric) => metric.modelId ?? [])));
  const found = new Set<string>();
  for (const ids of inParts([...wanted])) {
    for (const row of await trx.selectFrom('logged_models').select('id').where('id', 'in', ids).where('lifecycle_stage', '=', 'active').execute()) found.add(row.id);
  }
  return found;
}

/** The distinct (run, key) of batches as rows of VALUES, cut to what one statement takes. */
function* namesIn(batches: readonly RunBatch[], list: (batch: RunBatch) => readonly { readonly key: string }[]) {
  const names = new Map(batches.flatMap((batch) => list(batch).map(({ key }) => [seriesId(batch.runId, key), { runId: batch.runId, key }] as const)));
  for (const part of inParts([...names.values()], 2)) yield sql.join(part.map(({ runId, key }) => sql`(${runId}, ${key})`));
}

/** A run's id has no space in it. */
function seriesId(runId: string, key: string): string {
  return `${runId} ${key}`;
}

function missing(key: string): never {
  throw new Error(`the series of metric '${key}' was not stored`);
}
