import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson, parseWritten, WrittenNumber } from './parse-json.ts';
import { writeJson } from './write-json.ts';

/** As JSON.parse would have it: every number a number. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)])) : value;
}

describe('JSON as MLflow reads it', () => {
  it('keeps every digit of an integer and knows the bare words of Python', () => {
    expect(parseJson('{"a":[1,-9007199254740993,9223372036854775807,1e3,NaN,-Infinity,Infinity,0.1234567890123456]}')).toEqual({ a: [1, -9_007_199_254_740_993n, 9_223_372_036_854_775_807n, 1000, Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 0.1234567890123456] });
    expect(parseWritten('[9.0]')).toEqual([new WrittenNumber('9.0')]);
  });

  it.each(['', '{', '{a:1}', '[1,]', '{"a":1,}', '[1 2]', '{"a":1}x', '"\\x"', "{'a':1}", '[01]', '[nan]', '['.repeat(100_000), '[1111111111111111', '{"a":1111111111111111,"b', '["a\\"', '["a\u0001",1111111111111111]', '{"a":1111111111111111 "b":2}'])('is no JSON: %.20j (%#)', (text) => {
    expect(parseJson(text)).toBeUndefined();
  });

  it('is what JSON.parse reads, whichever way it takes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = JSON.stringify(value);
        expect(plain(parseJson(text))).toEqual(JSON.parse(text));
        // a long integer in front makes it take the slow way
        expect(plain(parseJson(`[11111111111111111, ${text}]`))).toEqual([11_111_111_111_111_112, JSON.parse(text)]);
      }),
    );
  });

  it('reads a profile of 16 MB beside an integer that makes it take the slow way', () => {
    const profile = 'x"\\\n'.repeat(3_000_000);
    const text = JSON.stringify({ profile, n: 0 }).replace('"n":0', '"n":11111111111111111');
    expect((parseJson(text) as { profile: string }).profile === profile).toBe(true);
    expect(parseJson(`{"n":${'1'.repeat(4_000_000)}}`)).toEqual({ n: Number.POSITIVE_INFINITY });
  });

  it('makes no prototype of a field with its name', () => {
    const read = parseJson('{"__proto__":{"admin":true},"n":11111111111111111}') as { admin?: boolean };
    expect(read.admin).toBeUndefined();
  });
});

describe('JSON as MLflow writes it', () => {
  it('has int64 in full, NaN as text, and nothing that is not set', () => {
    expect(writeJson({ a: 9_007_199_254_740_993n, b: Number.NaN, c: [], d: [{ e: [] }], f: undefined, g: '', h: false })).toBe('{"a":9007199254740993,"b":"NaN","d":[{}],"g":"","h":false}');
  });
});
