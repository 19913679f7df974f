import { type Columns, concat, pointAt } from '@trainyard/core/tracking/points/columns.ts';
import { latestIndex, sortedOnce } from '@trainyard/core/tracking/points/order.ts';
import { unpackMetrics } from '@trainyard/core/tracking/points/packed-metrics.ts';
import { chunksToMerge } from '@trainyard/core/tracking/points/tail.ts';
import type { Database, Trx } from '../database.ts';
import { among } from './among.ts';
import { putChunks, readChunks } from './chunks.ts';
import { putLatest } from './latest.ts';

type Kind = Database['kind'];

/** So many series are packed at a time: with 4,096 points each they hold a few megabytes. */
const SERIES_AT_ONCE = 128;

/**
 * Moves what was logged to a run from its batches into the chunks of each metric, where a history finds it without reading what
 * was logged to others. The caller holds the run locked.
 */
export async function packRun(kind: Kind, trx: Trx, run: { readonly id: string; readonly experimentId: number }): Promise<void> {
  const batches = await trx.selectFrom('metric_batches').selectAll().where('run_id', '=', run.id).orderBy('id').execute();
  const last = batches.at(-1);
  if (last === undefined) return;
  const added = unpackMetrics(batches);
  await putLatest(kind, trx, [...added].map(([key, columns]) => ({ runId: run.id, experimentId: run.experimentId, key, point: pointAt(columns, latestIndex(columns)) })));
  const ids = await seriesIds(kind, trx, run.id, [...added.keys()]);
  for (let from = 0; from < ids.length; from += SERIES_AT_ONCE) await appendChunks(kind, trx, ids.slice(from, from + SERIES_AT_ONCE), added);
  await trx.deleteFrom('metric_batches').where('run_id', '=', run.id).where('id', '<=', last.id).execute();
  await trx.updateTable('tracking_runs').set({ loose_batches: 0, latest_behind: 0, settled_batch: last.id }).where('id', '=', run.id).execute();
}

interface SeriesKey {
  readonly id: number;
  readonly key: string;
}

function seriesIds(kind: Kind, trx: Trx, runId: string, keys: readonly string[]): Promise<SeriesKey[]> {
  return trx.selectFrom('metric_series').select(['id', 'key']).where('run_id', '=', runId).where(among(kind, 'key', keys)).execute();
}

async function appendChunks(kind: Kind, trx: Trx, series: readonly SeriesKey[], added: ReadonlyMap<string, Columns>): Promise<void> {
  const tails = new Map<number, { readonly id: number; readonly points: number }[]>(series.map(({ id }) => [id, []]));
  const tailRows = await trx.selectFrom('metric_chunks').select(['id', 'series_id', 'points']).where(among(kind, 'series_id', [...tails.keys()])).where('is_full', '=', 0).orderBy('id').execute();
  for (const row of tailRows) tails.get(row.series_id)?.push(row);
  const merged = series.map(({ id, key }) => {
    const points = added.get(key) ?? missing(key);
    const tail = tails.get(id) ?? [];
    const count = chunksToMerge(tail.map((chunk) => chunk.points), points.values.length);
    return { seriesId: id, points, chunkIds: tail.slice(tail.length - count).map((chunk) => chunk.id) };
  });
  const gone = merged.flatMap((one) => one.chunkIds);
  const old = await readChunks(kind, trx, gone);
  if (gone.length > 0) await trx.deleteFrom('metric_chunks').where(among(kind, 'id', gone)).execute();
  await putChunks(kind, trx, merged.map(({ seriesId, points, chunkIds }) => ({ seriesId, points: sortedOnce(concat([...chunkIds.flatMap((id) => old.get(id) ?? []), points])) })));
}

function missing(key: string): never {
  throw new Error(`the series of metric '${key}' was not stored`);
}
