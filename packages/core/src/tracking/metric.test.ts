import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLater, type Point } from './metric.ts';

const point = (step: Point['step'], timestamp: Point['timestamp'], value: number): Point => ({ step, timestamp, value });

describe('the latest point', () => {
  it.each([
    ['greater step', point(2, 1, 0), point(1, 9, 9)],
    ['greater step beyond 2^53', point(9_007_199_254_740_993n, 1, 0), point(9_007_199_254_740_992n, 9, 9)],
    ['later timestamp of the same step', point(1, 2, 0), point(1, 1, 9)],
    ['greater value at the same time', point(1, 1, 2), point(1, 1, 1)],
    ['a number over NaN, which counts as 0', point(1, 1, 1), point(1, 1, Number.NaN)],
  ])('has the %s', (_, later, earlier) => {
    expect([isLater(later, earlier), isLater(earlier, later)]).toEqual([true, false]);
  });

  it('is never later than itself, and one of two different ones is', () => {
    const any = fc.record({ step: fc.integer({ min: 0, max: 3 }), timestamp: fc.integer({ min: 0, max: 3 }), value: fc.constantFrom(-1, 0, 1, 2) });
    fc.assert(
      fc.property(any, any, (a, b) => {
        const same = a.step === b.step && a.timestamp === b.timestamp && a.value === b.value;
        expect(Number(isLater(a, b)) + Number(isLater(b, a))).toBe(same ? 0 : 1);
      }),
    );
  });
});
