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
  /** Another one as soon as the bytes are others; letters and digits. */
  readonly version: string;
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

/** Where a client sends or fetches bytes by itself, without our token: the URL is the right, for a while. Never logged. */
export interface SignedUrl {
  readonly url: string;
  /** To be sent with it. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface UploadedPart {
  /** From 1. */
  readonly number: number;
  /** What the store answered to the part; empty when it answered nothing. */
  readonly tag: string;
}

/** What the store tells whoever downloads. */
export interface DownloadAs {
  readonly contentType: string;
  readonly contentDisposition: string;
}

/**
 * Bytes that go between client and store without passing through this server. The same laws: nothing is seen of an upload
 * before it is completed, more than the limit is TOO_LARGE and leaves nothing, paths cannot leave their place.
 */
export interface DirectTransfers {
  startUpload(place: ArtifactPlace, path: string, partCount: number): Promise<{ readonly uploadId: string; readonly parts: readonly (SignedUrl & { readonly number: number })[] }>;
  /** UPLOAD_NOT_FOUND for an upload nobody started, or one that is over. INCOMPLETE_UPLOAD when a part did not arrive as it is named. */
  completeUpload(place: ArtifactPlace, path: string, upload: { readonly uploadId: string; readonly parts: readonly UploadedPart[] }): Promise<{ readonly sizeBytes: number }>;
  /** Succeeds for an upload that is over. */
  abortUpload(place: ArtifactPlace, path: string, uploadId: string): Promise<void>;
  /** Undefined where `open` is. */
  signDownload(place: ArtifactPlace, path: string, as: DownloadAs): Promise<(SignedUrl & { readonly sizeBytes: number }) | undefined>;
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
 *  8. A store that does not answer, or refuses us, is ARTIFACT_STORE_UNUSABLE, without a word of our credentials.
 */
export interface ArtifactStore {
  /** Shown to administrators: where artifacts are, without credentials. */
  readonly location: string;
  /** Undefined where bytes have to pass through this server. */
  readonly direct: DirectTransfers | undefined;
  put(place: ArtifactPlace, path: string, bytes: AsyncIterable<Uint8Array>): Promise<{ readonly sizeBytes: number }>;
  open(place: ArtifactPlace, path: string): Promise<OpenArtifact | undefined>;
  /** An empty path lists the place itself. */
  list(place: ArtifactPlace, directory: string): Promise<readonly ArtifactEntry[]>;
  /** An empty path deletes everything of the place. */
  delete(place: ArtifactPlace, path: string): Promise<void>;
}
