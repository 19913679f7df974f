import { type Bucket as GoogleBucket, type FileMetadata, IdempotencyStrategy, Storage, type StorageOptions } from '@google-cloud/storage';
import type { ByteRange } from '../artifact-store.ts';
import type { Bucket, BucketTransfers, ListedObject, ObjectFacts } from '../bucket.ts';
import { bucketProblem, type NamedStore, type StoreAnswer } from '../bucket-problem.ts';
import { piecesOf } from '../pieces.ts';
import { CHUNK_BYTES, uploadInChunks } from './resumable-upload.ts';
import { gcsTransfers } from './transfers.ts';

export interface GcsOptions {
  readonly bucket: string;
  /** Shown in errors. */
  readonly location: string;
  /** URL of an emulator or a proxy; undefined for Google's. */
  readonly endpoint: string | undefined;
}

const DELETIONS_AT_ONCE = 16;

/** A bucket of Google Cloud Storage. Refuses, saying what to do, when it is missing or we may not use it. */
export async function openGcsBucket(options: GcsOptions): Promise<Bucket> {
  const bucket = new GcsBucket(options);
  await bucket.check();
  return bucket;
}

class GcsBucket implements Bucket {
  readonly location: string;
  readonly transfers: BucketTransfers;
  readonly #bucket: GoogleBucket;
  readonly #named: NamedStore;
  readonly #storage: Storage;

  constructor(options: GcsOptions) {
    this.location = options.location;
    this.#named = { location: options.location, credentials: 'GOOGLE_APPLICATION_CREDENTIALS or the identity of the machine' };
    const storage = new Storage(storageOptions(options.endpoint));
    // a service account signs its tokens itself: no call to another host before the first one
    storage.authClient.useJWTAccessWithScope = true;
    this.#bucket = storage.bucket(options.bucket);
    this.#storage = storage;
    this.transfers = gcsTransfers({ storage, bucket: this.#bucket, ask: (answer) => this.#ask(answer) });
  }

  async check(): Promise<void> {
    await this.#ask(this.#bucket.getFiles({ maxResults: 1, autoPaginate: false }));
  }

  async put(key: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const pieces = piecesOf(bytes, CHUNK_BYTES);
    const first = await pieces.next();
    if (first.done === true) return;
    const { value } = first;
    // the connection protects the bytes; a mismatch found afterwards would delete what was there before
    if (value.length < CHUNK_BYTES) return this.#ask(this.#bucket.file(key).save(value, { resumable: false, validation: false, contentType: 'application/octet-stream' }));
    const source = watched(value, pieces);
    try {
      await uploadInChunks(this.#storage, { bucket: this.#bucket.name, key }, source.pieces);
    } catch (error) {
      if (source.failure() !== undefined) throw error;
      throw bucketProblem(this.#named, answerOf(error), error);
    }
  }

  async stat(key: string): Promise<ObjectFacts | undefined> {
    try {
      const [metadata] = await this.#bucket.file(key).getMetadata();
      return factsOf(metadata);
    } catch (error) {
      if (answerOf(error).status === 404) return undefined;
      throw bucketProblem(this.#named, answerOf(error), error);
    }
  }

  async read(key: string, version: string, range: ByteRange | undefined): Promise<AsyncIterable<Uint8Array>> {
    // not the library's own stream, which has Node warn of a leak at every download
    const url = `${this.#storage.apiEndpoint}/storage/v1/b/${this.#bucket.name}/o/${encodeURIComponent(key)}?alt=media&generation=${encodeURIComponent(version)}`;
    const headers = range === undefined ? {} : { range: `bytes=${range.firstByte}-${range.lastByte}` };
    const { data } = await this.#ask(this.#storage.authClient.request<AsyncIterable<Uint8Array>>({ url, headers, responseType: 'stream', retry: true }));
    return data;
  }

  async *list(prefix: string, { oneLevel, atMost }: { readonly oneLevel: boolean; readonly atMost?: number }): AsyncGenerator<ListedObject> {
    const wanted = { prefix, autoPaginate: false, ...(oneLevel ? { delimiter: '/' } : {}), ...(atMost === undefined ? {} : { maxResults: atMost }) };
    let pageToken: string | undefined;
    do {
      const [files, next, answer] = await this.#ask(this.#bucket.getFiles({ ...wanted, ...(pageToken === undefined ? {} : { pageToken }) }));
      for (const key of (answer as { prefixes?: readonly string[] } | undefined)?.prefixes ?? []) yield { key, sizeBytes: undefined };
      for (const { name, metadata } of files) yield { key: name, sizeBytes: Number(metadata.size ?? 0) };
      pageToken = (next as { pageToken?: string } | null | undefined)?.pageToken;
    } while (pageToken !== undefined && atMost === undefined);
  }

  async remove(keys: readonly string[]): Promise<void> {
    for (let first = 0; first < keys.length; first += DELETIONS_AT_ONCE) {
      await Promise.all(keys.slice(first, first + DELETIONS_AT_ONCE).map((key) => this.#ask(this.#bucket.file(key).delete({ ignoreNotFound: true }))));
    }
  }

  async #ask<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      throw bucketProblem(this.#named, answerOf(error), error);
    }
  }
}

/** Tells a client that broke off from a store that did. */
function watched(first: Buffer, rest: AsyncIterable<Buffer>): { readonly pieces: AsyncIterable<Buffer>; failure(): unknown } {
  let failure: unknown;
  async function* pieces(): AsyncGenerator<Buffer> {
    try {
      yield first;
      yield* rest;
    } catch (error) {
      failure = error;
      throw error;
    }
  }
  return { pieces: pieces(), failure: () => failure };
}

function storageOptions(endpoint: string | undefined): StorageOptions {
  return {
    ...(endpoint === undefined ? {} : { apiEndpoint: endpoint, useAuthWithCustomEndpoint: true }),
    // the last upload to a key wins anyway, so all calls may be repeated; seconds
    retryOptions: { autoRetry: true, maxRetries: 3, maxRetryDelay: 2, totalTimeout: 20, idempotencyStrategy: IdempotencyStrategy.RetryAlways },
  };
}

function factsOf({ size, updated, generation }: FileMetadata): ObjectFacts {
  return { sizeBytes: Number(size ?? 0), modifiedAt: Date.parse(updated ?? '') || 0, version: String(generation ?? '') };
}

function answerOf(error: unknown): StoreAnswer {
  const { name, code, status, message, response } = (error ?? {}) as { name?: unknown; code?: unknown; status?: unknown; message?: unknown; response?: { status?: unknown; data?: { error?: unknown } } };
  const answered = [code, status, response?.status].map(Number).find((one) => one >= 100 && one < 600);
  // the library has no code for having no credentials
  if (/default credentials/i.test(String(message))) return { status: answered, code: 'CredentialsProviderError' };
  const word = [response?.data?.error, code, name].find((one) => typeof one === 'string' && !/^(\d+|\w*Error)$/.test(one));
  return { status: answered, code: String(word ?? '') };
}
