/** The last bytes of a stream, in memory that does not grow with it. */
export class TailBytes {
  readonly #limit: number;
  #chunks: Uint8Array[] = [];
  #size = 0;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  add(bytes: Uint8Array): void {
    // a view would keep the whole chunk it came from alive
    const part = Buffer.from(bytes.subarray(Math.max(0, bytes.length - this.#limit)));
    this.#chunks.push(part);
    this.#size += part.length;
    // a program that writes byte by byte must not cost one entry each
    if (this.#size > 2 * this.#limit || this.#chunks.length > 1024) this.#compact();
  }

  /** As text: bytes that are no UTF-8 become U+FFFD, and a character that was cut at the front is left out. */
  text(): string {
    this.#compact();
    const bytes = this.#chunks[0] ?? new Uint8Array();
    const cut = bytes.length === this.#limit ? bytes.findIndex((byte) => (byte & 0xc0) !== 0x80) : 0;
    return new TextDecoder().decode(bytes.subarray(Math.max(0, cut)));
  }

  #compact(): void {
    const all = Buffer.concat(this.#chunks);
    const part = all.subarray(Math.max(0, all.length - this.#limit));
    this.#chunks = [part];
    this.#size = part.length;
  }
}
