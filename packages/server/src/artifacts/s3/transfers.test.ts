import * as s3 from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { partUrlsLike } from './part-urls.ts';
import { s3Transfers } from './transfers.ts';

const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret/key' };
const KEY = "1/a b/größe+(x)'!~*.bin";

const signParts = (config: s3.S3ClientConfig, count: number) => {
  const client = new s3.S3Client({ region: 'eu-west-1', credentials, ...config });
  return s3Transfers({ client, bucket: 'models', ask: (answer) => answer }).signParts(KEY, { uploadId: 'up/1+=', count });
};

const bySdk = (config: s3.S3ClientConfig, number: number) =>
  getSignedUrl(new s3.S3Client({ region: 'eu-west-1', credentials, ...config }), new s3.UploadPartCommand({ Bucket: 'models', Key: KEY, UploadId: 'up/1+=', PartNumber: number }), { expiresIn: 3600 });

/** A URL means the same in whatever order its fields stand. */
const fieldsOf = (url: string) => [new URL(url).origin, new URL(url).pathname, ...[...new URL(url).searchParams].map(([name, value]) => `${name}=${value}`).toSorted()];

describe('the URLs of the parts of an upload', () => {
  // a signature says when it was made
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 2, 3, 4, 5) }));
  afterEach(() => void vi.useRealTimers());

  it.each<[string, s3.S3ClientConfig]>([
    ['of Amazon', {}],
    ['of a service with a port, the bucket in the path', { endpoint: 'http://127.0.0.1:9000', forcePathStyle: true }],
    ['with keys of a session', { credentials: { ...credentials, sessionToken: 'a+b/c==' } }],
  ])('are signed as the SDK signs them: %s', async (_, config) => {
    const parts = await signParts(config, 3);
    for (const [index, { url }] of parts.entries()) expect(fieldsOf(url)).toEqual(fieldsOf(await bySdk(config, index + 1)));
  });

  it('are made by the SDK when the keys are others than it has used', async () => {
    expect(partUrlsLike(await bySdk({}, 1), { secretAccessKey: 'renewed' })).toBeUndefined();
    let asked = 0;
    // other keys whenever it is asked
    const parts = await signParts({ credentials: async () => ({ ...credentials, secretAccessKey: `secret ${++asked}`, expiration: new Date(0) }) }, 2);
    expect(parts.map(({ url }) => new URL(url).searchParams.get('partNumber'))).toEqual(['1', '2']);
  });

  it('keep nobody waiting while 10,000 of them are made', async () => {
    let turns = 0;
    let next = setImmediate(function again() {
      turns += 1;
      next = setImmediate(again);
    });
    const parts = await signParts({}, 10_000);
    clearImmediate(next);
    expect(new Set(parts.map(({ url }) => url)).size).toBe(10_000);
    expect(turns).toBeGreaterThanOrEqual(199);
  });
});
