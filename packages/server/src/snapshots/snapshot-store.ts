import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TrainyardError } from '@trainyard/core/errors.ts';

export interface Snapshot {
  readonly digest: string;
  readonly sizeBytes: number;
}

/** Far more than are asked for again and again. */
const REMEMBERED = 1_000;

/** Uploaded sources by the sha256 of their bytes. What is there is whole: it was hashed aside, synced, then renamed. */
export class SnapshotStore {
  readonly #root: string;
  readonly #limitBytes: number;
  /** A source that is there stays: every run of a training asks for it, and each look is a call to the file system (a sixth of the time of a request that starts a run). */
  readonly #known = new Map<string, Snapshot>();

  constructor(root: string, limitBytes: number) {
    this.#root = root;
    this.#limitBytes = limitBytes;
  }

  async find(digest: string): Promise<Snapshot | undefined> {
    const known = this.#known.get(digest);
    if (known !== undefined) return known;
    try {
      const found = { digest, sizeBytes: (await stat(this.path(digest))).size };
      if (this.#known.size >= REMEMBERED) this.#known.clear();
      this.#known.set(digest, found);
      return found;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Throws TOO_LARGE, DIGEST_MISMATCH, DISK_FULL; nothing is left of a failed upload. */
  async put(digest: string, bytes: AsyncIterable<Uint8Array>): Promise<Snapshot> {
    const path = this.path(digest);
    await mkdir(this.#root, { recursive: true, mode: 0o700 });
    const aside = join(this.#root, `.${digest}.${randomUUID()}`);
    try {
      const { found, sizeBytes } = await this.#write(aside, bytes);
      if (found !== digest) throw new TrainyardError('DIGEST_MISMATCH', { digest, found });
      await rename(aside, path);
      return { digest, sizeBytes };
    } catch (error) {
      await rm(aside, { force: true });
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw new TrainyardError('DISK_FULL', {}, { cause: error });
      throw error;
    }
  }

  read(digest: string): NodeJS.ReadableStream {
    return createReadStream(this.path(digest));
  }

  path(digest: string): string {
    if (!/^[0-9a-f]{64}$/.test(digest)) throw new TrainyardError('INVALID_PATH', { path: digest });
    return join(this.#root, `${digest}.tar.gz`);
  }

  async #write(path: string, bytes: AsyncIterable<Uint8Array>): Promise<{ found: string; sizeBytes: number }> {
    await using file = await open(path, 'wx', 0o600);
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for await (const block of bytes) {
      sizeBytes += block.length;
      if (sizeBytes > this.#limitBytes) throw new TrainyardError('TOO_LARGE', { what: 'the packed source', limit: this.#limitBytes });
      hash.update(block);
      await file.appendFile(block);
    }
    await file.sync();
    return { found: hash.digest('hex'), sizeBytes };
  }
}
