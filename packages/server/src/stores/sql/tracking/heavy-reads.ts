import { existsSync } from 'node:fs';
import { sql } from 'kysely';
import { CallThread } from '../../../platform/call-thread.ts';
import type { BulkHistoryQuery, CurveBucket, CurveQuery, Page, RunPoint, RunSearch, SampledHistoryQuery, TrackingRunRecord } from '../../tracking.ts';
import type { Database } from '../database.ts';
import { readBulkHistory } from './history.ts';
import { among } from '../metrics/among.ts';
import { readCurve } from '../metrics/curve.ts';
import { readSampledHistory } from '../metrics/sampled-history.ts';
import { searchRuns } from '../run-search/run-search.ts';

/** Reads that look at as much as there is. Functions of plain data: they run as well on this thread as on another one. */
export interface HeavyReads {
  search(search: RunSearch): Promise<Page<TrackingRunRecord>>;
  bulkHistory(query: BulkHistoryQuery): Promise<readonly RunPoint[]>;
  sampledHistory(query: SampledHistoryQuery): Promise<readonly RunPoint[]>;
  curve(query: CurveQuery): Promise<readonly CurveBucket[]>;
}

export function heavyReadsOn(database: Database): HeavyReads {
  return {
    search: (search) => searchRuns(database, search),
    bulkHistory: (query) => readBulkHistory(database, query),
    sampledHistory: (query) => readSampledHistory(database, query),
    curve: (query) => readCurve(database, query),
  };
}

/** With less than this a read ends within a few milliseconds, and the way to another thread would cost as much. */
const FEW_RUNS = 2000;
const FEW_POINTS = 50_000;

/**
 * On SQLite a read happens where it is called, and a search that no index helps with would hold up everybody for as long as it
 * takes: large ones go to a thread with a connection of its own. PostgreSQL is another process already.
 */
export function openHeavyReads(database: Database): HeavyReads {
  const here = heavyReadsOn(database);
  if (database.sqliteUrl === undefined) return here;
  const thread = new CallThread(workerFile(), { url: database.sqliteUrl });
  database.beforeClose(() => thread.close());
  const there = async <N extends keyof HeavyReads>(name: N, query: Parameters<HeavyReads[N]>[0]) => (await thread.call(name, query)) as Awaited<ReturnType<HeavyReads[N]>>;
  return {
    search: async (search) => ((await hasFewRuns(database, search.experimentIds)) ? here.search(search) : there('search', search)),
    bulkHistory: async (query) => ((await hasFewPoints(database, query.runIds, query.key)) ? here.bulkHistory(query) : there('bulkHistory', query)),
    sampledHistory: async (query) => ((await hasFewPoints(database, query.runIds, query.key)) ? here.sampledHistory(query) : there('sampledHistory', query)),
    curve: async (query) => ((await hasFewPoints(database, [query.runId], query.key)) ? here.curve(query) : there('curve', query)),
  };
}

async function hasFewRuns({ kind, read }: Database, experimentIds: readonly string[]): Promise<boolean> {
  const some = read.selectFrom('tracking_runs').select('id').where(among(kind, 'experiment_id', experimentIds.map(Number))).limit(FEW_RUNS);
  const { runs } = await read.selectFrom(some.as('some')).select(({ fn }) => fn.countAll<number>().as('runs')).executeTakeFirstOrThrow();
  return runs < FEW_RUNS;
}

async function hasFewPoints({ kind, read }: Database, runIds: readonly string[], key: string): Promise<boolean> {
  const series = read.selectFrom('metric_series').select('id').where(among(kind, 'run_id', runIds)).where('key', '=', key);
  const { points } = await read.selectFrom('metric_chunks').where('series_id', 'in', series).select(sql<number>`coalesce(sum(points), 0)`.as('points')).executeTakeFirstOrThrow();
  return points < FEW_POINTS;
}

/** The bundled worker beside a bundled server, the source in a checkout. */
function workerFile(): URL {
  const bundled = new URL('./tracking-worker.mjs', import.meta.url);
  return existsSync(bundled) ? bundled : new URL('./tracking-worker.ts', import.meta.url);
}
