import type { Readable } from 'node:stream';
import * as s3 from '@aws-sdk/client-s3';
import type { ByteRange } from '../artifact-store.ts';
import type { Bucket, BucketTransfers, ListedObject, ObjectFacts } from '../bucket.ts';
import { bucketProblem, type NamedStore, type StoreAnswer } from '../bucket-problem.ts';
import { uploadInParts } from '../upload-in-parts.ts';
import { s3Transfers } from './transfers.ts';

export interface S3Options {
  readonly bucket: string;
  /** Shown in errors. */
  readonly location: string;
  /** URL of a service that speaks S3; undefined for Amazon's. */
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  /** The bucket in the path of URLs, not in the name of the host. */
  readonly pathStyle: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Largest object. */
  readonly maxBytes: number;
}

const MIN_PART_BYTES = 8 * 2 ** 20;
const MAX_PARTS = 10_000;

/** A bucket of S3 or of a service that speaks it. Refuses, saying what to do, when the bucket is missing or we may not use it. */
export async function openS3Bucket(options: S3Options): Promise<Bucket> {
  const bucket = new S3Bucket(options);
  await bucket.check();
  return bucket;
}

class S3Bucket implements Bucket {
  readonly location: string;
  readonly transfers: BucketTransfers;
  readonly #client: s3.S3Client;
  readonly #bucket: string;
  readonly #partBytes: number;
  readonly #named: NamedStore;

  constructor(options: S3Options) {
    this.location = options.location;
    this.#named = { location: options.location, credentials: 'AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY or the profile, role or file they come from' };
    this.#client = new s3.S3Client(clientConfig(options));
    this.#bucket = options.bucket;
    this.#partBytes = Math.max(MIN_PART_BYTES, Math.ceil(options.maxBytes / MAX_PARTS));
    this.transfers = s3Transfers({ client: this.#client, bucket: options.bucket, ask: (answer) => this.#ask(answer) });
  }

  async check(): Promise<void> {
    await this.#ask(this.#client.send(new s3.ListObjectsV2Command({ Bucket: this.#bucket, MaxKeys: 1 })));
  }

  put(key: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const object = { Bucket: this.#bucket, Key: key };
    const { transfers } = this;
    return uploadInParts<s3.CompletedPart>(bytes, {
      partBytes: this.#partBytes,
      whole: (Body) => this.#ask(this.#client.send(new s3.PutObjectCommand({ ...object, Body }))),
      start: async () => {
        const uploadId = await transfers.startUpload(key);
        return {
          part: async (PartNumber, Body) => {
            const { ETag = '' } = await this.#ask(this.#client.send(new s3.UploadPartCommand({ ...object, UploadId: uploadId, PartNumber, Body })));
            return { PartNumber, ETag };
          },
          complete: (Parts) => this.#ask(this.#client.send(new s3.CompleteMultipartUploadCommand({ ...object, UploadId: uploadId, MultipartUpload: { Parts: [...Parts] } }))),
          abort: () => transfers.abortUpload(key, uploadId),
        };
      },
    });
  }

  async stat(key: string): Promise<ObjectFacts | undefined> {
    const found = await this.#orUndefined(this.#client.send(new s3.HeadObjectCommand({ Bucket: this.#bucket, Key: key })));
    return found === undefined ? undefined : { sizeBytes: found.ContentLength ?? 0, modifiedAt: found.LastModified?.getTime() ?? 0, version: found.ETag ?? '' };
  }

  async read(key: string, version: string, range: ByteRange | undefined): Promise<Readable> {
    const part = range === undefined ? {} : { Range: `bytes=${range.firstByte}-${range.lastByte}` };
    const same = version === '' ? {} : { IfMatch: version };
    const { Body } = await this.#ask(this.#client.send(new s3.GetObjectCommand({ Bucket: this.#bucket, Key: key, ...part, ...same })));
    // in Node a body is a stream of Node
    return Body as Readable;
  }

  async *list(prefix: string, { oneLevel, atMost }: { readonly oneLevel: boolean; readonly atMost?: number }): AsyncGenerator<ListedObject> {
    const wanted = { Bucket: this.#bucket, Prefix: prefix, ...(oneLevel ? { Delimiter: '/' } : {}), ...(atMost === undefined ? {} : { MaxKeys: atMost }) };
    let token: string | undefined;
    do {
      const page: s3.ListObjectsV2CommandOutput = await this.#ask(this.#client.send(new s3.ListObjectsV2Command({ ...wanted, ContinuationToken: token })));
      for (const { Prefix: key } of page.CommonPrefixes ?? []) if (key !== undefined) yield { key, sizeBytes: undefined };
      for (const { Key: key, Size } of page.Contents ?? []) if (key !== undefined) yield { key, sizeBytes: Size ?? 0 };
      token = page.NextContinuationToken;
    } while (token !== undefined && atMost === undefined);
  }

  async remove(keys: readonly string[]): Promise<void> {
    const [only, ...more] = keys;
    if (only === undefined) return;
    if (more.length === 0) return void (await this.#ask(this.#client.send(new s3.DeleteObjectCommand({ Bucket: this.#bucket, Key: only }))));
    const { Errors: [failed] = [] } = await this.#ask(this.#client.send(new s3.DeleteObjectsCommand({ Bucket: this.#bucket, Delete: { Quiet: true, Objects: keys.map((Key) => ({ Key })) } })));
    if (failed !== undefined) throw bucketProblem(this.#named, { status: 500, code: failed.Code ?? '' }, undefined);
  }

  async #orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
    try {
      return await answer;
    } catch (error) {
      if (answerOf(error).status === 404) return undefined;
      throw bucketProblem(this.#named, answerOf(error), error);
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

function clientConfig({ endpoint, region, pathStyle, env }: S3Options): s3.S3ClientConfig {
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '', AWS_SESSION_TOKEN: sessionToken } = env;
  const given = accessKeyId !== '' && secretAccessKey !== '';
  return {
    region: region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? 'us-east-1',
    forcePathStyle: pathStyle,
    followRegionRedirects: true,
    // checksums of their own kind are refused by many services that speak S3, and would have to be signed for clients
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 4,
    requestHandler: { connectionTimeout: 10_000, socketTimeout: 120_000 },
    ...(endpoint === undefined ? {} : { endpoint }),
    // otherwise Amazon's usual chain: profiles, web identity, the machine's role
    ...(given ? { credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) } } : {}),
  };
}

function answerOf(error: unknown): StoreAnswer {
  const { name, code, Code, $metadata } = (error ?? {}) as { name?: string; code?: unknown; Code?: unknown; $metadata?: { httpStatusCode?: number } };
  const word = [Code, code, name].find((one) => typeof one === 'string' && one !== 'Error');
  return { status: $metadata?.httpStatusCode, code: String(word ?? '') };
}
