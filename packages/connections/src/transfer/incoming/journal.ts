import { type FileHandle, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { ByteRange, StoredObject } from '../object-store.ts';

/** A run of bytes that is on disk, with its CRC-32: after a power failure a file may hold less than was written. */
export interface KeptRange extends ByteRange {
  readonly crc32: number;
}

/** What is there of a file, of one state of its object. */
export interface KeptFile {
  readonly tag: string;
  readonly sizeBytes: number;
  readonly ranges: KeptRange[];
}

const FORMAT = 1;

type Line = { readonly format: number; readonly place: string } | { readonly path: string; readonly tag: string; readonly size: number; readonly from: number; readonly to: number; readonly crc: number };

/**
 * Remembers in a directory what has arrived of which state of which object, for a fetch that goes on there. It is only ever
 * added to, so a process that dies spoils at most its last line.
 */
export class Journal {
  /** The files themselves lie in it. */
  readonly tree: string;
  readonly #kept: ReadonlyMap<string, KeptFile>;
  readonly #file: FileHandle;
  readonly #lines: string[] = [];
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(dir: string, kept: ReadonlyMap<string, KeptFile>, file: FileHandle) {
    this.tree = join(dir, 'tree');
    [this.#kept, this.#file] = [kept, file];
  }

  /** Begins anew when the directory belongs to another place. */
  static async open(dir: string, place: string): Promise<Journal> {
    await mkdir(dir, { recursive: true });
    const lines = linesOf(await readFile(join(dir, 'journal'), 'utf8').catch(() => ''));
    const [first] = lines;
    const goesOn = first !== undefined && 'format' in first && first.format === FORMAT && first.place === place;
    if (!goesOn) await Promise.all([rm(join(dir, 'tree'), { recursive: true, force: true }), rm(join(dir, 'journal'), { force: true })]);
    const file = await open(join(dir, 'journal'), 'a', 0o600);
    // a torn last line is closed, so that the next one is read
    await file.appendFile(goesOn ? '\n' : `${JSON.stringify({ format: FORMAT, place })}\n`);
    await mkdir(join(dir, 'tree'), { recursive: true });
    return new Journal(dir, goesOn ? keptIn(lines) : new Map(), file);
  }

  /** Nothing is kept of an earlier attempt. */
  get isNew(): boolean {
    return this.#kept.size === 0;
  }

  /** Paths of which something is kept. */
  paths(): IterableIterator<string> {
    return this.#kept.keys();
  }

  /** What is kept of this state of the object. */
  kept(path: string, object: StoredObject): KeptFile | undefined {
    const kept = this.#kept.get(path);
    return kept?.tag === object.tag && kept.sizeBytes === object.sizeBytes ? kept : undefined;
  }

  arrived(path: string, { tag, sizeBytes }: StoredObject, range: KeptRange): Promise<unknown> {
    const line: Line = { path, tag, size: sizeBytes, from: range.firstByte, to: range.nextByte, crc: range.crc32 };
    this.#lines.push(`${JSON.stringify(line)}\n`);
    this.#writing = this.#writing.then(() => this.#writeLines());
    return this.#writing;
  }

  /** All that came while others were written go at once, and nothing is left for those who wait behind. */
  async #writeLines(): Promise<void> {
    const lines = this.#lines.splice(0);
    if (lines.length > 0) await this.#file.appendFile(lines.join(''));
  }

  async close(): Promise<void> {
    try {
      await this.#writing;
    } finally {
      await this.#file.close();
    }
  }
}

/** Does the file hold what the journal says? */
export async function isOnDisk(file: FileHandle, range: KeptRange): Promise<boolean> {
  const buffer = Buffer.allocUnsafe(Math.min(1024 * 1024, range.nextByte - range.firstByte));
  let checksum = 0;
  for (let position = range.firstByte; position < range.nextByte; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, range.nextByte - position), position);
    if (bytesRead === 0) return false;
    checksum = crc32(buffer.subarray(0, bytesRead), checksum);
    position += bytesRead;
  }
  return checksum === range.crc32;
}

function linesOf(text: string): Line[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as Line];
    } catch {
      // the process died while it wrote this one
      return [];
    }
  });
}

function keptIn(lines: readonly Line[]): Map<string, KeptFile> {
  const kept = new Map<string, KeptFile>();
  for (const line of lines) {
    if (!('path' in line)) continue;
    const known = kept.get(line.path);
    const same = known?.tag === line.tag && known.sizeBytes === line.size ? known : { tag: line.tag, sizeBytes: line.size, ranges: [] };
    same.ranges.push({ firstByte: line.from, nextByte: line.to, crc32: line.crc });
    kept.set(line.path, same);
  }
  return kept;
}
