/**
 * Finds many byte strings at once in one pass (Aho and Corasick). Children are kept as lists, not as 256 slots per state:
 * a secret may have 64 KiB, and its forms make ten times that many states.
 */
export class Needles {
  readonly #byte: Uint8Array;
  readonly #firstChild: Int32Array;
  readonly #nextSibling: Int32Array;
  readonly #fail: Int32Array;
  readonly #root = new Int32Array(256);
  /** Length of the longest needle that ends in a state; 0 = none. */
  readonly found: Int32Array;
  /** How many of the last bytes may still become (more of) a needle. */
  readonly open: Int32Array;

  constructor(needles: readonly string[]) {
    const all = needles.map((needle) => Buffer.from(needle)).filter((needle) => needle.length > 0);
    const states = 1 + all.reduce((sum, needle) => sum + needle.length, 0);
    this.#byte = new Uint8Array(states);
    [this.#firstChild, this.#nextSibling, this.#fail, this.found, this.open] = Array.from({ length: 5 }, () => new Int32Array(states)) as [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array];
    let used = 1;
    for (const needle of all) used = this.#add(needle, used);
    this.#link();
  }

  /** The state behind `byte`; 0 = nothing has begun. */
  next(state: number, byte: number): number {
    for (let from = state; from !== 0; from = this.#fail[from] ?? 0) {
      const child = this.#child(from, byte);
      if (child !== 0) return child;
    }
    return this.#root[byte] ?? 0;
  }

  #child(state: number, byte: number): number {
    let child = this.#firstChild[state] ?? 0;
    while (child !== 0 && this.#byte[child] !== byte) child = this.#nextSibling[child] ?? 0;
    return child;
  }

  #add(needle: Buffer, firstFree: number): number {
    let state = 0;
    let free = firstFree;
    for (const byte of needle) {
      let child = state === 0 ? (this.#root[byte] ?? 0) : this.#child(state, byte);
      if (child === 0) {
        child = free++;
        this.#byte[child] = byte;
        this.#nextSibling[child] = this.#firstChild[state] ?? 0;
        this.#firstChild[state] = child;
        if (state === 0) this.#root[byte] = child;
      }
      state = child;
    }
    this.found[state] = needle.length;
    return free;
  }

  /** Breadth first, so that every shorter state is finished before one that falls back on it. */
  #link(): void {
    let level = [0];
    for (let depth = 1; level.length > 0; depth++) {
      const deeper: number[] = [];
      for (const state of level) {
        for (let child = this.#firstChild[state] ?? 0; child !== 0; child = this.#nextSibling[child] ?? 0) {
          const fail = state === 0 ? 0 : this.next(this.#fail[state] ?? 0, this.#byte[child] ?? 0);
          this.#fail[child] = fail;
          this.found[child] ||= this.found[fail] ?? 0;
          this.open[child] = this.#firstChild[child] === 0 ? (this.open[fail] ?? 0) : depth;
          deeper.push(child);
        }
      }
      level = deeper;
    }
  }
}
