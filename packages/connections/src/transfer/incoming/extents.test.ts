import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Extents } from './extents.ts';

describe('extents', () => {
  it('lacks exactly the bytes that were not added, in pieces that are not too large', () => {
    const size = 60;
    const ranges = fc.array(fc.tuple(fc.nat(size), fc.nat(size)).map(([a, b]) => ({ firstByte: Math.min(a, b), nextByte: Math.max(a, b) })));
    fc.assert(fc.property(ranges, fc.integer({ min: 1, max: 20 }), (added, pieceBytes) => {
      const extents = new Extents();
      const there = new Set<number>();
      for (const range of added) {
        extents.add(range);
        for (let byte = range.firstByte; byte < range.nextByte; byte++) there.add(byte);
      }
      const missing = extents.missing(size, pieceBytes);
      const lacking = missing.flatMap(({ firstByte, nextByte }) => Array.from({ length: nextByte - firstByte }, (_, index) => firstByte + index));
      expect(lacking).toEqual(Array.from({ length: size }, (_, byte) => byte).filter((byte) => !there.has(byte)));
      expect(Math.max(0, ...missing.map(({ firstByte, nextByte }) => nextByte - firstByte))).toBeLessThanOrEqual(pieceBytes);
      expect(extents.bytes).toBe(there.size);
    }));
  });

  it('tells how far bytes go on without a gap', () => {
    const extents = new Extents();
    extents.add({ firstByte: 0, nextByte: 5 });
    extents.add({ firstByte: 7, nextByte: 9 });
    expect([0, 4, 5, 7, 9].map((position) => extents.endOf(position))).toEqual([5, 5, 5, 9, 9]);
    extents.add({ firstByte: 5, nextByte: 7 });
    expect(extents.endOf(0)).toBe(9);
  });
});
