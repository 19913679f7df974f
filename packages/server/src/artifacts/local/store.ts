import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, realpath, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { artifactSegments } from '@trainyard/core/tracking/artifact-path.ts';
import { type ArtifactPlace, placePath } from '@trainyard/core/tracking/artifact-place.ts';
import type { ArtifactEntry, ArtifactStore, ByteRange, OpenArtifact } from '../artifact-store.ts';
import { IncomingFile } from './incoming-file.ts';

interface LocalArtifactOptions {
  /** Largest artifact. */
  readonly maxBytes: number;
}

/** Uploads under way; no experiment has this name. */
const INCOMING = '.incoming';

/** Artifacts as files below `root`, which is made when it is absent: `<experiment>/<run>/artifacts/…`, as MLflow lays them out. One process at a time. */
export async function openLocalArtifacts(root: string, options: LocalArtifactOptions): Promise<ArtifactStore> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const real = await realpath(root);
  // what a killed server was receiving
  await rm(join(real, INCOMING), { recursive: true, force: true });
  await mkdir(join(real, INCOMING), { mode: 0o700 });
  return new LocalArtifactStore(real, options);
}

class LocalArtifactStore implements ArtifactStore {
  readonly location = 'local';
  // parts would be written twice, at an address of ours that clients may not reach
  readonly direct = undefined;
  readonly #root: string;
  readonly #maxBytes: number;

  constructor(root: string, options: LocalArtifactOptions) {
    this.#root = root;
    this.#maxBytes = options.maxBytes;
  }

  async put(place: ArtifactPlace, path: string, bytes: AsyncIterable<Uint8Array>): Promise<{ readonly sizeBytes: number }> {
    const segments = artifactSegments(path);
    const name = segments.pop();
    if (name === undefined) throw new TrainyardError('INVALID_PATH', { path });
    const incoming = join(this.#root, INCOMING, randomUUID());
    try {
      const sizeBytes = await this.#receive(incoming, path, bytes);
      const directory = await this.#makeDirectory(place, segments, path);
      await rename(incoming, join(directory, name));
      await syncDirectory(directory);
      return { sizeBytes };
    } catch (error) {
      await rm(incoming, { force: true });
      throw asOurs(error, path);
    }
  }

  async open(place: ArtifactPlace, path: string): Promise<OpenArtifact | undefined> {
    const segments = artifactSegments(path);
    const name = segments.pop();
    const directory = name === undefined ? undefined : await this.#findDirectory(place, segments);
    if (directory === undefined || name === undefined) return undefined;
    // NONBLOCK: opening a pipe that somebody put there must not wait for its writer
    const file = await orUndefined(open(join(directory, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK));
    if (file === undefined) return undefined;
    const stat = await file.stat();
    if (stat.isFile()) return openArtifact(file, stat);
    await file.close();
    return undefined;
  }

  async list(place: ArtifactPlace, path: string): Promise<readonly ArtifactEntry[]> {
    const directory = await this.#findDirectory(place, artifactSegments(path));
    if (directory === undefined) return [];
    const entries: ArtifactEntry[] = [];
    for (const entry of (await orUndefined(readdir(directory, { withFileTypes: true }))) ?? []) {
      if (entry.isDirectory()) entries.push({ name: entry.name, sizeBytes: undefined });
      const stat = entry.isFile() ? await orUndefined(lstat(join(directory, entry.name))) : undefined;
      if (stat !== undefined) entries.push({ name: entry.name, sizeBytes: stat.size });
    }
    return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  async delete(place: ArtifactPlace, path: string): Promise<void> {
    const segments = artifactSegments(path);
    const name = segments.pop();
    const directory = await this.#findDirectory(place, segments);
    if (directory !== undefined) await rm(name === undefined ? directory : join(directory, name), { recursive: true, force: true });
  }

  async #receive(incoming: string, path: string, bytes: AsyncIterable<Uint8Array>): Promise<number> {
    const handle = await open(incoming, 'wx', 0o600);
    const file = new IncomingFile(handle);
    try {
      let sizeBytes = 0;
      for await (const chunk of bytes) {
        sizeBytes += chunk.length;
        if (sizeBytes > this.#maxBytes) throw new TrainyardError('TOO_LARGE', { what: `the artifact '${path}'`, limit: this.#maxBytes });
        await file.add(chunk);
      }
      // on disk before it gets its name
      await file.end();
      return sizeBytes;
    } finally {
      await file.rest();
      await handle.close();
    }
  }

  /** The real directory, made where it is absent. Each level is looked at, so that no link on the way leads elsewhere. */
  async #makeDirectory(place: ArtifactPlace, segments: readonly string[], path: string): Promise<string> {
    let directory = this.#root;
    for (const segment of [...placePath(place).split('/'), ...segments]) {
      directory = join(directory, segment);
      const stat = await orUndefined(lstat(directory));
      if (stat === undefined) await mkdir(directory, { recursive: true, mode: 0o700 });
      else if (!stat.isDirectory()) throw new TrainyardError('INVALID_PATH', { path });
    }
    if ((await realpath(directory)) !== directory) throw new TrainyardError('INVALID_PATH', { path });
    return directory;
  }

  /** The real directory; undefined when it is not there or a link is on the way. */
  async #findDirectory(place: ArtifactPlace, segments: readonly string[]): Promise<string | undefined> {
    const directory = join(this.#root, placePath(place), ...segments);
    const real = await orUndefined(realpath(directory));
    const stat = real === directory ? await orUndefined(lstat(directory)) : undefined;
    return stat?.isDirectory() === true ? directory : undefined;
  }
}

function openArtifact(file: FileHandle, stat: { readonly ino: number; readonly size: number; readonly mtimeMs: number }): OpenArtifact {
  return {
    // every upload is a file of its own: the same number at the same time is the same bytes
    version: [stat.ino, stat.size, Math.round(stat.mtimeMs * 1000)].map((part) => part.toString(36)).join('0x'),
    sizeBytes: stat.size,
    modifiedAt: Math.trunc(stat.mtimeMs),
    // not beyond the size that was announced, should the file grow meanwhile
    read: (range?: ByteRange) => file.createReadStream({ start: range?.firstByte ?? 0, end: range?.lastByte ?? Math.max(stat.size - 1, 0), highWaterMark: 2 ** 20 }),
    close: () => file.close(),
  };
}

const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO']);
const FULL = new Set(['ENOSPC', 'EDQUOT']);
/** A file where a directory is meant or the other way round, or a name the file system does not take. */
const UNFIT = new Set(['EISDIR', 'ENOTDIR', 'EEXIST', 'ENOTEMPTY', 'ENAMETOOLONG', 'EILSEQ', 'EINVAL']);

async function orUndefined<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (ABSENT.has(codeOf(error))) return undefined;
    throw error;
  }
}

function asOurs(error: unknown, path: string): unknown {
  const code = codeOf(error);
  if (FULL.has(code)) return new TrainyardError('DISK_FULL', {}, { cause: error });
  if (UNFIT.has(code)) return new TrainyardError('INVALID_PATH', { path }, { cause: error });
  return error;
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | null)?.code);
}

/** A new name is safe only when the directory that holds it is. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
