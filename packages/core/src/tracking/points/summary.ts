import type { Int64 } from '../int64.ts';
import { type Columns, int64At, type Int64Column } from './columns.ts';
import { isEven } from './encoding.ts';
import { compare, latestIndex } from './order.ts';

/** What is known of a chunk of points without reading them. */
export interface ChunkSummary {
  readonly points: number;
  /** Of the first and the last point in order of a history. */
  readonly firstTimestamp: Int64;
  readonly firstStep: Int64;
  readonly lastTimestamp: Int64;
  readonly lastStep: Int64;
  readonly leastStep: Int64;
  readonly greatestStep: Int64;
  /** Its steps are least, …, greatest in equal distances, each once. */
  readonly evenSteps: boolean;
  /** Null when every value is NaN. */
  readonly least: number | null;
  readonly greatest: number | null;
  /** Of the latest point; its step is the greatest one. */
  readonly latestTimestamp: Int64;
  readonly latestValue: number;
}

/** Of sorted points, at least one. */
export function summarize({ timestamps, steps, values }: Columns): ChunkSummary {
  const last = values.length - 1;
  const latest = latestIndex({ timestamps, steps, values });
  let least = Infinity;
  let greatest = -Infinity;
  for (const value of values) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  const allNan = least > greatest;
  return {
    points: values.length,
    firstTimestamp: int64At(timestamps, 0),
    firstStep: int64At(steps, 0),
    lastTimestamp: int64At(timestamps, last),
    lastStep: int64At(steps, last),
    leastStep: leastOf(steps),
    greatestStep: int64At(steps, latest),
    evenSteps: steps instanceof Float64Array && isEven(steps) && (last === 0 || compare(steps[0], steps[1]) < 0),
    least: allNan ? null : least,
    greatest: allNan ? null : greatest,
    latestTimestamp: int64At(timestamps, latest),
    latestValue: values[latest] ?? Number.NaN,
  };
}

/** The steps of a chunk whose steps are even. */
export function evenSteps({ leastStep, greatestStep, points }: ChunkSummary): Float64Array {
  const steps = new Float64Array(points);
  const least = Number(leastStep);
  const distance = points > 1 ? (Number(greatestStep) - least) / (points - 1) : 0;
  for (let index = 0; index < points; index++) steps[index] = least + index * distance;
  return steps;
}

function leastOf(steps: Int64Column): Int64 {
  let found = 0;
  for (let index = 1; index < steps.length; index++) if (compare(steps[index], steps[found]) < 0) found = index;
  return int64At(steps, found);
}

/** As a JSON array: a history of millions of points has thousands of summaries, and names would take longer to read than numbers. */
export function writeSummary(s: ChunkSummary): string {
  const numbers = [s.points, s.firstTimestamp, s.firstStep, s.lastTimestamp, s.lastStep, s.leastStep, s.greatestStep, Number(s.evenSteps), s.least, s.greatest, s.latestTimestamp, Number.isNaN(s.latestValue) ? null : s.latestValue];
  return JSON.stringify(numbers.map((number) => (typeof number === 'bigint' ? String(number) : number)));
}

/** An int64 as JSON holds it. */
type Written = number | string;

export function readSummary(text: string): ChunkSummary {
  const [points, firstTimestamp, firstStep, lastTimestamp, lastStep, leastStep, greatestStep, evenSteps, least, greatest, latestTimestamp, latestValue] = JSON.parse(text) as [
    number, Written, Written, Written, Written, Written, Written, 0 | 1, number | null, number | null, Written, number | null,
  ];
  return {
    points,
    firstTimestamp: int64Of(firstTimestamp),
    firstStep: int64Of(firstStep),
    lastTimestamp: int64Of(lastTimestamp),
    lastStep: int64Of(lastStep),
    leastStep: int64Of(leastStep),
    greatestStep: int64Of(greatestStep),
    evenSteps: evenSteps === 1,
    least,
    greatest,
    latestTimestamp: int64Of(latestTimestamp),
    latestValue: latestValue ?? Number.NaN,
  };
}

function int64Of(written: Written): Int64 {
  return typeof written === 'number' ? written : BigInt(written);
}
