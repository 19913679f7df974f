import { describe, expect, it } from 'vitest';
import { amountOf } from './quantity.ts';

describe('a quantity', () => {
  it.each<[string, number]>([
    ['250m', 0.25],
    ['1', 1],
    ['1.5', 1.5],
    ['.5', 0.5],
    ['128Mi', 134_217_728],
    ['1Gi', 1_073_741_824],
    ['1G', 1e9],
    ['2e3', 2_000],
    ['1E', 1e18],
    ['-1', -1],
  ])('%s is %d', (text, amount) => expect(amountOf(text)).toBeCloseTo(amount, 9));
  it.each(['', 'many', '1.2.3', '1mi', '1 Gi', '--1', '1e', 'Mi'])("'%s' is none", (text) => expect(amountOf(text)).toBeUndefined());
});
