import { messageOf } from '@trainyard/core/errors.ts';
import type { RunBatch } from '@trainyard/core/tracking/batch.ts';
import { finite, type Metric } from '@trainyard/core/tracking/metric.ts';
import type { PointsRecord } from '@trainyard/core/tracking/records/record.ts';
import type { TrackingRunStore } from '../../tracking.ts';
import type { Outcome } from '../../transfer.ts';
import type { Database } from '../database.ts';
import { inParts } from '../insert-rows.ts';
import { refused, taken } from './outcomes.ts';

interface Needs {
  readonly database: Database;
  /** The way clients log: everything shares few commits, and whatever is done about points is done there. */
  readonly runs: Pick<TrackingRunStore, 'log'>;
}

/** Adds points to runs that are there, deleted ones too. Identical ones count once, so that all of them are `new`. */
export async function putPoints({ database, runs }: Needs, records: readonly PointsRecord[], check: boolean): Promise<Outcome[]> {
  const here = await runIds(database.read, [...new Set(records.map((record) => record.runId))]);
  const problems = new Map<string, string>([...new Set(records.map((record) => record.runId))].filter((id) => !here.has(id)).map((id) => [id, `there is no run ${id} here: its own record comes before`]));
  const batches = check ? [] : batchesOf(records.filter((record) => here.has(record.runId)));
  const settled = await Promise.allSettled(batches.map((batch) => runs.log(batch)));
  for (const [index, one] of settled.entries()) {
    if (one.status === 'fulfilled') continue;
    // the database, or the disk: nothing that is wrong with the records
    if (!isRefusal(one.reason)) throw one.reason as Error;
    problems.set(batches[index]?.runId ?? '', messageOf(one.reason));
  }
  return records.map((record) => {
    const problem = problems.get(record.runId);
    return problem === undefined ? taken('new') : refused(problem);
  });
}

function isRefusal(error: unknown): boolean {
  return ['INVALID_TRACKING_VALUE', 'TRACKING_RUN_NOT_FOUND'].includes(String((error as { code?: unknown }).code));
}

/** One batch for each run. */
function batchesOf(records: readonly PointsRecord[]): RunBatch[] {
  const runs = Map.groupBy(records, (record) => record.runId);
  return [...runs].map(([runId, lines]) => ({ runId, metrics: lines.flatMap(metricsOf), params: [], tags: [], evenDeleted: true }));
}

function metricsOf({ key, steps, timestamps, values }: PointsRecord): Metric[] {
  return values.map((value, index) => ({ key, value: finite(value), timestamp: timestamps[index] ?? 0, step: steps[index] ?? 0 }));
}

async function runIds(db: Database['read'], ids: readonly string[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const part of inParts(ids)) for (const { id } of await db.selectFrom('tracking_runs').select('id').where('id', 'in', part).execute()) found.add(id);
  return found;
}
