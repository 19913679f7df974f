import { type Columns, pick, type Place } from './columns.ts';

/** Which of two points comes first in a history: negative, 0 (the same point) or positive. */
export function comparePoints(a: Columns, i: number, b: Columns, j: number): number {
  return compare(a.timestamps[i], b.timestamps[j]) || compare(a.steps[i], b.steps[j]) || compareValues(a.values[i] ?? 0, b.values[j] ?? 0);
}

/** A number and a bigint compare by what they are worth. */
export function compare(a: number | bigint | undefined, b: number | bigint | undefined): number {
  if (a === undefined || b === undefined) throw new RangeError('there is no such point');
  return a < b ? -1 : a > b ? 1 : 0;
}

/** NaN stands where 0 stands, behind it: the order that MLflow's databases give. */
function compareValues(a: number, b: number): number {
  const aIsNan = Number.isNaN(a);
  const bIsNan = Number.isNaN(b);
  if (!aIsNan && !bIsNan) return a < b ? -1 : a > b ? 1 : 0;
  return compare(aIsNan ? 0 : a, bIsNan ? 0 : b) || Number(aIsNan) - Number(bIsNan);
}

/** In order of a history, each point once. Answers the same columns when they are that already, which costs one look at each point. */
export function sortedOnce(columns: Columns): Columns {
  const count = columns.values.length;
  let rising = 1;
  while (rising < count && comparePoints(columns, rising - 1, columns, rising) < 0) rising++;
  if (rising >= count) return columns;
  // the sort of arrays merges what is sorted in itself already: mostly all there is to do
  const indexes = Array.from(columns.values.keys()).sort((i, j) => comparePoints(columns, i, columns, j));
  let kept = 0;
  for (const index of indexes) if (kept === 0 || comparePoints(columns, indexes[kept - 1] ?? index, columns, index) !== 0) indexes[kept++] = index;
  return pick(columns, indexes.slice(0, kept));
}

/** Of sorted points: the index of the first one behind this place. */
export function indexBehind(columns: Columns, place: Place): number {
  let from = 0;
  let to = columns.values.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (isBehind(columns, middle, place)) to = middle;
    else from = middle + 1;
  }
  return from;
}

function isBehind(columns: Columns, index: number, place: Place): boolean {
  return (compare(columns.timestamps[index], place.timestamp) || compare(columns.steps[index], place.step) || compareValues(columns.values[index] ?? 0, place.value)) > 0;
}

/** The index of the point that is shown as the latest: by step, then timestamp, then value, where NaN counts as 0. */
export function latestIndex(columns: Columns): number {
  let latest = 0;
  for (let index = 1; index < columns.values.length; index++) if (isLaterAt(columns, index, latest)) latest = index;
  return latest;
}

function isLaterAt({ timestamps, steps, values }: Columns, a: number, b: number): boolean {
  return (compare(steps[a], steps[b]) || compare(timestamps[a], timestamps[b]) || compare(values[a] || 0, values[b] || 0)) > 0;
}
