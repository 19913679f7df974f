import { createHash } from 'node:crypto';
import { constants, createWriteStream } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { Header, Pax } from 'tar';
import { refused, type SourceEntry, type SourceListing } from './list-files.ts';

/** A packed source in a private temporary file. */
export interface Snapshot {
  readonly file: string;
  /** sha256 of the file, 64 hex digits. The same content gives the same digest, whenever and wherever it is packed. */
  readonly digest: string;
  readonly sizeBytes: number;
  /** Removes the file. */
  [Symbol.asyncDispose](): Promise<void>;
}

const BLOCK = 512;
const CHUNK_BYTES = 256 * 1024;
/** On a loopback or a company's network packing is the bottleneck, not the line: level 3 is 3 times as fast as 6 for 5 % more. */
const GZIP_LEVEL = 3;

/**
 * Packs a listing as tar.gz. Only names, contents and the executable bit count: owners, times and other modes would make
 * the digest of the same source differ from machine to machine.
 */
export async function pack(listing: SourceListing, signal: AbortSignal): Promise<Snapshot> {
  const dir = await mkdtemp(path.join(tmpdir(), 'trainyard-pack-'));
  const remove = (): Promise<void> => rm(dir, { recursive: true, force: true });
  try {
    const file = path.join(dir, 'source.tar.gz');
    const meter = new Meter();
    await pipeline(Readable.from(tarBytes(listing)), createGzip({ level: GZIP_LEVEL }), meter, createWriteStream(file, { mode: 0o600 }), { signal });
    return { file, digest: meter.digest(), sizeBytes: meter.sizeBytes, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    throw new TrainyardError('SOURCE_REFUSED', { dir: listing.root, problem: `the temporary directory ${tmpdir()} is full`, advice: 'free some space there, or set TMPDIR' }, { cause: error });
  }
}

class Meter extends Transform {
  readonly #hash = createHash('sha256');
  sizeBytes = 0;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: (error: null, data: Buffer) => void): void {
    this.#hash.update(chunk);
    this.sizeBytes += chunk.length;
    done(null, chunk);
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}

async function* tarBytes({ root, entries }: SourceListing): AsyncGenerator<Buffer> {
  for (const entry of entries) {
    yield* headerBytes(entry);
    if (entry.kind === 'file') yield* contentBytes(root, entry);
  }
  yield Buffer.alloc(2 * BLOCK);
}

function* headerBytes(entry: SourceEntry): Generator<Buffer> {
  const fields = {
    path: entry.kind === 'directory' ? `${entry.name}/` : entry.name,
    mode: entry.executable ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    size: entry.sizeBytes,
    mtime: new Date(0),
    type: entry.kind === 'directory' ? 'Directory' : 'File',
  } as const;
  const header = new Header(fields);
  const block = Buffer.alloc(BLOCK);
  // names over 100 bytes, or beyond ASCII, and sizes over 8 GB need an extended header in front
  if (header.encode(block, 0)) yield new Pax({ path: fields.path, size: fields.size, mtime: fields.mtime }).encode();
  yield block;
}

/** Exactly as many bytes as the header says: a file that shrinks meanwhile would break the archive. */
async function* contentBytes(root: string, entry: SourceEntry): AsyncGenerator<Buffer> {
  const handle = await openEntry(root, entry);
  try {
    let left = entry.sizeBytes;
    while (left > 0) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(Math.min(CHUNK_BYTES, left)));
      if (bytesRead === 0) throw refused(root, `'${entry.name}' became shorter while it was packed`, 'wait until nothing writes there, then try again');
      left -= bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
    const padding = (BLOCK - (entry.sizeBytes % BLOCK)) % BLOCK;
    if (padding > 0) yield Buffer.alloc(padding);
  } finally {
    await handle.close();
  }
}

async function openEntry(root: string, entry: SourceEntry): Promise<FileHandle> {
  try {
    return await open(entry.file, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    const problem = `'${entry.name}' cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
    throw new TrainyardError('SOURCE_REFUSED', { dir: root, problem, advice: 'make it readable, or leave it out with a .gitignore' }, { cause: error });
  }
}
