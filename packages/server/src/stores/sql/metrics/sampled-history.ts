import type { Int64 } from '@trainyard/core/tracking/int64.ts';
import { type Columns, concat, concatInt64, int64Column, type Int64Column, pick, pointAt } from '@trainyard/core/tracking/points/columns.ts';
import { compare, sortedOnce } from '@trainyard/core/tracking/points/order.ts';
import { firstNotBelow, sampleSteps, stepsOnce, stepsWithin, withSteps } from '@trainyard/core/tracking/points/sample-steps.ts';
import { evenSteps } from '@trainyard/core/tracking/points/summary.ts';
import type { Kysely } from 'kysely';
import type { RunPoint, SampledHistoryQuery } from '../../tracking.ts';
import type { Database } from '../database.ts';
import type { Schema } from '../schema.ts';
import { findParts, inOneMoment, type Part, readParts, stepsOf } from './series-parts.ts';

/** The most points of one run in an answer: all of them may have the same step. MLflow's own limit. */
const MAX_POINTS = 25_000;

/** Parts are read so many at a time. */
const PARTS_AT_ONCE = 64;

type Range = SampledHistoryQuery['steps'];

/** A few steps of a metric in many runs, with all their points. Where steps are even, a part is only read when one of them is chosen. */
export function readSampledHistory(database: Database, query: SampledHistoryQuery): Promise<RunPoint[]> {
  const { kind } = database;
  return inOneMoment(database, async (db) => {
    const runs: { readonly runId: string; readonly parts: readonly Part[] }[] = [];
    for (const runId of [...new Set(query.runIds)].toSorted()) runs.push({ runId, parts: await findParts(kind, db, { runId, key: query.key }) });
    let steps: Int64Column = new Float64Array(0);
    for (const { parts } of runs) steps = stepsOnce(concatInt64([steps, await allSteps(kind, db, parts, query.steps)]));
    const ends = runs.flatMap(({ parts }) => endsWithin(parts, query.steps));
    const chosen = sampleSteps(steps, int64Column(ends), query.count);
    const sampled: RunPoint[] = [];
    for (const { runId, parts } of runs) {
      const columns = await pointsAt(kind, db, parts, chosen);
      for (let index = 0; index < columns.values.length; index++) sampled.push({ runId, ...pointAt(columns, index) });
    }
    return sampled;
  });
}

/** The first and the last step of a run, when they are in the range. */
function endsWithin(parts: readonly Part[], range: Range): Int64[] {
  const steps = stepsOf(parts);
  if (steps === undefined) return [];
  return [steps.least, steps.greatest].filter((step) => range === undefined || (step >= range.first && step <= range.last));
}

/** Every step within the range, sorted, each once. */
async function allSteps(kind: Database['kind'], db: Kysely<Schema>, parts: readonly Part[], range: Range): Promise<Int64Column> {
  const found: Int64Column[] = [];
  const add = (steps: Int64Column) => void found.push(stepsOnce(range === undefined ? steps : stepsWithin(steps, range)));
  const inRange = parts.filter(({ summary }) => range === undefined || (summary.greatestStep >= range.first && summary.leastStep <= range.last));
  for (const { summary } of inRange) if (summary.evenSteps) add(evenSteps(summary));
  await eachPart(kind, db, inRange.filter(({ summary }) => !summary.evenSteps), ({ steps }) => add(steps));
  // the steps of one part mostly lie behind those of another one: nothing is left to sort then
  return stepsOnce(concatInt64(found.filter((steps) => steps.length > 0).sort((a, b) => compare(a[0], b[0]))));
}

/** The points with one of these steps, by step, timestamp, value. */
async function pointsAt(kind: Database['kind'], db: Kysely<Schema>, parts: readonly Part[], steps: Int64Column): Promise<Columns> {
  const wanted = parts.filter(({ summary }) => {
    const first = steps[firstNotBelow(steps, summary.leastStep)];
    return first !== undefined && first <= summary.greatestStep;
  });
  const found: Columns[] = [];
  await eachPart(kind, db, wanted, (points) => found.push(withSteps(points, steps)));
  const points = sortedOnce(concat(found));
  const byStep = Array.from(points.values.keys()).sort((a, b) => compare(points.steps[a], points.steps[b]) || a - b);
  return pick(points, byStep.slice(0, MAX_POINTS));
}

async function eachPart(kind: Database['kind'], db: Kysely<Schema>, parts: readonly Part[], use: (points: Columns) => void): Promise<void> {
  for (let at = 0; at < parts.length; at += PARTS_AT_ONCE) for (const points of await readParts(kind, db, parts.slice(at, at + PARTS_AT_ONCE))) use(points);
}
