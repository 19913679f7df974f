import { describe, expect, it } from 'vitest';
import { doubleOf, readJson, wholeOf } from './read-json.ts';

describe('JSON as Python writes it', () => {
  it('keeps what JSON has no number for', () => {
    const { values } = readJson('{"values": [NaN, Infinity, -Infinity, 0.5, 1e22]}') as { values: unknown[] };
    expect(values.map(doubleOf)).toEqual([Number.NaN, Infinity, -Infinity, 0.5, 1e22]);
  });

  it('keeps every digit of whole numbers, and reads fractions as they are', () => {
    const { whole, fraction } = readJson('{"whole": [9007199254740993, -9223372036854775808, 17], "fraction": [0.30000000000000004, 1.7976931348623157e+308, 12345678901234567.0]}') as { whole: unknown[]; fraction: unknown[] };
    expect(whole.map(wholeOf)).toEqual([9_007_199_254_740_993n, -9_223_372_036_854_775_808n, 17]);
    expect(fraction).toEqual([0.1 + 0.2, Number.MAX_VALUE, 12_345_678_901_234_568]);
  });

  it('leaves texts alone, whatever stands in them', () => {
    const texts = ['a: NaN, b', '[Infinity]', '9007199254740993', 'quote " NaN', 'end \\', '\n NaN \u2028'];
    expect(readJson(JSON.stringify({ texts, value: 0 }).replace('0}', 'NaN}'))).toEqual({ texts, value: 'NaN' });
  });

  it('takes long texts', () => {
    const text = `NaN ${'x\\"'.repeat(2_000_000)}`;
    expect(readJson(`{"text": ${JSON.stringify(text)}}`)).toEqual({ text });
  });
});
