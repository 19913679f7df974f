import { TrainyardError } from '@trainyard/core/errors.ts';
import { artifactSegments } from '@trainyard/core/tracking/artifact-path.ts';
import { type ArtifactPlace, placePath } from '@trainyard/core/tracking/artifact-place.ts';
import type { Bucket } from './bucket.ts';

/** What every store of objects takes as a key; and what a file system takes as a name, so that artifacts can move. */
const MAX_KEY_BYTES = 1024;
const MAX_NAME_BYTES = 255;

/** Where a path is in the bucket, and what makes it a file or a directory. */
export class BucketKeys {
  readonly #bucket: Bucket;
  readonly #prefix: string;

  constructor(bucket: Bucket, prefix: string) {
    this.#bucket = bucket;
    this.#prefix = prefix;
  }

  /** INVALID_PATH for what is no path, or no key of this store. */
  keyOf(place: ArtifactPlace, path: string): string {
    const segments = artifactSegments(path);
    const key = [this.#prefix, placePath(place), ...segments].filter((part) => part !== '').join('/');
    const unfit = (segment: string): boolean => Buffer.byteLength(segment) > MAX_NAME_BYTES || this.#bucket.refuses?.(segment) === true;
    if (Buffer.byteLength(key) > MAX_KEY_BYTES || segments.some(unfit)) throw new TrainyardError('INVALID_PATH', { path });
    return key;
  }

  fileKeyOf(place: ArtifactPlace, path: string): string {
    if (path === '') throw new TrainyardError('INVALID_PATH', { path });
    return this.keyOf(place, path);
  }

  /**
   * INVALID_PATH where a directory is, or below a file: nobody could fetch such a directory to a disk. Of two uploads at the
   * same moment both may pass; `list` then shows the directory.
   */
  async requireFree(place: ArtifactPlace, path: string): Promise<void> {
    const parents = artifactSegments(path).slice(0, -1);
    const above = parents.map((_, depth) => this.#bucket.stat(this.keyOf(place, parents.slice(0, depth + 1).join('/'))));
    const below = firstOf(this.#bucket.list(`${this.keyOf(place, path)}/`, { oneLevel: false, atMost: 1 }));
    const found = await Promise.all([below, ...above]);
    if (found.some((one) => one !== undefined)) throw new TrainyardError('INVALID_PATH', { path });
  }
}

async function firstOf<T>(items: AsyncIterable<T>): Promise<T | undefined> {
  for await (const item of items) return item;
  return undefined;
}
