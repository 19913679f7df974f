import type { ArtifactPlace } from '@trainyard/core/tracking/artifact-place.ts';
import type { Readable } from 'node:stream';

/** Both ends count, as in an HTTP range. */
export interface ByteRange {
  readonly firstByte: number;
  readonly lastByte: number;
}

export interface OpenArtifact {
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
  /** The bytes; called at most once, and it closes the artifact when it ends or is destroyed. */
  read(range?: ByteRange): Readable;
  /** For an artifact that is not read after all. */
  close(): Promise<void>;
}

export interface ArtifactEntry {
  /** One segment. */
  readonly name: string;
  /** Undefined for a directory. */
  readonly sizeBytes: number | undefined;
}

/**
 * Keeps the files of runs and logged models. A path is relative to its place and comes from outside. Laws, tested on every
 * store by artifact-store.contract.ts:
 *  1. Whatever a path says, nothing outside its place is read, written, listed or deleted: INVALID_PATH.
 *  2. `put` keeps everything or nothing: an upload that breaks off leaves what was there before, and a reader sees the old bytes or the new ones.
 *  3. What `put` answered survives a crash.
 *  4. More than the limit is TOO_LARGE, a full disk DISK_FULL; neither leaves anything behind.
 *  5. `open` of what is not there, or is a directory, is undefined. `list` of it is empty. `delete` of it succeeds.
 *  6. `list` answers one level, sorted by name; `delete` takes a directory with all that is in it.
 *  7. Bytes pass through; memory does not grow with the size of an artifact.
 */
export interface ArtifactStore {
  put(place: ArtifactPlace, path: string, bytes: AsyncIterable<Uint8Array>): Promise<{ readonly sizeBytes: number }>;
  open(place: ArtifactPlace, path: string): Promise<OpenArtifact | undefined>;
  /** An empty path lists the place itself. */
  list(place: ArtifactPlace, directory: string): Promise<readonly ArtifactEntry[]>;
  /** An empty path deletes everything of the place. */
  delete(place: ArtifactPlace, path: string): Promise<void>;
}
