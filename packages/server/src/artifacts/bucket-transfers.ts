import { TrainyardError } from '@trainyard/core/errors.ts';
import type { DirectTransfers, UploadedPart } from './artifact-store.ts';
import type { Bucket } from './bucket.ts';
import type { BucketKeys } from './bucket-keys.ts';

/** Transfers between clients and a bucket. What was uploaded is counted before it becomes visible: clients say nothing about sizes. */
export function bucketTransfers(bucket: Bucket, keys: BucketKeys, maxBytes: number): DirectTransfers {
  const { transfers } = bucket;
  return {
    async startUpload(place, path, partCount) {
      const key = keys.fileKeyOf(place, path);
      await keys.requireFree(place, path);
      const uploadId = await transfers.startUpload(key);
      const signed = await transfers.signParts(key, { uploadId, count: partCount });
      return { uploadId, parts: signed.map((one, index) => ({ number: index + 1, ...one })) };
    },

    async completeUpload(place, path, { uploadId, parts }) {
      const key = keys.fileKeyOf(place, path);
      await keys.requireFree(place, path);
      const arrived = await transfers.listParts(key, uploadId);
      if (arrived === undefined || arrived.length === 0) throw new TrainyardError('UPLOAD_NOT_FOUND', { id: uploadId });
      const chosen = chosenParts(parts, arrived);
      const sizeBytes = chosen.reduce((sum, part) => sum + part.sizeBytes, 0);
      if (sizeBytes > maxBytes) {
        await transfers.abortUpload(key, uploadId);
        throw new TrainyardError('TOO_LARGE', { what: `the artifact '${path}'`, limit: maxBytes });
      }
      await transfers.completeUpload(key, { uploadId, parts: chosen });
      return { sizeBytes };
    },

    async abortUpload(place, path, uploadId) {
      await transfers.abortUpload(keys.fileKeyOf(place, path), uploadId);
    },

    async signDownload(place, path, as) {
      const key = keys.keyOf(place, path);
      const facts = path === '' ? undefined : await bucket.stat(key);
      return facts === undefined ? undefined : { ...(await transfers.signDownload(key, as)), sizeBytes: facts.sizeBytes };
    },
  };
}

type ArrivedPart = UploadedPart & { readonly sizeBytes: number };

/** What the client names, as the store has it. INCOMPLETE_UPLOAD when they differ. */
function chosenParts(named: readonly UploadedPart[], arrived: readonly ArrivedPart[]): ArrivedPart[] {
  const byNumber = new Map(arrived.map((part) => [part.number, part]));
  if (named.length === 0) throw new TrainyardError('INCOMPLETE_UPLOAD', { problem: 'no part is named' });
  return named.map(({ number, tag }, index) => {
    const part = byNumber.get(number);
    if (part === undefined) throw new TrainyardError('INCOMPLETE_UPLOAD', { problem: `part ${number} did not arrive` });
    if (number <= (named[index - 1]?.number ?? 0)) throw new TrainyardError('INCOMPLETE_UPLOAD', { problem: `part ${number} is not in order` });
    // Azure answers no tag to a part
    if (part.tag !== '' && unquoted(part.tag) !== unquoted(tag)) throw new TrainyardError('INCOMPLETE_UPLOAD', { problem: `part ${number} arrived with other bytes` });
    return part;
  });
}

function unquoted(tag: string): string {
  return tag.replaceAll('"', '');
}
