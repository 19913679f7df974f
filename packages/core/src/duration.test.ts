import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from './duration.ts';

describe('a duration', () => {
  it.each<[string | number, number | undefined]>([['90s', 90_000], ['1h30m', 5_400_000], ['500ms', 500], ['0.5s', 500], [45, 45_000], ['30', 30_000], ['', undefined], ['1x', undefined], ['-1s', undefined], ['1 h', undefined], [Number.NaN, undefined]])('%j is %s ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it('is nothing of twelve megabytes', () => {
    expect(parseDuration('1s'.repeat(6_000_000))).toBeUndefined();
  });

  it('is read back as it was written', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (ms) => parseDuration(formatDuration(ms)) === ms));
  });
});
