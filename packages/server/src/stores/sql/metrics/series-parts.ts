import { type Columns, concat, NO_POINTS } from '@trainyard/core/tracking/points/columns.ts';
import { compare, sortedOnce } from '@trainyard/core/tracking/points/order.ts';
import { traceOf, unpackMetric } from '@trainyard/core/tracking/points/packed-metrics.ts';
import { type ChunkSummary, summarize } from '@trainyard/core/tracking/points/summary.ts';
import { type Kysely, sql } from 'kysely';
import type { Database, Trx } from '../database.ts';
import type { Schema } from '../schema.ts';
import { readChunks, summariesOf } from './chunks.ts';

/** Some points of one metric of one run, sorted, each once: a chunk, or all that is in no chunk yet. A point may be in several parts, when a client sent it again. */
export interface Part {
  readonly summary: ChunkSummary;
  /** The id of a chunk, or the points. */
  readonly points: number | Columns;
}

/** All parts of a metric in order of their first points; none for a metric that is not there. */
export async function findParts(kind: Database['kind'], db: Kysely<Schema>, of: { readonly runId: string; readonly key: string }): Promise<Part[]> {
  const trace = traceOf(of.key);
  const place = kind === 'sqlite' ? sql<number>`instr(names, ${trace})` : sql<number>`strpos(names, ${trace})`;
  const batches = await db.selectFrom('metric_batches').select(['names', 'bytes']).where('run_id', '=', of.runId).where(place, '>', 0).execute();
  const loose = sortedOnce(concat(batches.flatMap((batch) => unpackMetric(batch, of.key) ?? [])));
  const series = await db.selectFrom('metric_series').select('id').where('run_id', '=', of.runId).where('key', '=', of.key).executeTakeFirst();
  const chunks = series === undefined ? [] : await summariesOf(db, series.id);
  const parts: Part[] = chunks.map(({ id, summary }) => ({ summary, points: id }));
  if (loose.values.length > 0) parts.push({ summary: summarize(loose), points: loose });
  return parts.sort(({ summary: a }, { summary: b }) => compare(a.firstTimestamp, b.firstTimestamp) || compare(a.firstStep, b.firstStep));
}

/** The points of these parts, in their order. */
export async function readParts(kind: Database['kind'], db: Kysely<Schema>, parts: readonly Part[]): Promise<Columns[]> {
  const chunks = await readChunks(kind, db, parts.flatMap(({ points }) => (typeof points === 'number' ? [points] : [])));
  return parts.map(({ points }) => (typeof points === 'number' ? (chunks.get(points) ?? NO_POINTS) : points));
}

/** The least and the greatest step in these parts; undefined when there are none. */
export function stepsOf(parts: readonly Part[]) {
  const [first] = parts;
  if (first === undefined) return undefined;
  let { leastStep: least, greatestStep: greatest } = first.summary;
  for (const { summary } of parts) {
    if (summary.leastStep < least) least = summary.leastStep;
    if (summary.greatestStep > greatest) greatest = summary.greatestStep;
  }
  return { least, greatest };
}

/** All that `read` reads is of the same moment: points are moved from one place to another meanwhile. */
export function inOneMoment<T>(database: Database, read: (db: Trx) => Promise<T>): Promise<T> {
  const transaction = database.read.transaction();
  return (database.kind === 'postgresql' ? transaction.setIsolationLevel('repeatable read').setAccessMode('read only') : transaction).execute(read);
}
