import * as s3 from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { BucketTransfers } from '../bucket.ts';
import { inTurns } from '../in-turns.ts';
import { partUrlsLike } from './part-urls.ts';

/** How long clients have to send the parts of an upload, as with MLflow's own server. */
const PART_SECONDS = 3600;
const DOWNLOAD_SECONDS = 300;

interface S3Door {
  readonly client: s3.S3Client;
  readonly bucket: string;
  /** Turns what the store says into our error. */
  readonly ask: <T>(answer: Promise<T>) => Promise<T>;
}

/** Multipart uploads and downloads by presigned URLs. Abandoned uploads are the bucket's to clear away: a lifecycle rule. */
export function s3Transfers({ client, bucket, ask }: S3Door): BucketTransfers {
  const object = (key: string) => ({ Bucket: bucket, Key: key });
  const sign = async (command: s3.UploadPartCommand | s3.GetObjectCommand, seconds: number) => ({ url: await ask(getSignedUrl(client, command as s3.GetObjectCommand, { expiresIn: seconds })), headers: {} });
  return {
    async startUpload(key) {
      const { UploadId = '' } = await ask(client.send(new s3.CreateMultipartUploadCommand(object(key))));
      return UploadId;
    },

    async signParts(key, { uploadId, count }) {
      const bySdk = (number: number) => sign(new s3.UploadPartCommand({ ...object(key), UploadId: uploadId, PartNumber: number }), PART_SECONDS);
      const first = await bySdk(1);
      const urlOf = partUrlsLike(first.url, await ask(client.config.credentials()));
      return inTurns(count, (number) => (urlOf === undefined ? bySdk(number) : { url: urlOf(number), headers: {} }));
    },

    async listParts(key, uploadId) {
      const found = [];
      let marker: string | undefined;
      do {
        const page: s3.ListPartsCommandOutput | undefined = await ask(orOver(client.send(new s3.ListPartsCommand({ ...object(key), UploadId: uploadId, PartNumberMarker: marker }))));
        if (page === undefined) return undefined;
        for (const { PartNumber = 0, ETag = '', Size = 0 } of page.Parts ?? []) found.push({ number: PartNumber, tag: ETag, sizeBytes: Size });
        marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
      } while (marker !== undefined);
      return found;
    },

    async completeUpload(key, { uploadId, parts }) {
      const named = parts.map(({ number, tag }) => ({ PartNumber: number, ETag: tag }));
      await ask(client.send(new s3.CompleteMultipartUploadCommand({ ...object(key), UploadId: uploadId, MultipartUpload: { Parts: named } })));
    },

    async abortUpload(key, uploadId) {
      await ask(orOver(client.send(new s3.AbortMultipartUploadCommand({ ...object(key), UploadId: uploadId }))));
    },

    signDownload: (key, { contentType, contentDisposition }) => sign(new s3.GetObjectCommand({ ...object(key), ResponseContentType: contentType, ResponseContentDisposition: contentDisposition }), DOWNLOAD_SECONDS),
  };
}

/** Undefined for an upload that is over, or never was. */
async function orOver<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    const { name, $metadata } = error as { name?: unknown; $metadata?: { httpStatusCode?: number } };
    if (name === 'NoSuchUpload' || $metadata?.httpStatusCode === 404) return undefined;
    throw error;
  }
}
