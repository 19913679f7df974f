import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { Turns } from '../platform/turns.ts';

/** One attempt's log. */
export interface LogName {
  readonly runId: string;
  readonly attempt: number;
}

const RUN_ID = /^[0-9a-f]{32}$/;
const BLOCK_BYTES = 64 * 1024;
/** Read before anything is written. What a runner sends in one call is one piece. */
const PIECE_BYTES = 1024 * 1024;

/** Logs as files, one per attempt, appended at an offset. Bytes that are there are never written again. */
export class LogStore {
  readonly #root: string;
  readonly #limitBytes: number;
  /** Appends to one log follow one another. */
  readonly #turns = new Turns();

  /** `limitBytes`: what is kept of one log. */
  constructor(root: string, limitBytes: number) {
    this.#root = root;
    this.#limitBytes = limitBytes;
  }

  /**
   * The byte that is expected next. Throws LOG_GAP when bytes between would be missing, and TOO_LARGE once the log is as large
   * as it may be, with what fits kept; overlapping bytes count once.
   */
  async append(name: LogName, offset: number, bytes: AsyncIterable<Uint8Array>): Promise<number> {
    const key = `${name.runId}-${name.attempt}`;
    let at = offset;
    let next: number | undefined;
    // whoever sends may stall for ever: the log is nobody's while its bytes are waited for
    for await (const piece of inPieces(bytes)) {
      const from = at;
      next = await this.#turns.take(key, () => this.#append(name, from, piece));
      at += piece.length;
    }
    return next ?? this.#turns.take(key, () => this.#append(name, offset, Buffer.alloc(0)));
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

  async #append(name: LogName, offset: number, piece: Buffer): Promise<number> {
    await mkdir(join(this.#path(name), '..'), { recursive: true, mode: 0o700 });
    await using file = await open(this.#path(name), 'a+', 0o600);
    const size = (await file.stat()).size;
    if (offset > size) throw new TrainyardError('LOG_GAP', { offset, expected: size });
    const end = offset + piece.length;
    const fresh = piece.subarray(size - offset, Math.max(0, this.#limitBytes - offset));
    if (fresh.length > 0) await appendTo(file, fresh);
    if (end > size && end > this.#limitBytes) throw new TrainyardError('TOO_LARGE', { what: 'the log of an attempt', limit: this.#limitBytes });
    return size + fresh.length;
  }

  #path({ runId, attempt }: LogName): string {
    if (!RUN_ID.test(runId) || !Number.isSafeInteger(attempt)) throw new TrainyardError('INVALID_PATH', { path: `${runId}/${attempt}` });
    return join(this.#root, shardOf(runId), runId, `${attempt}.log`);
  }
}

/** Ids of version 7 begin with the time, which would be one directory for years; older ones are chance from their first digit on. */
function shardOf(runId: string): string {
  return runId[12] === '7' ? runId.slice(-2) : runId.slice(0, 2);
}

/** The same bytes in pieces that are worth a call of the file system each. */
async function* inPieces(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
  let blocks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const block of bytes) {
    blocks.push(block);
    sizeBytes += block.length;
    if (sizeBytes < PIECE_BYTES) continue;
    yield Buffer.concat(blocks, sizeBytes);
    [blocks, sizeBytes] = [[], 0];
  }
  if (sizeBytes > 0) yield Buffer.concat(blocks, sizeBytes);
}

async function appendTo(file: FileHandle, bytes: Buffer): Promise<void> {
  try {
    await file.appendFile(bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw new TrainyardError('DISK_FULL', {}, { cause: error });
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
