import * as s3 from '@aws-sdk/client-s3';
import type { OpeningStore } from '../transfer/object-connection.ts';
import type { ByteRange, ObjectBytes, ObjectPage, ObjectStore, ObjectUpload, PageCursor, StoredObject } from '../transfer/object-store.ts';
import { storeFailure, StoreFailure } from '../transfer/store-failure.ts';
import { answerOf } from './answer.ts';
import { ObjectReads, type ReadAnswer } from './object-reads.ts';
import { startUpload } from './upload.ts';

/** Of an object that was not uploaded in parts. */
const MD5_TAG = /^"([0-9a-f]{32})"$/;

/** A bucket of S3, or of a service that speaks it. */
export class S3Store implements ObjectStore {
  readonly location: string;
  readonly credentials: string;
  readonly #client: s3.S3Client;
  readonly #bucket: string;
  readonly #reads: ObjectReads;

  constructor(client: s3.S3Client, { bucket, agents }: Pick<OpeningStore, 'bucket' | 'agents'>, credentials: string) {
    [this.#client, this.#bucket, this.credentials] = [client, bucket, credentials];
    this.location = `s3://${bucket}`;
    this.#reads = new ObjectReads(client, bucket, agents);
  }

  async list(prefix: string, cursor: PageCursor | undefined, signal: AbortSignal): Promise<ObjectPage> {
    // keys may hold what XML cannot say
    const page = await this.#ask(this.#client.send(new s3.ListObjectsV2Command({ Bucket: this.#bucket, Prefix: prefix, ContinuationToken: cursor?.[0], EncodingType: 'url' }), { abortSignal: signal }), signal);
    const keyOf = page.EncodingType === 'url' ? decoded : (key: string): string => key;
    const objects = (page.Contents ?? []).map(({ Key = '', Size = 0, ETag = '' }) => ({ key: keyOf(Key), sizeBytes: Size, tag: ETag, mayHaveMd5: MD5_TAG.test(ETag) }));
    return { objects, next: page.NextContinuationToken === undefined ? undefined : [page.NextContinuationToken] };
  }

  async find(key: string, signal: AbortSignal): Promise<StoredObject | undefined> {
    try {
      const { ContentLength: sizeBytes = 0, ETag: tag = '' } = await this.#ask(this.#client.send(new s3.HeadObjectCommand({ Bucket: this.#bucket, Key: key }), { abortSignal: signal }), signal);
      return { key, sizeBytes, tag, mayHaveMd5: MD5_TAG.test(tag) };
    } catch (error) {
      // a missing bucket is told by the listing that follows: an answer to HEAD has no words
      if (error instanceof StoreFailure && error.kind === 'missing') return undefined;
      throw error;
    }
  }

  async read({ key, sizeBytes, tag }: StoredObject, { firstByte, nextByte }: ByteRange, signal: AbortSignal): Promise<ObjectBytes> {
    const range = firstByte === 0 && nextByte === sizeBytes ? undefined : `bytes=${firstByte}-${nextByte - 1}`;
    const answer = await this.#reads.get({ key, etag: tag, range }, signal);
    const isRange = range === undefined || answer.ContentRange?.startsWith(`bytes ${firstByte}-`) === true;
    // not every service that speaks S3 knows conditions and ranges
    if (answer.ETag === tag && isRange) return { bytes: answer.bytes, md5: md5Of(answer) };
    answer.bytes.destroy();
    throw answer.ETag === tag ? new StoreFailure('invalid', 'it does not know ranges') : storeFailure({ status: 412, code: '' });
  }

  startPut(key: string, sizeBytes: number, signal: AbortSignal): Promise<ObjectUpload> {
    return startUpload({ client: this.#client, object: { Bucket: this.#bucket, Key: key }, ask: (answer) => this.#ask(answer, signal) }, sizeBytes, signal);
  }

  close(): void {
    this.#client.destroy();
  }

  async #ask<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      signal.throwIfAborted();
      throw storeFailure(answerOf(error));
    }
  }
}

/** With a key of its own the store has another hash in its place. */
function md5Of({ ETag = '', ServerSideEncryption, SSECustomerAlgorithm }: ReadAnswer): string | undefined {
  const isPlain = (ServerSideEncryption === undefined || ServerSideEncryption === 'AES256') && SSECustomerAlgorithm === undefined;
  return isPlain ? MD5_TAG.exec(ETag)?.[1] : undefined;
}

function decoded(key: string): string {
  return decodeURIComponent(key.replaceAll('+', ' '));
}
