import type { Database } from '../database.ts';
import { among } from './among.ts';
import { readCurve } from './curve.ts';

interface Known {
  parts: number;
  points: number;
}

/**
 * How many points each of these runs has, identical ones once. Where all points of a metric lie in one part its count is written
 * there; where they lie in several, the same point may be in more than one of them, and they are looked at.
 */
export async function countPoints(database: Database, runIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const [runId, series] of await knownParts(database, runIds)) {
    let points = 0;
    for (const [key, known] of series) {
      if (known.parts === 1) points += known.points;
      else for (const bucket of await readCurve(database, { runId, key, buckets: 1 })) points += bucket.points;
    }
    counts.set(runId, points);
  }
  return counts;
}

async function knownParts({ kind, read }: Database, runIds: readonly string[]): Promise<ReadonlyMap<string, ReadonlyMap<string, Known>>> {
  const runs = new Map<string, Map<string, Known>>(runIds.map((id) => [id, new Map()]));
  const add = (runId: string, key: string, points: number): void => {
    const series = runs.get(runId);
    const known = series?.get(key);
    if (known === undefined) series?.set(key, { parts: 1, points });
    else known.parts += 1;
  };
  if (runIds.length === 0) return runs;
  const batches = await read.selectFrom('metric_batches').select(['run_id', 'names']).where(among(kind, 'run_id', runIds)).execute();
  for (const { run_id: runId, names } of batches) for (const [key, points] of JSON.parse(names) as [string, number][]) add(runId, key, points);
  const chunks = await read.selectFrom('metric_chunks').innerJoin('metric_series', 'metric_series.id', 'metric_chunks.series_id').select(['metric_series.run_id', 'metric_series.key', 'metric_chunks.points']).where(among(kind, 'run_id', runIds)).execute();
  for (const { run_id: runId, key, points } of chunks) add(runId, key, points);
  return runs;
}
