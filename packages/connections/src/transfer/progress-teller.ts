import type { TransferProgress } from '../connection.ts';

const EVERY_MS = 250;
const EVERY_BYTES = 1024 * 1024;

/** Counts what a transfer has done and tells it now and then. */
export class ProgressTeller {
  readonly #tell: ((done: TransferProgress) => void) | undefined;
  #files = 0;
  #bytes = 0;
  #total = { files: 0, bytes: 0 };
  #toldAt = 0;
  #toldBytes = 0;

  constructor(tell: ((done: TransferProgress) => void) | undefined) {
    this.#tell = tell;
  }

  get files(): number {
    return this.#files;
  }

  addBytes(count: number): void {
    this.#bytes += count;
    if (this.#bytes - this.#toldBytes >= EVERY_BYTES || performance.now() - this.#toldAt >= EVERY_MS) this.tell();
  }

  addFile(): void {
    this.#files++;
    this.addBytes(0);
  }

  /** All is listed. */
  setTotal(total: { readonly files: number; readonly bytes: number }): void {
    this.#total = total;
  }

  tell(): void {
    [this.#toldAt, this.#toldBytes] = [performance.now(), this.#bytes];
    this.#tell?.({ files: this.#files, bytes: this.#bytes, totalFiles: this.#total.files, totalBytes: this.#total.bytes });
  }
}
