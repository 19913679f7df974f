import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunksToMerge, FULL_CHUNK } from './tail.ts';

describe('the chunks that become one', () => {
  it.each([
    ['the first one stands alone', [], 10, 0],
    ['seven more do too', [10, 10, 10, 10, 10, 10], 10, 0],
    ['eight alike', [10, 10, 10, 10, 10, 10, 10], 10, 7],
    ['larger ones stay', [100, 100, 10, 10, 10, 10, 10, 10, 10], 10, 7],
    ['the larger ones too when there are eight then', [80, 80, 80, 80, 80, 80, 80, 10, 10, 10, 10, 10, 10, 10], 10, 14],
    ['many points take what is smaller with them', [1, 1, 1, 1, 1, 1, 1], 500, 7],
    ['all that fill a chunk', [2000, 1000, 90], 1006, 3],
    ['more than a chunk', [1], 9000, 1],
  ])('%s', (_, tail, added, merged) => {
    expect(chunksToMerge(tail, added)).toBe(merged);
  });

  it('keep the tail short and below one full chunk, and write each point a few times only', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 400 }), (packs) => {
        let tail: number[] = [];
        let written = 0;
        for (const added of packs) {
          const merged = chunksToMerge(tail, added);
          const size = tail.slice(tail.length - merged).reduce((a, b) => a + b, added);
          written += size;
          tail = [...tail.slice(0, tail.length - merged), ...(size % FULL_CHUNK === 0 ? [] : [size % FULL_CHUNK])];
          expect(tail.reduce((a, b) => a + b, 0)).toBeLessThan(FULL_CHUNK);
          expect(tail.length).toBeLessThanOrEqual(4 * 7);
        }
        expect(written).toBeLessThanOrEqual(6 * packs.reduce((a, b) => a + b, 0));
      }),
    );
  });
});
