import { describe, expect, it } from 'vitest';
import { double, int64 } from './fields.ts';

const place = { key: 'value', parent: undefined };

describe('numbers that were written as texts', () => {
  it.each([['1', 1], ['-1.5', -1.5], ['+.5e3', 500], ['1.', 1], ['1e-3', 0.001], ['NaN', Number.NaN], ['-Infinity', Number.NEGATIVE_INFINITY]])('%j is %d', (text, number) => {
    expect(double.read(text, place)).toBe(number);
  });

  it.each(['', '.', '1x', '1.2.3', 'e5', ' 1'])('%j is none', (text) => {
    expect(() => double.read(text, place)).toThrow('invalid: value');
  });

  it.each([['double', double], ['int64', int64]])('a long row of digits and a letter is refused in a moment as %s', (_, field) => {
    expect(() => field.read(`${'1'.repeat(400_000)}x`, place)).toThrow('invalid: value');
  });
});
