import { type Columns, concat } from '@trainyard/core/tracking/points/columns.ts';
import { Curve } from '@trainyard/core/tracking/points/curve.ts';
import { compare, sortedOnce } from '@trainyard/core/tracking/points/order.ts';
import type { ChunkSummary } from '@trainyard/core/tracking/points/summary.ts';
import type { CurveBucket, CurveQuery } from '../../tracking.ts';
import type { Database } from '../database.ts';
import { findParts, inOneMoment, type Part, readParts, stepsOf } from './series-parts.ts';

/** Parts that lie over each other are read together up to this many; more of them would not fit into memory. */
const MAX_TOGETHER = 64;

/** The buckets of a metric. A part is only read when its steps lie in several buckets, or when a point in it may also be in another one. */
export function readCurve(database: Database, query: CurveQuery): Promise<CurveBucket[]> {
  const { kind } = database;
  return inOneMoment(database, async (db) => {
    const parts = await findParts(kind, db, query);
    const steps = stepsOf(parts);
    if (steps === undefined) return [];
    const curve = new Curve(steps, query.buckets);
    for (const group of groups(parts)) {
      // of more, a point that was sent again much later is counted again: least, greatest and last are right all the same
      if (group.length > 1 && group.length <= MAX_TOGETHER) curve.addPoints(sortedOnce(concat(await readParts(kind, db, group))));
      else for (const part of group) await addPart(curve, part, async () => concat(await readParts(kind, db, [part])));
    }
    return curve.buckets();
  });
}

async function addPart(curve: Curve, { summary }: Part, read: () => Promise<Columns>): Promise<void> {
  if (curve.isWithinOne(summary.leastStep, summary.greatestStep)) curve.addKnown(summary);
  else curve.addPoints(await read());
}

/** Parts whose histories lie over each other, and may have points in common. */
function* groups(parts: readonly Part[]): Generator<Part[]> {
  let group: Part[] = [];
  let last: ChunkSummary | undefined;
  for (const part of parts) {
    const { summary } = part;
    const isBehind = last !== undefined && (compare(summary.firstTimestamp, last.lastTimestamp) || compare(summary.firstStep, last.lastStep)) > 0;
    if (isBehind) {
      yield group;
      group = [];
    }
    group.push(part);
    if (last === undefined || isBehind || (compare(summary.lastTimestamp, last.lastTimestamp) || compare(summary.lastStep, last.lastStep)) > 0) last = summary;
  }
  yield group;
}
