import type { Point } from '@trainyard/core/tracking/metric.ts';
import { pointAt } from '@trainyard/core/tracking/points/columns.ts';
import { latestIndex } from '@trainyard/core/tracking/points/order.ts';
import { unpackMetrics } from '@trainyard/core/tracking/points/packed-metrics.ts';
import { sql } from 'kysely';
import type { Database, Trx } from '../database.ts';
import { among } from './among.ts';
import { putRows, type Target } from './put-rows.ts';

/** The latest point of one metric. */
export interface LatestPoint {
  readonly runId: string;
  readonly experimentId: number;
  readonly key: string;
  readonly point: Point;
}

/** Whether a point is later is decided by the statement itself: two servers may log to the same metric at once. */
const SERIES: Target = {
  table: 'metric_series',
  columns: { run_id: 'text', experiment_id: 'bigint', key: 'text', step: 'bigint', timestamp: 'bigint', value: 'double precision', is_nan: 'integer' },
  otherwise: `on conflict (run_id, key) do update set step = excluded.step, timestamp = excluded.timestamp, value = excluded.value, is_nan = excluded.is_nan
    where (excluded.step, excluded.timestamp, excluded.value) > (metric_series.step, metric_series.timestamp, metric_series.value)`,
};

/** Makes series that are not there and moves on those whose point is later; each metric may be there once. */
export function putLatest(kind: Database['kind'], trx: Trx, points: readonly LatestPoint[]): Promise<void> {
  return putRows(kind, trx, SERIES, points.map(({ runId, experimentId, key, point }) => [runId, experimentId, key, point.step, point.timestamp, Number.isNaN(point.value) ? 0 : point.value, Number.isNaN(point.value) ? 1 : 0]));
}

/** How many runs may be behind at a time: it bounds what the next search has to catch up with. */
const MAX_BEHIND = 64;

/** Brings the latest points up to date when too many runs are behind. */
export async function settleSome(database: Database): Promise<void> {
  if ((await runsBehind(database)).length > MAX_BEHIND) await settleLatest(database);
}

/**
 * Brings the latest points up to date, of all runs or of these. A call that logs only appends what it was given, which is an
 * order of magnitude cheaper than finding 1,000 rows and the places of their values in an index; who reads latest points calls this first.
 */
export async function settleLatest(database: Database, runIds?: readonly string[]): Promise<void> {
  const behind = await runsBehind(database, runIds);
  if (behind.length > 0) await database.write((trx) => settle(database.kind, trx, behind));
}

async function runsBehind(database: Database, runIds?: readonly string[]): Promise<string[]> {
  // the condition is text: an index of some rows is not used for a parameter
  let query = database.read.selectFrom('tracking_runs').select('id').where(sql<boolean>`latest_behind = 1`);
  if (runIds !== undefined) query = query.where(among(database.kind, 'tracking_runs.id', runIds));
  return (await query.execute()).map((row) => row.id);
}

async function settle(kind: Database['kind'], trx: Trx, runIds: readonly string[]): Promise<void> {
  const query = trx.selectFrom('tracking_runs').select(['id', 'experiment_id', 'settled_batch']).where(among(kind, 'tracking_runs.id', runIds)).where('latest_behind', '=', 1).orderBy('id');
  const runs = await (kind === 'postgresql' ? query.forUpdate() : query).execute();
  const latest: LatestPoint[] = [];
  for (const run of runs) {
    const batches = await trx.selectFrom('metric_batches').selectAll().where('run_id', '=', run.id).where('id', '>', run.settled_batch).orderBy('id').execute();
    for (const [key, columns] of unpackMetrics(batches)) latest.push({ runId: run.id, experimentId: run.experiment_id, key, point: pointAt(columns, latestIndex(columns)) });
    await trx.updateTable('tracking_runs').set({ latest_behind: 0, settled_batch: batches.at(-1)?.id ?? run.settled_batch }).where('id', '=', run.id).execute();
  }
  await putLatest(kind, trx, latest);
}
