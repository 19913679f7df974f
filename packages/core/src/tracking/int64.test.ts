import { describe, expect, it } from 'vitest';
import { MAX_INT64, MIN_INT64, parseInt64, toInt64 } from './int64.ts';

describe('int64', () => {
  it('has one form: a number where that is exact, a bigint beyond', () => {
    expect([parseInt64('5'), parseInt64('-5'), toInt64(5n), toInt64(5)]).toEqual([5, -5, 5, 5]);
    expect(parseInt64('9007199254740993')).toBe(9_007_199_254_740_993n);
    expect([toInt64(MAX_INT64), toInt64(MIN_INT64)]).toEqual([MAX_INT64, MIN_INT64]);
    expect(toInt64(2 ** 53)).toBe(2n ** 53n);
  });

  it('is nothing else', () => {
    expect([toInt64(1.5), toInt64(Number.NaN), toInt64(1e30), toInt64(MAX_INT64 + 1n), parseInt64('1.0'), parseInt64(''), parseInt64('1e3'), parseInt64('9'.repeat(20))]).toEqual(Array.from({ length: 8 }));
  });
});
