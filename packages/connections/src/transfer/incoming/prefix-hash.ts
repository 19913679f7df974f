import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

const READ_BYTES = 1024 * 1024;

interface Digests {
  /** Hex. */
  readonly sha256: string;
  readonly md5: string | undefined;
}

/**
 * Hashes a file from its first byte on while it is filled in any order. Bytes that arrive just where the hash is are hashed on
 * their way; what lies behind a gap is read back when the gap is closed, from memory most of the time.
 */
export class PrefixHash {
  readonly #sha256: Hash = createHash('sha256');
  readonly #md5: Hash | undefined;
  #position = 0;
  #reading: Promise<void> = Promise.resolve();

  constructor(withMd5: boolean) {
    this.#md5 = withMd5 ? createHash('md5') : undefined;
  }

  take(chunk: Uint8Array, at: number): void {
    if (at === this.#position) this.#update(chunk);
  }

  /** Goes on to `end()`, up to which the file is there; the end may move meanwhile. */
  catchUp(file: FileHandle, end: (position: number) => number): Promise<void> {
    this.#reading = this.#reading.then(() => this.#readBack(file, end));
    return this.#reading;
  }

  digests(): Digests {
    return { sha256: this.#sha256.digest('hex'), md5: this.#md5?.digest('hex') };
  }

  /** While one part is hashed the next one is read. */
  async #readBack(file: FileHandle, end: (position: number) => number): Promise<void> {
    const buffers = [Buffer.allocUnsafe(0), Buffer.allocUnsafe(0)];
    const readFrom = (from: number, turn: number): Promise<Buffer> | undefined => {
      const length = Math.min(READ_BYTES, end(from) - from);
      if (length <= 0) return undefined;
      if (buffers[turn % 2]?.length === 0) buffers[turn % 2] = Buffer.allocUnsafe(READ_BYTES);
      return readPart(file, { buffer: buffers[turn % 2] ?? Buffer.allocUnsafe(READ_BYTES), from, length });
    };
    let from = this.#position;
    for (let turn = 0, reading = readFrom(from, turn); reading !== undefined; turn++) {
      const bytes = await reading;
      // bytes may have been taken on their way while these were read
      const isNext = this.#position === from;
      from = isNext ? from + bytes.length : this.#position;
      reading = readFrom(from, turn + 1);
      if (isNext) this.#update(bytes);
    }
  }

  #update(bytes: Uint8Array): void {
    this.#sha256.update(bytes);
    this.#md5?.update(bytes);
    this.#position += bytes.length;
  }
}

async function readPart(file: FileHandle, { buffer, from, length }: { readonly buffer: Buffer; readonly from: number; readonly length: number }): Promise<Buffer> {
  const { bytesRead } = await file.read(buffer, 0, length, from);
  if (bytesRead === 0) throw new Error('a file became shorter while it was being fetched');
  return buffer.subarray(0, bytesRead);
}
