import { Readable } from 'node:stream';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { ArtifactPlace } from '@trainyard/core/tracking/artifact-place.ts';
import type { ArtifactEntry, ArtifactStore, ByteRange, DirectTransfers, OpenArtifact } from './artifact-store.ts';
import type { Bucket } from './bucket.ts';
import { BucketKeys } from './bucket-keys.ts';
import { bucketTransfers } from './bucket-transfers.ts';

export interface BucketStoreOptions {
  /** Of all keys; empty for the bucket itself. */
  readonly prefix: string;
  /** Largest artifact. */
  readonly maxBytes: number;
  /** Clients send and fetch large artifacts at the store itself, by signed URLs. */
  readonly direct: boolean;
}

/** Artifacts as objects `<prefix>/<experiment>/<run>/artifacts/…`, as MLflow lays them out. Directories are what keys have in common. */
export function openBucketStore(bucket: Bucket, options: BucketStoreOptions): ArtifactStore {
  return new BucketStore(bucket, options);
}

class BucketStore implements ArtifactStore {
  readonly location: string;
  readonly direct: DirectTransfers | undefined;
  readonly #bucket: Bucket;
  readonly #keys: BucketKeys;
  readonly #maxBytes: number;

  constructor(bucket: Bucket, { prefix, maxBytes, direct }: BucketStoreOptions) {
    this.location = bucket.location;
    this.#bucket = bucket;
    this.#keys = new BucketKeys(bucket, prefix);
    this.#maxBytes = maxBytes;
    this.direct = direct ? bucketTransfers(bucket, this.#keys, maxBytes) : undefined;
  }

  async put(place: ArtifactPlace, path: string, bytes: AsyncIterable<Uint8Array>): Promise<{ readonly sizeBytes: number }> {
    const key = this.#keys.fileKeyOf(place, path);
    await this.#keys.requireFree(place, path);
    const maxBytes = this.#maxBytes;
    let sizeBytes = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const chunk of bytes) {
        sizeBytes += chunk.length;
        if (sizeBytes > maxBytes) throw new TrainyardError('TOO_LARGE', { what: `the artifact '${path}'`, limit: maxBytes });
        yield chunk;
      }
    }
    const source = counted();
    try {
      await this.#bucket.put(key, source);
      return { sizeBytes };
    } catch (error) {
      // told that nobody reads on, wherever the bucket stopped; not waited for: that may take until the client goes
      source.return(undefined).catch(() => undefined);
      throw error;
    }
  }

  async open(place: ArtifactPlace, path: string): Promise<OpenArtifact | undefined> {
    const key = this.#keys.keyOf(place, path);
    const facts = path === '' ? undefined : await this.#bucket.stat(key);
    if (facts === undefined) return undefined;
    const { sizeBytes, modifiedAt, version } = facts;
    return {
      sizeBytes,
      modifiedAt,
      version: Buffer.from(version).toString('hex'),
      // of an empty object there is no range to ask for
      read: (range) => Readable.from(sizeBytes === 0 ? [] : this.#bytesOf(key, version, range), { objectMode: false }),
      // nothing is held before it is read
      close: async () => undefined,
    };
  }

  /** The store is asked when somebody reads. */
  async *#bytesOf(key: string, version: string, range: ByteRange | undefined): AsyncGenerator<Uint8Array> {
    const bytes = await this.#bucket.read(key, version, range);
    try {
      yield* bytes;
    } catch (error) {
      throw new TrainyardError('ARTIFACT_STORE_UNUSABLE', { store: this.location, problem: 'it broke off in the middle of a download', advice: 'fetch the artifact again' }, { cause: error });
    }
  }

  async list(place: ArtifactPlace, directory: string): Promise<readonly ArtifactEntry[]> {
    const prefix = `${this.#keys.keyOf(place, directory)}/`;
    const entries = new Map<string, ArtifactEntry>();
    for await (const { key, sizeBytes } of this.#bucket.list(prefix, { oneLevel: true })) {
      const name = key.slice(prefix.length).replace(/\/$/, '');
      const known = entries.get(name);
      const isDirectory = known !== undefined && known.sizeBytes === undefined;
      // some consoles make an object of the directory itself
      if (name !== '' && !isDirectory) entries.set(name, { name, sizeBytes });
    }
    return [...entries.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  async delete(place: ArtifactPlace, path: string): Promise<void> {
    const key = this.#keys.keyOf(place, path);
    if (path !== '') await this.#bucket.remove([key]);
    for await (const keys of inGroups(this.#bucket.list(`${key}/`, { oneLevel: false }), KEYS_AT_ONCE)) await this.#bucket.remove(keys);
  }
}

/** As many as one call of S3 deletes. */
const KEYS_AT_ONCE = 1000;

async function* inGroups(objects: AsyncIterable<{ readonly key: string }>, size: number): AsyncGenerator<readonly string[]> {
  let group: string[] = [];
  for await (const { key } of objects) {
    group.push(key);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
