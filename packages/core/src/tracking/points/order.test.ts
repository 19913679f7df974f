import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLater, type Point } from '../metric.ts';
import { columnsOf, concat, pointAt } from './columns.ts';
import { comparePoints, indexBehind, latestIndex, sortedOnce } from './order.ts';

const point = fc.record({
  value: fc.constantFrom(-1, 0, 1, Number.NaN),
  timestamp: fc.constantFrom<Point['timestamp']>(0, 1, 2 ** 53 - 1, 2n ** 53n, 2n ** 53n + 1n),
  step: fc.constantFrom<Point['step']>(-(2n ** 60n), -1, 0, 1),
});
const points = fc.array(point);
const toPoints = (columns: ReturnType<typeof columnsOf>) => Array.from(columns.values.keys(), (index) => pointAt(columns, index));
const text = ({ timestamp, step, value }: Point) => `${timestamp} ${step} ${value}`;

describe('the order of a history', () => {
  it('is by timestamp, step and value, NaN as 0 and behind it', () => {
    const sorted = sortedOnce(columnsOf([
      { timestamp: 2, step: 0, value: 0 }, { timestamp: 1, step: 2n ** 60n, value: 5 }, { timestamp: 1, step: 1, value: 1 }, { timestamp: 1, step: 1, value: Number.NaN }, { timestamp: 1, step: 1, value: 0 }, { timestamp: 1, step: 1, value: -1 },
    ]));
    expect(toPoints(sorted).map(text)).toEqual(['1 1 -1', '1 1 0', '1 1 NaN', '1 1 1', '1 1152921504606846976 5', '2 0 0']);
  });

  it('has every point once, and does not copy what is in order already', () => {
    fc.assert(
      fc.property(points, points, (a, b) => {
        const sorted = sortedOnce(concat([columnsOf(a), columnsOf(b)]));
        for (let index = 1; index < sorted.values.length; index++) expect(comparePoints(sorted, index - 1, sorted, index)).toBeLessThan(0);
        expect(new Set(toPoints(sorted).map(text))).toEqual(new Set([...a, ...b].map(text)));
        expect(sortedOnce(sorted)).toBe(sorted);
      }),
    );
  });

  it('says where a place is, whether a point stands there or not', () => {
    fc.assert(
      fc.property(points, point, (list, place) => {
        const sorted = sortedOnce(columnsOf(list));
        const expected = toPoints(sorted).filter((one) => comparePoints(columnsOf([one]), 0, columnsOf([place]), 0) <= 0).length;
        expect(indexBehind(sorted, place)).toBe(expected);
      }),
    );
  });
});

describe('the latest point of many', () => {
  it('is one that no other is later than', () => {
    fc.assert(
      fc.property(fc.array(point, { minLength: 1 }), (list) => {
        const latest = pointAt(columnsOf(list), latestIndex(columnsOf(list)));
        expect(list.filter((one) => isLater(one, latest))).toEqual([]);
      }),
    );
  });
});
