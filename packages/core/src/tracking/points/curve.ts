import type { Int64 } from '../int64.ts';
import { type Columns, int64At, slice } from './columns.ts';
import { compare } from './order.ts';
import { type ChunkSummary, summarize } from './summary.ts';

/** Neighbouring points of a metric, by step. NaN is counted and is neither the least nor the greatest. */
export interface Bucket {
  readonly firstStep: Int64;
  readonly lastStep: Int64;
  readonly points: number;
  readonly least: number | null;
  readonly greatest: number | null;
  /** Of the latest point. */
  readonly last: number;
}

/** Points that are known as a whole. */
type Known = Pick<ChunkSummary, 'points' | 'leastStep' | 'greatestStep' | 'least' | 'greatest' | 'latestTimestamp' | 'latestValue'>;

/** Cuts the steps of a metric into buckets of equal width and collects what falls into each. */
export class Curve {
  readonly #least: Int64;
  readonly #width: number;
  readonly #buckets: (Known | undefined)[];

  /** From the least to the greatest step, both in. */
  constructor(steps: { readonly least: Int64; readonly greatest: Int64 }, buckets: number) {
    this.#least = steps.least;
    this.#width = (Number(steps.greatest) - Number(steps.least) + 1) / buckets;
    this.#buckets = Array.from({ length: buckets }, () => undefined);
  }

  /** Whether both steps lie in the same bucket. */
  isWithinOne(least: Int64, greatest: Int64): boolean {
    return this.#indexOf(least) === this.#indexOf(greatest);
  }

  /** All steps of these points lie within one bucket. */
  addKnown(points: Known): void {
    const index = this.#indexOf(points.leastStep);
    const before = this.#buckets[index];
    this.#buckets[index] = before === undefined ? points : together(before, points);
  }

  /** Points in any order. */
  addPoints(columns: Columns): void {
    const count = columns.values.length;
    for (let from = 0; from < count; ) {
      const bucket = this.#indexOf(int64At(columns.steps, from));
      let to = from + 1;
      while (to < count && this.#indexOf(int64At(columns.steps, to)) === bucket) to++;
      this.addKnown(summarize(slice(columns, from, to)));
      from = to;
    }
  }

  /** Those with points, by step. */
  buckets(): Bucket[] {
    return this.#buckets.flatMap((one) => {
      if (one === undefined) return [];
      return [{ firstStep: one.leastStep, lastStep: one.greatestStep, points: one.points, least: one.least, greatest: one.greatest, last: one.latestValue }];
    });
  }

  #indexOf(step: Int64): number {
    const distance = typeof step === 'number' && typeof this.#least === 'number' ? step - this.#least : Number(BigInt(step) - BigInt(this.#least));
    return Math.min(this.#buckets.length - 1, Math.floor(distance / this.#width));
  }
}

function together(a: Known, b: Known): Known {
  const bIsLater = (compare(b.greatestStep, a.greatestStep) || compare(b.latestTimestamp, a.latestTimestamp) || compare(b.latestValue || 0, a.latestValue || 0)) > 0;
  const latest = bIsLater ? b : a;
  return {
    points: a.points + b.points,
    leastStep: compare(b.leastStep, a.leastStep) < 0 ? b.leastStep : a.leastStep,
    greatestStep: latest.greatestStep,
    least: a.least === null || b.least === null ? (a.least ?? b.least) : Math.min(a.least, b.least),
    greatest: a.greatest === null || b.greatest === null ? (a.greatest ?? b.greatest) : Math.max(a.greatest, b.greatest),
    latestTimestamp: latest.latestTimestamp,
    latestValue: latest.latestValue,
  };
}
