import { newParams, type Pair, type RunBatch } from '@trainyard/core/tracking/batch.ts';
import type { Metric } from '@trainyard/core/tracking/metric.ts';
import { packMetrics, type PackedMetrics } from '@trainyard/core/tracking/points/packed-metrics.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { sql } from 'kysely';
import type { Settled } from '../../../platform/group-commit.ts';
import type { TrackingRunInfo } from '../../tracking.ts';
import type { Database, Trx } from '../database.ts';
import { inParts, insertRows } from '../insert-rows.ts';
import { settleSome } from '../metrics/latest.ts';
import { packRun } from '../metrics/pack-run.ts';
import { putRows, type Target } from '../metrics/put-rows.ts';
import { putPairs } from './pairs.ts';
import { takeBackLost } from './silent-runs.ts';
import { lockRuns, requireActive, RUN_NAME_TAG } from './run-rows.ts';

/** Everything one call logs to one run, as it is kept. */
export interface PackedBatch {
  readonly runId: string;
  readonly metrics: PackedMetrics | undefined;
  /** Those of them that say something about a logged model. */
  readonly modelMetrics: readonly Metric[];
  readonly params: readonly Pair[];
  readonly tags: readonly Pair[];
  readonly evenDeleted: boolean;
}

export function packBatch({ runId, metrics, params, tags, evenDeleted = false }: RunBatch): PackedBatch {
  return { runId, params, tags, evenDeleted, metrics: metrics.length === 0 ? undefined : packMetrics(metrics), modelMetrics: metrics.filter((metric) => metric.modelId !== undefined) };
}

/** A run with this many batches gets its points packed: it bounds what a history reads besides its own metric. */
const MAX_LOOSE = 64;

/** What is stored already about the names in these batches; it moves on as batches are accepted, so that one sees those before it. */
interface Stored {
  readonly runs: ReadonlyMap<string, TrackingRunInfo>;
  readonly params: Map<string, Map<string, string>>;
  readonly models: ReadonlySet<string>;
}

/** Rows of all accepted batches together. */
interface Plan {
  readonly batches: [runId: string, names: string, bytes: Uint8Array][];
  readonly params: { run_id: string; key: string; value: string }[];
  readonly tags: { owner: { run_id: string }; key: string; value: string }[];
  readonly modelMetrics: { runId: string; metric: Metric }[];
  /** Every run that was written to. */
  readonly runs: Map<string, { batches: number; name: string | null }>;
}

/** Logs what calls have in common in one transaction of their own. */
export async function logTogether(database: Database, batches: readonly PackedBatch[], now: number): Promise<Settled<void>[]> {
  await settleSome(database);
  return database.write((trx) => logBatches(database.kind, trx, batches, now));
}

/**
 * Logs many batches: read what is there, decide for each, write everything at once. One that is refused does not touch the others.
 * Points are only appended, so the same batch sent again costs what it did the first time; a point counts once when it is read, and
 * the second one vanishes when points are packed.
 */
async function logBatches(kind: Database['kind'], trx: Trx, batches: readonly PackedBatch[], now: number): Promise<Settled<void>[]> {
  const stored: Stored = { runs: await lockRuns(kind, trx, batches.map((batch) => batch.runId)), params: await storedParams(trx, batches), models: await storedModels(trx, batches) };
  const plan: Plan = { batches: [], params: [], tags: [], modelMetrics: [], runs: new Map() };
  const outcomes = batches.map((batch) => accept(batch, stored, plan));
  await write(kind, trx, plan);
  await touchRuns({ kind, trx, plan, stored }, now);
  return outcomes;
}

function accept(batch: PackedBatch, stored: Stored, plan: Plan): Settled<void> {
  const { runId } = batch;
  let params: Pair[];
  try {
    if (!(batch.evenDeleted && stored.runs.has(runId))) requireActive(stored.runs.get(runId), runId);
    for (const { modelId } of batch.modelMetrics) if (modelId !== undefined && !stored.models.has(modelId)) throw new TrainyardError('LOGGED_MODEL_NOT_FOUND', { id: modelId });
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
  for (const { key, value } of batch.tags) plan.tags.push({ owner: { run_id: runId }, key, value });
  const touched = plan.runs.get(runId) ?? { batches: 0, name: null };
  touched.name = batch.tags.findLast((tag) => tag.key === RUN_NAME_TAG)?.value ?? touched.name;
  plan.runs.set(runId, touched);
  if (batch.metrics === undefined) return { value: undefined };
  touched.batches++;
  plan.batches.push([runId, batch.metrics.names, batch.metrics.bytes]);
  for (const metric of batch.modelMetrics) plan.modelMetrics.push({ runId, metric });
  return { value: undefined };
}

const BATCHES: Target = { table: 'metric_batches', columns: { run_id: 'text', names: 'text', bytes: 'bytea' } };

async function write(kind: Database['kind'], trx: Trx, plan: Plan): Promise<void> {
  await putRows(kind, trx, BATCHES, plan.batches);
  await insertRows(trx, { table: 'params' }, plan.params);
  await putPairs(trx, 'run_tags', plan.tags);
  const modelRows = plan.modelMetrics.flatMap(({ runId, metric }) => {
    if (metric.modelId === undefined) return [];
    const isNan = Number.isNaN(metric.value);
    return [{ model_id: metric.modelId, key: metric.key, run_id: runId, step: metric.step, timestamp: metric.timestamp, value: isNan ? 0 : metric.value, is_nan: isNan ? 1 : 0, dataset_name: metric.datasetName ?? null, dataset_digest: metric.datasetDigest ?? null }];
  });
  await insertRows(trx, { table: 'logged_model_metrics', more: (insert) => insert.onConflict((conflict) => conflict.doNothing()) }, modelRows);
}

interface Written {
  readonly kind: Database['kind'];
  readonly trx: Trx;
  readonly plan: Plan;
  readonly stored: Stored;
}

/** Notes at the runs what was written to them; packs the points of the one with the most batches, when they are too many. */
async function touchRuns({ kind, trx, plan, stored }: Written, now: number): Promise<void> {
  let fullest = { id: '', loose_batches: 0 };
  const lost: string[] = [];
  for (const part of inParts([...plan.runs], 3)) {
    const rows = sql.join(part.map(([id, { batches, name }]) => sql`(cast(${id} as text), cast(${batches} as integer), cast(${name} as text))`));
    const touched = await sql<{ id: string; loose_batches: number; lost: number }>`
      with touched (id, batches, name) as (values ${rows})
      update tracking_runs set last_seen = ${now}, loose_batches = loose_batches + touched.batches, name = coalesce(touched.name, tracking_runs.name),
        latest_behind = case when touched.batches > 0 then 1 else latest_behind end
      from touched where tracking_runs.id = touched.id returning tracking_runs.id, loose_batches, lost`.execute(trx);
    for (const run of touched.rows) {
      if (run.loose_batches > fullest.loose_batches) fullest = run;
      if (run.lost === 1) lost.push(run.id);
    }
  }
  if (lost.length > 0) await takeBackLost(kind, trx, lost);
  const run = fullest.loose_batches >= MAX_LOOSE ? stored.runs.get(fullest.id) : undefined;
  // one at a time: runs that log alike fill up alike, and one call would wait for all of them
  if (run !== undefined) await packRun(kind, trx, { id: run.id, experimentId: Number(run.experimentId) });
}

async function storedParams(trx: Trx, batches: readonly PackedBatch[]): Promise<Map<string, Map<string, string>>> {
  const names = new Map(batches.flatMap(({ runId, params }) => params.map(({ key }) => [`${runId} ${key}`, { runId, key }] as const)));
  const stored = new Map<string, Map<string, string>>();
  for (const part of inParts([...names.values()], 2)) {
    const wanted = sql.join(part.map(({ runId, key }) => sql`(${runId}, ${key})`));
    const { rows } = await sql<{ run_id: string; key: string; value: string }>`
      with wanted (run_id, key) as (values ${wanted}) select p.run_id, p.key, p.value from wanted join params p on p.run_id = wanted.run_id and p.key = wanted.key`.execute(trx);
    for (const { run_id: runId, key, value } of rows) {
      const known = stored.get(runId) ?? new Map<string, string>();
      stored.set(runId, known.set(key, value));
    }
  }
  return stored;
}

async function storedModels(trx: Trx, batches: readonly PackedBatch[]): Promise<ReadonlySet<string>> {
  const wanted = new Set(batches.flatMap((batch) => batch.modelMetrics.flatMap((metric) => metric.modelId ?? [])));
  const found = new Set<string>();
  for (const ids of inParts([...wanted])) {
    for (const row of await trx.selectFrom('logged_models').select('id').where('id', 'in', ids).where('lifecycle_stage', '=', 'active').execute()) found.add(row.id);
  }
  return found;
}
