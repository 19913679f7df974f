import type { Needles } from './needles.ts';

export const MASK = '*****';
const MASK_BYTES = Buffer.from(MASK);

/**
 * Replaces secrets in a stream of bytes, however it is cut into chunks: every byte that belongs to an occurrence of a needle
 * is covered (also where two overlap), and each run of covered bytes becomes one `*****`. Only bytes that could be the
 * beginning of a needle are held back, never more than the longest needle less one.
 */
export class SecretMasker {
  readonly #needles: Needles;
  #state = 0;
  #held: Uint8Array = new Uint8Array();
  /** Ranges to be masked, as offsets behind the first held byte; sorted, apart from each other. */
  #covered: [from: number, to: number][] = [];
  #inMask = false;

  constructor(needles: Needles) {
    this.#needles = needles;
  }

  /** What is certain now, in order. The answer may be a view on `chunk`. */
  push(chunk: Uint8Array): Uint8Array {
    const open = this.#scan(chunk);
    // nearly all output: nothing held before, nothing found, nothing begun
    if (this.#held.length === 0 && this.#covered.length === 0 && open === 0) {
      if (chunk.length > 0) this.#inMask = false;
      return chunk;
    }
    const bytes = Buffer.concat([this.#held, chunk]);
    const certain = bytes.length - open;
    this.#held = bytes.subarray(certain);
    return this.#release(bytes, certain);
  }

  /** The rest, at the end of the stream. The masker can be used again for another one. */
  end(): Uint8Array {
    const rest = this.#release(this.#held, this.#held.length);
    this.#held = new Uint8Array();
    this.#state = 0;
    this.#inMask = false;
    return rest;
  }

  #scan(chunk: Uint8Array): number {
    const { found, open } = this.#needles;
    const before = this.#held.length;
    let state = this.#state;
    for (let at = 0; at < chunk.length; at++) {
      state = this.#needles.next(state, chunk[at] ?? 0);
      const length = found[state] ?? 0;
      if (length > 0) this.#cover(before + at + 1 - length, before + at + 1);
    }
    this.#state = state;
    return open[state] ?? 0;
  }

  #cover(from: number, to: number): void {
    let first = from;
    for (let last = this.#covered.at(-1); last !== undefined && last[1] >= first; last = this.#covered.at(-1)) {
      first = Math.min(first, last[0]);
      this.#covered.pop();
    }
    this.#covered.push([first, to]);
  }

  #release(bytes: Uint8Array, certain: number): Uint8Array {
    const parts: Uint8Array[] = [];
    let at = 0;
    for (const [from, to] of this.#covered) {
      if (from >= certain) break;
      this.#plain(parts, bytes.subarray(at, from));
      if (!this.#inMask) parts.push(MASK_BYTES);
      this.#inMask = true;
      at = Math.min(to, certain);
    }
    this.#plain(parts, bytes.subarray(at, certain));
    this.#covered = this.#covered.filter(([, to]) => to > certain).map(([from, to]) => [Math.max(0, from - certain), to - certain]);
    return Buffer.concat(parts);
  }

  #plain(parts: Uint8Array[], bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    parts.push(bytes);
    this.#inMask = false;
  }
}

/** A whole text, masked. */
export function maskText(needles: Needles, text: string): string {
  const masker = new SecretMasker(needles);
  return Buffer.concat([masker.push(Buffer.from(text)), masker.end()]).toString();
}
