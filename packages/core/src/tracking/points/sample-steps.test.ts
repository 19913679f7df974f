import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnsOf, int64Column } from './columns.ts';
import { firstNotBelow, sampleSteps, stepsOnce, stepsWithin, withSteps } from './sample-steps.ts';

const range = (count: number, distance = 1) => Array.from({ length: count }, (_, index) => index * distance);
const sample = (steps: readonly (number | bigint)[], ends: readonly (number | bigint)[], count: number) => Array.from(sampleSteps(int64Column(steps), int64Column(ends), count) as Iterable<number | bigint>);

describe('the steps of a thinned-out history', () => {
  it.each([
    ['5 of 10', range(10), [0, 9], 5, [0, 2, 4, 6, 8, 9]],
    ['5 of two runs of 10 and 20', range(20), [0, 9, 0, 19], 5, [0, 4, 8, 9, 12, 16, 19]],
    ['3 of 10, where the quotient is not whole', range(10), [0, 9], 3, [0, 3, 6, 9]],
    ['all of as many', range(5, 7), [0, 28], 5, [0, 7, 14, 21, 28]],
    ['one', range(9, 2), [0, 16], 1, [0, 16]],
    ['none of none', [], [], 5, []],
    ['large ones', [1n, 2n ** 60n, 2n ** 61n, 2n ** 62n], [1n, 2n ** 62n], 2, [1n, 2n ** 61n, 2n ** 62n]],
  ])('%s', (...[, steps, ends, count, expected]) => {
    expect(sample(steps, ends, count)).toEqual(expected);
  });

  it('are those that MLflow chooses', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 2500 }), (total, count) => {
        const indexes = range(count).map((index) => Math.floor((index * total) / count));
        const expected = total <= count ? range(total) : [...new Set([...indexes, total - 1])];
        const found = sample(range(total), [0, total - 1], count);
        // a quotient that is not exact may fall short of the whole number by one
        expect(found.length).toBe(expected.length);
        for (const [index, step] of found.entries()) expect(Math.abs(Number(step) - (expected[index] ?? 0))).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('sorted steps', () => {
  it('are there once, and each has its place', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constantFrom(2n ** 60n, 2n ** 60n + 1n))), fc.integer({ min: -10, max: 10 }), (list, wanted) => {
        const steps = stepsOnce(int64Column(list));
        const expected = [...new Set(list.map(BigInt))].sort((a, b) => (a < b ? -1 : 1));
        expect(Array.from(steps as Iterable<number | bigint>, BigInt)).toEqual(expected);
        expect(firstNotBelow(steps, wanted)).toBe(expected.filter((step) => step < BigInt(wanted)).length);
      }),
    );
  });

  it('pick the points that have one of them, in any order and within any range', () => {
    const step = fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constantFrom(2n ** 60n, 2n ** 60n + 1n));
    fc.assert(
      fc.property(fc.array(step), fc.array(step), fc.boolean(), (list, wanted, sorted) => {
        const steps = sorted ? stepsOnce(int64Column(list)) : int64Column(list);
        const columns = { ...columnsOf([]), steps, timestamps: new Float64Array(steps.length), values: Float64Array.from(steps.keys()) };
        const chosen = new Set(wanted.map(BigInt));
        const expected = Array.from(steps.keys()).filter((index) => chosen.has(BigInt(steps[index] ?? 0)));
        expect(Array.from(withSteps(columns, stepsOnce(int64Column(wanted))).values)).toEqual(expected);
        expect(Array.from(stepsWithin(steps, { first: -3, last: 2n ** 60n }) as Iterable<number | bigint>, BigInt)).toEqual(Array.from(steps as Iterable<number | bigint>, BigInt).filter((one) => one >= -3n && one <= 2n ** 60n));
      }),
    );
  });
});
