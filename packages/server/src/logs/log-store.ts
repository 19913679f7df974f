import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TrainyardError } from '@trainyard/core/errors.ts';

/** One attempt's log. */
export interface LogName {
  readonly runId: string;
  readonly attempt: number;
}

const RUN_ID = /^[0-9a-f]{32}$/;
const BLOCK_BYTES = 64 * 1024;

/** Logs as files, one per attempt, appended at an offset. Bytes that are there are never written again. */
export class LogStore {
  readonly #root: string;
  /** Appends to one log follow one another. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(root: string) {
    this.#root = root;
  }

  /** The byte that is expected next. Throws LOG_GAP when bytes between would be missing; overlapping bytes count once. */
  async append(name: LogName, offset: number, bytes: AsyncIterable<Uint8Array>): Promise<number> {
    const key = `${name.runId}-${name.attempt}`;
    const before = this.#turns.get(key) ?? Promise.resolve();
    const turn = before.then(() => this.#append(name, offset, bytes));
    const settled = turn.catch(() => undefined);
    this.#turns.set(key, settled);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(key) === settled) this.#turns.delete(key);
    }
  }

  async size(name: LogName): Promise<number> {
    try {
      return (await stat(this.#path(name))).size;
    } catch (error) {
      if (isMissing(error)) return 0;
      throw error;
    }
  }

  /** Bytes from `from` up to (not including) `to`. */
  async *read(name: LogName, from: number, to: number): AsyncIterable<Buffer> {
    if (to <= from) return;
    for await (const block of createReadStream(this.#path(name), { start: from, end: to - 1, highWaterMark: BLOCK_BYTES })) yield block as Buffer;
  }

  /** Where the last `lines` lines begin. */
  async tailOffset(name: LogName, lines: number): Promise<number> {
    const size = await this.size(name);
    if (lines <= 0 || size === 0) return size;
    await using file = await open(this.#path(name), 'r');
    let missing = lines;
    let skipLast = true;
    for (let end = size; end > 0; end -= BLOCK_BYTES) {
      const start = Math.max(0, end - BLOCK_BYTES);
      const block = Buffer.alloc(end - start);
      await file.read(block, 0, block.length, start);
      for (let at = block.length - 1; at >= 0; at--) {
        if (block[at] !== 10) skipLast = false;
        else if (skipLast) skipLast = false;
        else if (--missing === 0) return start + at + 1;
      }
    }
    return 0;
  }

  async #append(name: LogName, offset: number, bytes: AsyncIterable<Uint8Array>): Promise<number> {
    await mkdir(join(this.#path(name), '..'), { recursive: true, mode: 0o700 });
    await using file = await open(this.#path(name), 'a+', 0o600);
    const size = (await file.stat()).size;
    if (offset > size) throw new TrainyardError('LOG_GAP', { offset, expected: size });
    return size + (await writeBehind(file, size - offset, bytes));
  }

  #path({ runId, attempt }: LogName): string {
    if (!RUN_ID.test(runId) || !Number.isSafeInteger(attempt)) throw new TrainyardError('INVALID_PATH', { path: `${runId}/${attempt}` });
    return join(this.#root, runId.slice(0, 2), runId, `${attempt}.log`);
  }
}

/** Writes what comes behind the first `skip` bytes; answers how many that were. */
async function writeBehind(file: FileHandle, skip: number, bytes: AsyncIterable<Uint8Array>): Promise<number> {
  let toSkip = skip;
  let written = 0;
  try {
    for await (const block of bytes) {
      const fresh = block.subarray(Math.min(toSkip, block.length));
      toSkip -= block.length - fresh.length;
      if (fresh.length > 0) await file.appendFile(fresh);
      written += fresh.length;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw new TrainyardError('DISK_FULL', {}, { cause: error });
    throw error;
  }
  return written;
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
