import { link, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Connection } from '../connection/connection.ts';
import type { Io } from '../io.ts';

export interface Download {
  readonly runId: string;
  /** Relative to the artifacts of the run. */
  readonly path: string;
  /** File, directory, `-` for stdout; undefined: the artifact's own name in the working directory. */
  readonly target: string | undefined;
  readonly force: boolean;
  readonly io: Io;
}

/**
 * Downloads an artifact beside its target and moves it there when every byte has come. `file` is undefined for stdout.
 *
 * @throws TrainyardError FILE_EXISTS, INVALID_PATH, DOWNLOAD_BROKEN
 */
export async function downloadArtifact(connection: Connection, download: Download): Promise<{ file: string | undefined; sizeBytes: number }> {
  const { runId, io, target, force } = download;
  if (target === '-') return { file: undefined, sizeBytes: await receive(connection, download, () => Promise.resolve(io.stdout)) };
  const { shown, file } = await targetOf(download);
  if (!force && (await kindOf(file)) !== 'missing') throw new TrainyardError('FILE_EXISTS', { file: shown });
  const part = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}-${runId.slice(0, 8)}.part`);
  let created = false;
  const create = async (): Promise<Writable> => {
    const handle = await open(part, 'wx', 0o644);
    created = true;
    return handle.createWriteStream();
  };
  try {
    const sizeBytes = await receive(connection, download, create);
    await moveInto({ part, file, shown }, force);
    return { file: shown, sizeBytes };
  } catch (error) {
    throw writeError(error, shown);
  } finally {
    if (created) await rm(part, { force: true });
  }
}

/** The name of an artifact comes from a server: it is only ever used as one name in the directory the user chose. */
async function targetOf({ path: artifact, target, io }: Download): Promise<{ shown: string; file: string }> {
  const name = artifact.replace(/\/+$/, '').split('/').at(-1) ?? '';
  if (target !== undefined && (await kindOf(path.resolve(io.cwd, target))) !== 'directory') return { shown: target, file: path.resolve(io.cwd, target) };
  if (name === '' || name === '.' || name === '..' || /[\\\0]/.test(name)) throw new TrainyardError('INVALID_PATH', { path: artifact });
  const shown = path.join(target ?? '.', name);
  return { shown, file: path.resolve(io.cwd, shown) };
}

async function receive(connection: Connection, { runId, path: artifact, target }: Download, into: () => Promise<Writable>): Promise<number> {
  const response = await connection.open('getRunArtifact', { params: { id: runId }, query: { path: artifact } });
  const stream = await into();
  const expected = Number(response.headers.get('content-length') ?? Number.NaN);
  let received = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for await (const bytes of response.body ?? []) {
        received += bytes.length;
        yield bytes;
      }
    } catch (error) {
      throw broken(error);
    }
  };
  const broken = (cause: unknown): TrainyardError => new TrainyardError('DOWNLOAD_BROKEN', { path: artifact, received, expected: Number.isNaN(expected) ? '?' : expected }, { cause });
  await pipeline(Readable.from(counted()), stream, { end: target !== '-' });
  if (!Number.isNaN(expected) && response.headers.get('content-encoding') === null && received !== expected) throw broken(undefined);
  return received;
}

/** A hard link fails when the name is taken meanwhile; renaming would silently replace what is there. */
async function moveInto({ part, file, shown }: { readonly part: string; readonly file: string; readonly shown: string }, force: boolean): Promise<void> {
  if (force) {
    await rename(part, file);
    return;
  }
  try {
    await link(part, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new TrainyardError('FILE_EXISTS', { file: shown }, { cause: error });
    // a file system without hard links
    await rename(part, file);
  }
}

function writeError(error: unknown, shown: string): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error;
  return new TrainyardError('USAGE', { problem: `'${shown}' cannot be written (${code})`, advice: 'choose another place with -O' }, { cause: error });
}

async function kindOf(file: string): Promise<'missing' | 'file' | 'directory'> {
  try {
    return (await stat(file)).isDirectory() ? 'directory' : 'file';
  } catch {
    // what cannot be seen is not in the way; writing there will say what is wrong
    return 'missing';
  }
}
