import { describe, expect, it } from 'vitest';
import { amountOf, isQuantity } from './quantity.ts';

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

  it('looks like one, and is not long', () => {
    expect(['250m', '1Gi', '-1', '1e3', '1.2.3'].map(isQuantity)).toEqual([true, true, true, true, true]);
    expect(['', 'many', `${'0'.repeat(400_000)}!`].map(isQuantity)).toEqual([false, false, false]);
  });
});
