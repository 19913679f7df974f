import { describe, expect, it } from 'vitest';
import type { Bucket, BucketTransfers, ListedObject } from './bucket.ts';
import { openBucketStore } from './bucket-store.ts';

const run = { experimentId: '1', kind: 'run', id: 'a'.repeat(32) } as const;
const prefix = `p/1/${run.id}/artifacts/`;

function unexpected(): never {
  throw new Error('this was not expected to be asked');
}

/** A bucket with these keys, that refuses what it was not asked to expect. */
function bucketOf(keys: readonly ListedObject[], put: Bucket['put'] = unexpected): Bucket {
  async function* list(below: string) {
    yield* keys.filter((one) => one.key.startsWith(below));
  }
  const stat = async (key: string) => (keys.some((one) => one.key === key) ? { sizeBytes: 1, modifiedAt: 0, version: 'v' } : undefined);
  return { location: 's3://b/p', transfers: {} as BucketTransfers, put, stat, read: unexpected, list, remove: unexpected };
}

const open = (bucket: Bucket) => openBucketStore(bucket, { prefix: 'p', maxBytes: 100, direct: false });

describe('artifacts in a bucket', () => {
  it('tell whoever sends when nobody reads on, also when the store failed before it read', async () => {
    let ended = false;
    async function* source() {
      try {
        for (;;) yield Buffer.from('x');
      } finally {
        ended = true;
      }
    }
    const failing: Bucket['put'] = async (_, bytes) => {
      await bytes[Symbol.asyncIterator]().next();
      throw new Error('the store is away');
    };
    await expect(open(bucketOf([], failing)).put(run, 'a', source())).rejects.toThrow('the store is away');
    await expect.poll(() => ended).toBe(true);
  });

  it('show a directory where two uploads at the same moment made a file, too, and no object of the directory itself', async () => {
    const listed = [{ key: prefix, sizeBytes: 0 }, { key: `${prefix}a`, sizeBytes: 1 }, { key: `${prefix}a/`, sizeBytes: undefined }, { key: `${prefix}b/`, sizeBytes: undefined }, { key: `${prefix}b`, sizeBytes: 1 }];
    expect(await open(bucketOf(listed)).list(run, '')).toEqual([{ name: 'a', sizeBytes: undefined }, { name: 'b', sizeBytes: undefined }]);
  });

  it('have keys of at most 1024 bytes, with the prefix', async () => {
    const store = open(bucketOf([], async () => undefined));
    const name = `${'ä'.repeat(100)}/`;
    await expect(store.put(run, `${name.repeat(4)}x`, (async function* () {})())).resolves.toEqual({ sizeBytes: 0 });
    await expect(store.put(run, `${name.repeat(5)}x`, (async function* () {})())).rejects.toMatchObject({ code: 'INVALID_PATH' });
  });
});
