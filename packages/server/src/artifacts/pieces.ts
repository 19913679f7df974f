/** The same bytes in pieces of `pieceBytes` each, the last one smaller, perhaps empty. One piece is being filled at a time, and each is its own memory. */
export async function* piecesOf(bytes: AsyncIterable<Uint8Array>, pieceBytes: number): AsyncGenerator<Buffer> {
  // memory that nothing was written to is not taken: a small object costs its own size
  let piece = Buffer.allocUnsafeSlow(pieceBytes);
  let filled = 0;
  for await (const chunk of bytes) {
    for (let rest = chunk; rest.length > 0; ) {
      const taken = rest.subarray(0, pieceBytes - filled);
      piece.set(taken, filled);
      filled += taken.length;
      rest = rest.subarray(taken.length);
      if (filled < pieceBytes) continue;
      yield piece;
      [piece, filled] = [Buffer.allocUnsafeSlow(pieceBytes), 0];
    }
  }
  yield piece.subarray(0, filled);
}
