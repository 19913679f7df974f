import type { Bucket as GoogleBucket, Storage } from '@google-cloud/storage';
import type { BucketTransfers } from '../bucket.ts';
import { inTurns } from '../in-turns.ts';
import { completeXml, partsOf, uploadIdOf } from './multipart-xml.ts';

const MS_PER_SECOND = 1000;
/** How long clients have to send the parts of an upload, as with MLflow's own server. */
const PART_MS = 3600 * MS_PER_SECOND;
const DOWNLOAD_MS = 300 * MS_PER_SECOND;

interface GcsDoor {
  readonly storage: Storage;
  readonly bucket: GoogleBucket;
  /** Turns what Google says into our error. */
  readonly ask: <T>(answer: Promise<T>) => Promise<T>;
}

/** Multipart uploads of Google's XML API, which its library has for its own files only, and downloads by signed URLs. Abandoned uploads are the bucket's to clear away: a lifecycle rule. */
export function gcsTransfers({ storage, bucket, ask }: GcsDoor): BucketTransfers {
  const urlOf = (key: string, query: string): string => `${storage.apiEndpoint}/${bucket.name}/${key.split('/').map(encodeURIComponent).join('/')}?${query}`;

  async function call(method: 'GET' | 'POST' | 'DELETE', url: string, body?: string): Promise<string> {
    const { data } = await storage.authClient.request<string>({ url, method, responseType: 'text', headers: { 'content-type': body === undefined ? 'application/octet-stream' : 'application/xml' }, ...(body === undefined ? {} : { body }) });
    return data;
  }

  return {
    startUpload: async (key) => uploadIdOf(await ask(call('POST', urlOf(key, 'uploads')))),

    async signParts(key, { uploadId, count }) {
      const file = bucket.file(key);
      const expires = Date.now() + PART_MS;
      return inTurns(count, async (number) => {
        const [url] = await ask(file.getSignedUrl({ version: 'v4', action: 'write', expires, queryParams: { partNumber: String(number), uploadId } }));
        return { url, headers: {} };
      });
    },

    async listParts(key, uploadId) {
      const found = [];
      let marker = 0;
      for (;;) {
        const xml = await ask(orOver(call('GET', urlOf(key, `uploadId=${encodeURIComponent(uploadId)}&part-number-marker=${marker}`))));
        if (xml === undefined) return undefined;
        const { parts, nextMarker } = partsOf(xml);
        found.push(...parts);
        if (nextMarker === undefined) return found;
        marker = nextMarker;
      }
    },

    async completeUpload(key, { uploadId, parts }) {
      await ask(call('POST', urlOf(key, `uploadId=${encodeURIComponent(uploadId)}`), completeXml(parts)));
    },

    async abortUpload(key, uploadId) {
      await ask(orOver(call('DELETE', urlOf(key, `uploadId=${encodeURIComponent(uploadId)}`))));
    },

    async signDownload(key, { contentType, contentDisposition }) {
      const [url] = await ask(bucket.file(key).getSignedUrl({ version: 'v4', action: 'read', expires: Date.now() + DOWNLOAD_MS, responseType: contentType, responseDisposition: contentDisposition }));
      return { url, headers: {} };
    },
  };
}

/** Undefined for an upload that is over, or never was. */
async function orOver<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if ((error as { status?: unknown }).status === 404) return undefined;
    throw error;
  }
}
