import type { ByteRange } from '../object-store.ts';

/** Which bytes of a file are there. */
export class Extents {
  #ranges: ByteRange[] = [];

  add({ firstByte, nextByte }: ByteRange): void {
    if (nextByte <= firstByte) return;
    const apart = this.#ranges.filter((range) => range.nextByte < firstByte || range.firstByte > nextByte);
    const touching = this.#ranges.filter((range) => range.nextByte >= firstByte && range.firstByte <= nextByte);
    const joined = { firstByte: Math.min(firstByte, ...touching.map((range) => range.firstByte)), nextByte: Math.max(nextByte, ...touching.map((range) => range.nextByte)) };
    this.#ranges = [...apart, joined].toSorted((a, b) => a.firstByte - b.firstByte);
  }

  /** The first byte from `position` on that is not there. */
  endOf(position: number): number {
    return this.#ranges.find((range) => range.firstByte <= position && position < range.nextByte)?.nextByte ?? position;
  }

  get bytes(): number {
    return this.#ranges.reduce((sum, range) => sum + range.nextByte - range.firstByte, 0);
  }

  /** What lacks of `sizeBytes`, in pieces of at most `pieceBytes`. */
  missing(sizeBytes: number, pieceBytes: number): ByteRange[] {
    const pieces: ByteRange[] = [];
    let position = 0;
    for (const there of [...this.#ranges, { firstByte: sizeBytes, nextByte: sizeBytes }]) {
      for (; position < there.firstByte; position = Math.min(position + pieceBytes, there.firstByte)) {
        pieces.push({ firstByte: position, nextByte: Math.min(position + pieceBytes, there.firstByte) });
      }
      position = Math.max(position, there.nextByte);
    }
    return pieces;
  }
}
