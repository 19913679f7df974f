import type { ByteRange, DownloadAs, SignedUrl, UploadedPart } from './artifact-store.ts';

export interface ObjectFacts {
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
  /** The store's own word for these bytes under this key: an ETag or a generation. */
  readonly version: string;
}

export interface ListedObject {
  readonly key: string;
  /** Undefined for all that begins with `key`, when one level was asked for. */
  readonly sizeBytes: number | undefined;
}

/** Parts that clients send to the store themselves. */
export interface BucketTransfers {
  startUpload(key: string): Promise<string>;
  /** One URL for each part, from the first. */
  signParts(key: string, upload: { readonly uploadId: string; readonly count: number }): Promise<SignedUrl[]>;
  /** The parts that arrived, with the tags they have to be completed by. Undefined when there is no such upload. */
  listParts(key: string, uploadId: string): Promise<readonly (UploadedPart & { readonly sizeBytes: number })[] | undefined>;
  completeUpload(key: string, upload: { readonly uploadId: string; readonly parts: readonly UploadedPart[] }): Promise<void>;
  /** Succeeds for an upload that is over. */
  abortUpload(key: string, uploadId: string): Promise<void>;
  signDownload(key: string, as: DownloadAs): Promise<SignedUrl>;
}

/**
 * One bucket or container of an object store: what bucket-store.ts makes artifacts of. Keys come from it and are safe. Laws,
 * tested through artifact-store.contract.ts:
 *  1. `put` shows the whole object or none, holds a bounded part of it in memory, and throws what `bytes` throws.
 *  2. `read` answers the bytes of that version or fails; it never mixes two.
 *  3. `list` pages by itself. `remove` of what is not there succeeds.
 *  4. What the store or the network says against us is ARTIFACT_STORE_UNUSABLE (bucket-problem.ts).
 */
export interface Bucket {
  /** With the prefix, without credentials: `s3://bucket/prefix`. */
  readonly location: string;
  readonly transfers: BucketTransfers;
  put(key: string, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  stat(key: string): Promise<ObjectFacts | undefined>;
  read(key: string, version: string, range: ByteRange | undefined): Promise<AsyncIterable<Uint8Array>>;
  /** With `oneLevel` what lies deeper is told by its first segment, ending in a slash. */
  list(prefix: string, options: { readonly oneLevel: boolean; readonly atMost?: number }): AsyncIterable<ListedObject>;
  remove(keys: readonly string[]): Promise<void>;
  /** A segment that the store would not keep as it is. */
  refuses?(segment: string): boolean;
}
