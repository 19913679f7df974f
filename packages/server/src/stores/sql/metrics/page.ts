import { type Columns, concat, NO_POINTS, type Place, slice } from '@trainyard/core/tracking/points/columns.ts';
import { compare, indexBehind, sortedOnce } from '@trainyard/core/tracking/points/order.ts';
import type { ChunkSummary } from '@trainyard/core/tracking/points/summary.ts';
import type { Kysely } from 'kysely';
import type { Database } from '../database.ts';
import type { Schema } from '../schema.ts';
import { type Part, readParts } from './series-parts.ts';

export interface PageOfPoints {
  /** Only what is behind this place. */
  readonly after?: Place | undefined;
  readonly limit: number;
}

/** Parts that lie over each other are read so many points at a time. */
const POINTS_AT_ONCE = 65_536;

/**
 * The first points of a history, in order, each once. Parts that end before the page or begin behind it are not read, and no more
 * than the page and one read are in memory, also when all parts lie over each other.
 */
export async function readPage(kind: Database['kind'], db: Kysely<Schema>, all: readonly Part[], page: PageOfPoints): Promise<Columns> {
  const { after, limit } = page;
  const cut = (points: Columns) => (after === undefined ? points : slice(points, indexBehind(points, after)));
  const parts = after === undefined ? all : all.filter(({ summary }) => !endsBefore(summary, after));
  let points = NO_POINTS;
  for (let at = 0; at < parts.length; ) {
    const missing = limit - points.values.length;
    const next = parts[at];
    if (next === undefined || (missing === 0 && beginsBehind(next.summary, points))) break;
    const round = firstParts(parts, at, missing === 0 ? POINTS_AT_ONCE : missing);
    at += round.length;
    const read = await readParts(kind, db, round);
    points = slice(sortedOnce(concat([points, ...read.map(cut)])), 0, limit);
  }
  return points;
}

function firstParts(parts: readonly Part[], from: number, points: number): readonly Part[] {
  let to = from;
  for (let count = 0; to < parts.length && count < points; to++) count += parts[to]?.summary.points ?? 0;
  return parts.slice(from, to);
}

function endsBefore(summary: ChunkSummary, place: Place): boolean {
  return (compare(summary.lastTimestamp, place.timestamp) || compare(summary.lastStep, place.step)) < 0;
}

function beginsBehind(summary: ChunkSummary, points: Columns): boolean {
  const last = points.values.length - 1;
  return last >= 0 && (compare(summary.firstTimestamp, points.timestamps[last]) || compare(summary.firstStep, points.steps[last])) > 0;
}
