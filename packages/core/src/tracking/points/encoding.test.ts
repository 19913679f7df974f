import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toInt64 } from '../int64.ts';
import { columnsOf, pointAt } from './columns.ts';
import { decodePoints, encodePoints } from './encoding.ts';

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => toInt64(value) ?? 0);
const point = fc.record({ value: fc.double(), timestamp: fc.oneof(fc.nat(), int64), step: fc.oneof(fc.nat(5), int64) });
const read = (bytes: Uint8Array) => {
  const columns = decodePoints(bytes);
  return Array.from(columns.values.keys(), (index) => pointAt(columns, index));
};

describe('points as bytes', () => {
  it('come back as they were, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(point), (points) => {
        expect(read(encodePoints(columnsOf(points)))).toEqual(points);
      }),
    );
  });

  it('come back from any place in a larger buffer', () => {
    const points = [{ value: 1, timestamp: 5, step: 9 }, { value: Number.NaN, timestamp: 6, step: 2n ** 60n }];
    const bytes = encodePoints(columnsOf(points));
    for (let offset = 0; offset < 9; offset++) {
      const larger = new Uint8Array(bytes.length + 20);
      larger.set(bytes, offset);
      expect(read(larger.subarray(offset, offset + bytes.length))).toEqual(points);
    }
  });

  it.each([
    ['even steps and close timestamps', 12, (i: number) => ({ value: i / 3, timestamp: 1_763_700_000_000 + i * 7 + (i % 3), step: i * 10 })],
    ['steps of any size and one timestamp', 12, (i: number) => ({ value: i / 3, timestamp: 9, step: i * i })],
    ['years between timestamps', 16, (i: number) => ({ value: i / 3, timestamp: i * i * 1e9, step: 1 })],
    ['a step that no number holds', 16, (i: number) => ({ value: i / 3, timestamp: 1, step: i === 0 ? 2n ** 62n : i })],
  ])('take little room: %s', (_, bytesEach, make) => {
    const count = 1000;
    expect(encodePoints(columnsOf(Array.from({ length: count }, (_unused, i) => make(i)))).length / count).toBeCloseTo(bytesEach, 0);
  });

  it('are refused when they are cut off or something else', () => {
    const bytes = encodePoints(columnsOf([{ value: 1, timestamp: 5, step: 9 }]));
    for (const bad of [bytes.subarray(0, -1), bytes.subarray(0, 3), new Uint8Array(0), Uint8Array.from([...bytes, 0]), Uint8Array.from([9, ...bytes.subarray(1)]), Uint8Array.from([1, 7, ...bytes.subarray(2)])]) expect(() => decodePoints(bad)).toThrow('points of a metric');
  });
});
