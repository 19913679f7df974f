import type { FileHandle } from 'node:fs/promises';

/** Written in one call; a second part gathers meanwhile. */
const PART_BYTES = 2 ** 20;
/** Sent to the disk while the rest is still coming, so that the end has little left to wait for. */
const SYNC_BYTES = 32 * 2 ** 20;

/**
 * Bytes on their way into a file: gathered into large writes, written while more arrive, forced to disk as they come. Holds two
 * parts at most, whatever the size. The first failure ends it: a disk tells of a lost write only once.
 */
export class IncomingFile {
  readonly #file: FileHandle;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #unsyncedBytes = 0;
  #writing: Promise<void> | undefined;
  #syncing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Resolves when more may come. Throws what an earlier write met. */
  async add(bytes: Uint8Array): Promise<void> {
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.length;
    if (this.#gatheredBytes >= PART_BYTES) await this.#flush();
  }

  /** Everything is on disk. */
  async end(): Promise<void> {
    await this.#flush();
    await this.rest();
    if (this.#failure !== undefined) throw this.#failure.error;
    await this.#file.sync();
  }

  /** Nothing of it runs any more; the file may be closed. Does not throw. */
  async rest(): Promise<void> {
    await this.#writing;
    await this.#syncing;
  }

  async #flush(): Promise<void> {
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure.error;
    const [parts, sizeBytes] = [this.#gathered, this.#gatheredBytes];
    [this.#gathered, this.#gatheredBytes] = [[], 0];
    if (sizeBytes > 0) this.#writing = this.#keepFailure(this.#write(parts, sizeBytes));
  }

  async #write(parts: readonly Uint8Array[], sizeBytes: number): Promise<void> {
    const { bytesWritten } = await this.#file.writev(parts);
    // a disk that is nearly full takes a part; writing the rest says why
    if (bytesWritten < sizeBytes) await this.#file.writeFile(Buffer.concat(parts).subarray(bytesWritten));
    this.#unsyncedBytes += sizeBytes;
    if (this.#unsyncedBytes < SYNC_BYTES || this.#syncing !== undefined) return;
    this.#unsyncedBytes = 0;
    this.#syncing = this.#keepFailure(this.#file.datasync()).then(() => void (this.#syncing = undefined));
  }

  async #keepFailure(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#failure ??= { error };
    }
  }
}
