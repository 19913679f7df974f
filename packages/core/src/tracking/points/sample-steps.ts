import type { Int64 } from '../int64.ts';
import { type Columns, concatInt64, type Int64Column, pick, pickFrom } from './columns.ts';
import { compare } from './order.ts';

/**
 * The steps of a thinned-out picture: `count` of them spread evenly over `steps`, the last of these, and `ends`: the first and the
 * last step of every run. All of them are sorted and are there once; so is the answer.
 */
export function sampleSteps(steps: Int64Column, ends: Int64Column, count: number): Int64Column {
  if (steps.length <= count) return steps;
  // the same arithmetic as MLflow's, so that the same steps are chosen where the quotient is not exact
  const interval = steps.length / count;
  const spread = Array.from({ length: count }, (_, index) => stepAt(steps, Math.trunc(index * interval)));
  return stepsOnce(concatInt64([...spread, steps.subarray(-1), ends]));
}

function stepAt(steps: Int64Column, index: number): Int64Column {
  return steps.subarray(index, index + 1);
}

/** Sorted, each once. Answers the same column when it is that already. */
export function stepsOnce(steps: Int64Column): Int64Column {
  if (isRising(steps)) return steps;
  // moving numbers about inside one column is the same for both of its types
  const sorted = steps.slice().sort() as Float64Array;
  let kept = 0;
  for (const step of sorted) if (kept === 0 || step !== sorted[kept - 1]) sorted[kept++] = step;
  return sorted.subarray(0, kept);
}

/** Those from `first` to `last`, both in. */
export function stepsWithin(steps: Int64Column, range: { readonly first: Int64; readonly last: Int64 }): Int64Column {
  const kept: number[] = [];
  for (let index = 0; index < steps.length; index++) if (compare(steps[index], range.first) >= 0 && compare(steps[index], range.last) <= 0) kept.push(index);
  return kept.length === steps.length ? steps : pickFrom(steps, kept);
}

/** The points that have one of these sorted steps. */
export function withSteps(columns: Columns, wanted: Int64Column): Columns {
  const { steps } = columns;
  const found: number[] = [];
  if (isRising(steps)) {
    for (let at = firstNotBelow(wanted, steps[0] ?? 0); at < wanted.length; at++) {
      const index = firstNotBelow(steps, wanted[at] ?? 0);
      if (index === steps.length) break;
      if (compare(steps[index], wanted[at]) === 0) found.push(index);
    }
    return pick(columns, found);
  }
  for (let index = 0; index < steps.length; index++) {
    const at = firstNotBelow(wanted, steps[index] ?? 0);
    if (at < wanted.length && compare(wanted[at], steps[index]) === 0) found.push(index);
  }
  return pick(columns, found);
}

function isRising(steps: Int64Column): boolean {
  for (let index = 1; index < steps.length; index++) if (compare(steps[index - 1], steps[index]) >= 0) return false;
  return true;
}

/** Of sorted steps: the index of the first that is not below this one. */
export function firstNotBelow(steps: Int64Column, step: number | bigint): number {
  let from = 0;
  let to = steps.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (compare(steps[middle], step) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}
