import { constants, type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { ConnectionError } from '../../connection.ts';
import type { DiskThreads } from './disk-threads.ts';
import { Extents } from './extents.ts';
import { isOnDisk, type Journal, type KeptFile } from './journal.ts';
import type { ByteRange, StoredObject } from '../object-store.ts';
import { PrefixHash } from './prefix-hash.ts';
import { StoreFailure } from '../store-failure.ts';

/** After so many bytes a piece is told to the journal, so a process that is killed loses little. */
const JOURNAL_EVERY_BYTES = 4 * 1024 * 1024;
/** Fewer and larger writes: each is a hop to another thread. */
const WRITE_BYTES = 512 * 1024;

export interface Incoming {
  readonly object: StoredObject;
  readonly journal: Journal | undefined;
  readonly threads: DiskThreads;
}

/** A file that is filled in any order, several pieces at once. */
export class IncomingFile {
  readonly path: string;
  readonly object: StoredObject;
  readonly #file: FileHandle;
  readonly #journal: Journal | undefined;
  readonly #extents = new Extents();
  readonly #sha256: PrefixHash;
  readonly #md5: PrefixHash | undefined;
  #expectedMd5: string | undefined;

  private constructor(path: string, file: FileHandle, { object, journal, threads }: Incoming) {
    [this.path, this.#file, this.object, this.#journal] = [path, file, object, journal];
    this.#sha256 = new PrefixHash('sha256', file.fd, threads);
    this.#md5 = object.mayHaveMd5 ? new PrefixHash('md5', file.fd, threads) : undefined;
  }

  /** Keeps what the journal knows of this state of the object, if it is still on disk. */
  static async open(tree: string, path: string, incoming: Incoming): Promise<IncomingFile> {
    const kept = incoming.journal?.kept(path, incoming.object);
    const file = new IncomingFile(path, await openFile(join(tree, path), { key: incoming.object.key, goesOn: kept !== undefined }), incoming);
    try {
      await file.#keep(kept);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Bytes that need not be fetched. */
  get bytes(): number {
    return this.#extents.bytes;
  }

  missing(pieceBytes: number): ByteRange[] {
    return this.#extents.missing(this.object.sizeBytes, pieceBytes);
  }

  /** Writes bytes that begin at `firstByte`, and remembers how far it came when they break off. */
  async write(firstByte: number, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const piece = new PieceWriter(this.#file, firstByte, this.#journal !== undefined);
    try {
      for await (const chunk of bytes) {
        await piece.take(chunk);
        if (piece.unsavedBytes >= JOURNAL_EVERY_BYTES) await this.#save(piece);
      }
    } finally {
      await piece.flush();
      await this.#save(piece);
    }
  }

  /** Of the whole object, in hex. */
  expectMd5(md5: string): void {
    this.#expectedMd5 = md5;
  }

  /** When nothing is missing any more: the sha256, in hex. Throws StoreFailure when the bytes are not those the store vouches for. */
  async finish(): Promise<string> {
    const [sha256, md5] = await Promise.all([this.#sha256.digest(), this.#md5?.digest()]);
    if (this.#expectedMd5 === undefined || this.#expectedMd5 === md5) return sha256;
    await this.#file.truncate(0);
    throw otherMd5(md5, this.#expectedMd5);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #keep(kept: KeptFile | undefined): Promise<void> {
    for (const range of kept?.ranges ?? []) if (await isOnDisk(this.#file, range)) this.#arrived(range);
  }

  async #save(piece: PieceWriter): Promise<void> {
    const range = piece.saved();
    if (range.nextByte === range.firstByte) return;
    await this.#journal?.arrived(this.path, this.object, range);
    this.#arrived(range);
  }

  #arrived(range: ByteRange): void {
    this.#extents.add(range);
    const end = this.#extents.endOf(0);
    this.#sha256.advance(end);
    this.#md5?.advance(end);
  }
}

/** Gathers chunks to larger writes. */
class PieceWriter {
  readonly #file: FileHandle;
  readonly #isChecked: boolean;
  #savedUpTo: number;
  #writtenUpTo: number;
  #crc32 = 0;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  /** Only a journal wants checksums. */
  constructor(file: FileHandle, firstByte: number, isChecked: boolean) {
    [this.#file, this.#isChecked] = [file, isChecked];
    this.#savedUpTo = this.#writtenUpTo = firstByte;
  }

  get unsavedBytes(): number {
    return this.#writtenUpTo - this.#savedUpTo;
  }

  async take(chunk: Uint8Array): Promise<void> {
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes >= WRITE_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#waitingBytes === 0) return;
    const [chunks, length] = [this.#waiting, this.#waitingBytes];
    [this.#waiting, this.#waitingBytes] = [[], 0];
    await writeAll(this.#file, chunks, this.#writtenUpTo);
    if (this.#isChecked) for (const chunk of chunks) this.#crc32 = crc32(chunk, this.#crc32);
    this.#writtenUpTo += length;
  }

  /** What was written since this was asked last. */
  saved(): ByteRange & { readonly crc32: number } {
    const range = { firstByte: this.#savedUpTo, nextByte: this.#writtenUpTo, crc32: this.#crc32 };
    [this.#savedUpTo, this.#crc32] = [this.#writtenUpTo, 0];
    return range;
  }
}

/** A disk may take less than it was given. */
async function writeAll(file: FileHandle, chunks: readonly Uint8Array[], position: number): Promise<void> {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const { bytesWritten } = await file.writev(chunks, position);
  if (bytesWritten === length) return;
  const rest = Buffer.concat(chunks).subarray(bytesWritten);
  for (let done = 0; done < rest.length; ) done += (await file.write(rest, done, rest.length - done, position + bytesWritten + done)).bytesWritten;
}

async function openFile(file: string, { key, goesOn }: { readonly key: string; readonly goesOn: boolean }): Promise<FileHandle> {
  try {
    if (goesOn) return await open(file, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o644);
    return await open(file, 'wx+', 0o644).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      await mkdir(dirname(file), { recursive: true });
      return open(file, 'wx+', 0o644);
    });
  } catch (error) {
    throw collision(error, key) ?? error;
  }
}

export function otherMd5(here: string | undefined, there: string): StoreFailure {
  return new StoreFailure('failed', `its MD5 is ${String(here)} here and ${there} there`);
}

/** Object stores tell `a` and `a/b` apart, and `a` and `A`; a disk may not be able to. */
export function collision(error: unknown, key: string): ConnectionError | undefined {
  const { code = '' } = error as { code?: string };
  if (!['EEXIST', 'ENOTDIR', 'EISDIR'].includes(code)) return undefined;
  return new ConnectionError('invalid', `the object ${JSON.stringify(key)} cannot be a file here, another object has its place: rename one of them, or fetch another path`, { cause: error });
}

/** Makes a directory that an object marks, empty or not. */
export async function makeDirectory(tree: string, path: string, key: string): Promise<void> {
  await mkdir(join(tree, path), { recursive: true }).catch((error: unknown) => {
    throw collision(error, key) ?? error;
  });
}

/** Removes a file of another state. */
export async function removeFile(tree: string, path: string): Promise<void> {
  await rm(join(tree, path), { force: true, recursive: true });
}
