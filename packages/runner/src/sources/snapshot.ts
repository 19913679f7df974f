import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '@trainyard/core/errors.ts';
import { persist, problemOf, ServerAway } from '../server/persistent-call.ts';
import type { ServerLink } from '../server/server-link.ts';
import { isDiskFull } from '../disk-full.ts';
import { StepFailure } from '../step-failure.ts';
import { ArchiveDamaged, ArchiveRefused, unpack, type UnpackLimits } from './unpack.ts';

export interface SnapshotRequest {
  /** sha256 of the tar.gz, 64 hex digits. */
  readonly digest: string;
  readonly into: string;
  readonly cacheDir: string;
  readonly limits: UnpackLimits;
  readonly link: ServerLink;
  readonly signal: AbortSignal;
  readonly patienceMs: number;
}

/**
 * Unpacks an uploaded source, fetched from the server unless it is in the cache (the server's own cache, when both are on one
 * machine). Each file in the cache is whole, and its digest is checked again whenever it is unpacked.
 */
export async function fetchSnapshot(request: SnapshotRequest): Promise<void> {
  const { digest, into, limits } = request;
  if (!/^[0-9a-f]{64}$/.test(digest)) throw new StepFailure('bad_spec', `'${digest}' is not the digest of an uploaded source (64 hex digits)`);
  const archive = join(request.cacheDir, 'snapshots', `${digest}.tar.gz`);
  const cached = await isThere(archive);
  if (!cached) await download(request, archive);
  try {
    await unpack(archive, digest, into, limits);
  } catch (error) {
    if (cached && error instanceof ArchiveDamaged) {
      // a cache may rot; what the server has counts
      await rm(archive, { force: true });
      return fetchSnapshot(request);
    }
    throw asFailure(error);
  }
}

async function download(request: SnapshotRequest, archive: string): Promise<void> {
  await mkdir(join(archive, '..'), { recursive: true, mode: 0o700 });
  const aside = `${archive}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await persist(request, () => downloadOnce(request, aside), (error) => error instanceof StepFailure || isDiskFull(error));
    await rename(aside, archive);
  } catch (error) {
    if (error instanceof ServerAway) throw new StepFailure('source_unavailable', `the uploaded source ${request.digest} could not be fetched: ${messageOf(error)}`, { cause: error });
    throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

async function downloadOnce({ link, digest, signal, limits }: SnapshotRequest, aside: string): Promise<void> {
  const { status, body } = await link.open({ method: 'GET', path: `/api/v1/snapshots/${digest}`, signal });
  if (status !== 200) {
    const problem = problemOf({ status, text: (await body.setEncoding('utf8').take(1).toArray()).join('') });
    if (status < 500 && status !== 429) throw new StepFailure('bad_spec', `the uploaded source ${digest} cannot be had: ${problem}`);
    throw new Error(problem);
  }
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const counted = async function* (bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const part of bytes) {
      sizeBytes += part.length;
      if (sizeBytes > limits.bytes) throw new StepFailure('bad_spec', `the uploaded source is larger than the ${limits.bytes} bytes allowed`);
      hash.update(part);
      yield part;
    }
  };
  await pipeline(body, counted, createWriteStream(aside, { mode: 0o600 }));
  if (hash.digest('hex') !== digest) throw new Error('what arrived does not have the digest it should have');
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function asFailure(error: unknown): unknown {
  if (error instanceof ArchiveRefused) return new StepFailure('bad_spec', `the uploaded source is refused: ${error.message}; leave it out and upload again`, { cause: error });
  if (error instanceof ArchiveDamaged) return new StepFailure('bad_spec', `the uploaded source cannot be unpacked: ${error.message}; is it a tar.gz? Upload it again`, { cause: error });
  return error;
}
