import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { piecesOf } from './pieces.ts';

async function* chunks(sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let next = 0;
  for (const size of sizes) yield Uint8Array.from({ length: size }, () => next++ % 251);
}

describe('pieces of a stream', () => {
  it('have one size but for the last, and together are the stream', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(40)), fc.integer({ min: 1, max: 32 }), async (sizes, pieceBytes) => {
        const pieces = await Array.fromAsync(piecesOf(chunks(sizes), pieceBytes));
        expect(pieces.slice(0, -1).every((piece) => piece.length === pieceBytes)).toBe(true);
        expect(pieces.at(-1)?.length).toBeLessThan(pieceBytes);
        expect(Buffer.concat(pieces)).toEqual(Buffer.concat(await Array.fromAsync(chunks(sizes))));
      }),
    );
  });
});
