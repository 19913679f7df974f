import { createHash } from 'node:crypto';
import * as s3 from '@aws-sdk/client-s3';
import type { ObjectUpload } from '../transfer/object-store.ts';

const MIN_PART_BYTES = 8 * 2 ** 20;
const MAX_PARTS = 10_000;
const PARTS_AT_ONCE = 4;

interface S3Door {
  readonly client: s3.S3Client;
  readonly object: { readonly Bucket: string; readonly Key: string };
  /** Turns what S3 says into our failure. */
  readonly ask: <T>(answer: Promise<T>) => Promise<T>;
}

/** A small object in one call, a large one in parts; S3 checks the MD5 of each and shows nothing before the end. */
export async function startUpload(door: S3Door, sizeBytes: number, signal: AbortSignal): Promise<ObjectUpload> {
  return sizeBytes <= MIN_PART_BYTES ? uploadWhole(door) : uploadParts(door, sizeBytes, signal);
}

function uploadWhole({ client, object, ask }: S3Door): ObjectUpload {
  return {
    partBytes: MIN_PART_BYTES,
    partsAtOnce: 1,
    async part(_number, Body, abortSignal) {
      await ask(client.send(new s3.PutObjectCommand({ ...object, Body, ContentMD5: md5(Body) }), { abortSignal }));
    },
    complete: async () => undefined,
    abort: async () => undefined,
  };
}

async function uploadParts({ client, object, ask }: S3Door, sizeBytes: number, signal: AbortSignal): Promise<ObjectUpload> {
  const { UploadId } = await ask(client.send(new s3.CreateMultipartUploadCommand(object), { abortSignal: signal }));
  const parts: s3.CompletedPart[] = [];
  return {
    partBytes: Math.max(MIN_PART_BYTES, Math.ceil(sizeBytes / MAX_PARTS)),
    partsAtOnce: PARTS_AT_ONCE,
    async part(PartNumber, Body, abortSignal) {
      const { ETag } = await ask(client.send(new s3.UploadPartCommand({ ...object, UploadId, PartNumber, Body, ContentMD5: md5(Body) }), { abortSignal }));
      parts[PartNumber - 1] = { PartNumber, ETag };
    },
    async complete(abortSignal) {
      await ask(client.send(new s3.CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload: { Parts: parts } }), { abortSignal }));
    },
    async abort(abortSignal) {
      await ask(client.send(new s3.AbortMultipartUploadCommand({ ...object, UploadId }), { abortSignal }));
    },
  };
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('base64');
}
