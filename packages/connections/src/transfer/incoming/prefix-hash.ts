import type { Algorithm } from './disk-thread.ts';
import type { DiskThread, DiskThreads } from './disk-threads.ts';

let lastId = 0;

/** One hash of a file that is filled in any order, from its first byte on. What has been written is read back, from memory most of the time. */
export class PrefixHash {
  readonly #algorithm: Algorithm;
  readonly #fd: number;
  readonly #threads: DiskThreads;
  readonly #id = ++lastId;
  #thread: DiskThread | undefined;
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
    this.#thread ??= this.#threads.idlest;
    return this.#thread.ask({ kind: 'hash', id: this.#id, algorithm: this.#algorithm, fd: this.#fd, end: this.#end, isLast });
  }
}
