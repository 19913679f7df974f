import type { Algorithm } from './disk-thread.ts';
import type { DiskThreads } from './disk-threads.ts';

/** One hash of a file that is filled in any order, from its first byte on. What has been written is read back, from memory most of the time. */
export class PrefixHash {
  readonly #algorithm: Algorithm;
  readonly #fd: number;
  readonly #threads: DiskThreads;
  #end = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(algorithm: Algorithm, fd: number, threads: DiskThreads) {
    [this.#algorithm, this.#fd, this.#threads] = [algorithm, fd, threads];
  }

  /** The file is there up to `end`; hashing goes on meanwhile. */
  advance(end: number): void {
    if (end <= this.#end) return;
    this.#end = end;
    // told by the digest
    this.#ask(false).catch((error: unknown) => (this.#failure ??= { error }));
  }

  /** In hex, of all up to where it was advanced to. */
  async digest(): Promise<string> {
    const [digest = ''] = await this.#ask(true);
    if (this.#failure !== undefined) throw this.#failure.error;
    return digest;
  }

  #ask(isLast: boolean): Promise<string[]> {
    return this.#threads.of(this.#algorithm).ask({ kind: 'hash', fd: this.#fd, algorithm: this.#algorithm, end: this.#end, isLast });
  }
}
