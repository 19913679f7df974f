import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { type ArtifactEntry, artifactFile } from './layout.ts';
import type { Origin } from './origin.ts';

const DOWNLOADS = 8;
const TRIES = 3;

type Listed = Omit<ArtifactEntry, 'sha256'>;

/** Downloads files into the directory of an export (absolute); one that is there with its size is hashed, not fetched. Answers them in their order. */
export async function downloadFiles(origin: Origin, dir: string, files: readonly Listed[]): Promise<ArtifactEntry[]> {
  const entries: ArtifactEntry[] = [];
  const queue = files.entries();
  const worker = async (): Promise<void> => {
    for (const [index, file] of queue) entries[index] = { ...file, sha256: await fetchFile(origin, dir, file) };
  };
  await Promise.all(Array.from({ length: Math.min(DOWNLOADS, files.length) }, worker));
  return entries;
}

/** The sha256 of the file. It gets its name when all of it is there. */
async function fetchFile(origin: Origin, dir: string, file: Listed): Promise<string> {
  const target = artifactFile(dir, file);
  if ((await sizeOf(target)) === file.sizeBytes) return hashOf(createReadStream(target));
  await mkdir(path.dirname(target), { recursive: true });
  const part = path.join(dir, `.part-${process.pid}-${file.id}-${createHash('sha256').update(file.path).digest('hex').slice(0, 16)}`);
  try {
    for (let attempt = 1; ; attempt++) {
      const { sha256, sizeBytes } = await receive(await origin.download(file), part);
      if (sizeBytes === file.sizeBytes) {
        await rename(part, target);
        return sha256;
      }
      if (attempt >= TRIES) throw new TrainyardError('DOWNLOAD_BROKEN', { path: file.path, received: sizeBytes, expected: file.sizeBytes });
    }
  } finally {
    await rm(part, { force: true });
  }
}

async function receive(bytes: AsyncIterable<Uint8Array>, into: string): Promise<{ sha256: string; sizeBytes: number }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  await pipeline(async function* () {
    try {
      for await (const chunk of bytes) {
        hash.update(chunk);
        sizeBytes += chunk.length;
        yield chunk;
      }
    } catch (error) {
      // a connection that breaks is a file that is too short; it is tried again
      if ((error as Error).name === 'AbortError') throw error;
    }
  }, createWriteStream(into));
  return { sha256: hash.digest('hex'), sizeBytes };
}

async function hashOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of bytes) hash.update(chunk);
  return hash.digest('hex');
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
