import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnsOf, slice } from './columns.ts';
import { Curve } from './curve.ts';
import { summarize } from './summary.ts';
import { sortedOnce } from './order.ts';

const at = (step: number | bigint, value: number, timestamp: number | bigint = 0) => ({ step, value, timestamp });

describe('a curve', () => {
  it('has the extremes and the latest value of each bucket, by step', () => {
    const curve = new Curve({ least: 0, greatest: 9 }, 2);
    curve.addPoints(columnsOf([at(0, 5), at(4, -1), at(3, 9), at(9, 1), at(7, Number.NaN)]));
    expect(curve.buckets()).toEqual([
      { firstStep: 0, lastStep: 4, points: 3, least: -1, greatest: 9, last: -1 },
      { firstStep: 7, lastStep: 9, points: 2, least: 1, greatest: 1, last: 1 },
    ]);
  });

  it('has no bucket where there is nothing, and no extremes where all is NaN', () => {
    const curve = new Curve({ least: 0, greatest: 99 }, 10);
    curve.addPoints(columnsOf([at(0, Number.NaN), at(99, 1)]));
    curve.addPoints(columnsOf([]));
    expect(curve.buckets()).toEqual([
      { firstStep: 0, lastStep: 0, points: 1, least: null, greatest: null, last: Number.NaN },
      { firstStep: 99, lastStep: 99, points: 1, least: 1, greatest: 1, last: 1 },
    ]);
  });

  it('takes the later timestamp where the last step is the same', () => {
    const curve = new Curve({ least: 1, greatest: 1 }, 5);
    curve.addPoints(columnsOf([at(1, 3, 2n ** 60n), at(1, 4, 2)]));
    expect(curve.buckets()).toEqual([{ firstStep: 1, lastStep: 1, points: 2, least: 3, greatest: 4, last: 3 }]);
  });

  it('reaches over all of int64', () => {
    const curve = new Curve({ least: -(2n ** 63n), greatest: 2n ** 63n - 1n }, 4);
    curve.addPoints(columnsOf([at(-(2n ** 63n), 1), at(0, 2), at(2n ** 63n - 1n, 3)]));
    expect(curve.buckets().map((bucket) => [bucket.firstStep, bucket.last])).toEqual([[-(2n ** 63n), 1], [0, 2], [2n ** 63n - 1n, 3]]);
  });

  it('is the same from points and from what is known of them', () => {
    const points = fc.array(fc.record({ step: fc.nat(40), value: fc.constantFrom(0, 1, 2, Number.NaN), timestamp: fc.nat(40) }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(points, fc.integer({ min: 1, max: 9 }), (list, buckets) => {
        const sorted = sortedOnce(columnsOf(list));
        const [whole, known] = [new Curve({ least: 0, greatest: 40 }, buckets), new Curve({ least: 0, greatest: 40 }, buckets)];
        whole.addPoints(sorted);
        for (let index = 0; index < sorted.values.length; index++) known.addKnown(summarize(slice(sorted, index, index + 1)));
        expect(known.buckets()).toEqual(whole.buckets());
      }),
    );
  });
});
