import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskThreads } from './disk-threads.ts';
import { PrefixHash } from './prefix-hash.ts';

describe('threads for the disk', () => {
  let root: string;
  let threads: DiskThreads;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'trainyard-disk-threads-'));
    threads = new DiskThreads();
  });
  afterEach(async () => {
    await threads.close();
    await rm(root, { recursive: true, force: true });
  });

  it('make a file and the directories above it, and hash it', async () => {
    const file = join(root, 'a/b/c.csv');
    const digests = await threads.of('sha256').ask({ kind: 'store', file, bytes: Buffer.from('1'), algorithms: ['sha256', 'md5'] });
    expect(digests).toEqual(['sha256', 'md5'].map((algorithm) => createHash(algorithm).update('1').digest('hex')));
    expect(await readFile(file, 'utf8')).toBe('1');
  });

  it('tell what the system said, by its code, and go on', async () => {
    const store = (file: string): Promise<string[]> => threads.of('sha256').ask({ kind: 'store', file, bytes: Buffer.from('1'), algorithms: [] });
    await store(join(root, 'a'));
    await expect(store(join(root, 'a'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(store(join(root, 'a/b'))).rejects.toMatchObject({ code: 'ENOTDIR' });
    expect(await store(join(root, 'c'))).toEqual([]);
  });

  it('hash files that grow side by side, each from its first byte on', async () => {
    const contents = [randomBytes(3_000_000), randomBytes(2_500_000)];
    const digests = await Promise.all(contents.map(async (content, index) => {
      await using file = await open(join(root, String(index)), 'wx+');
      const hash = new PrefixHash('md5', file.fd, threads);
      for (const end of [1, 1_100_000, content.length]) {
        await file.write(content.subarray(0, end), 0, end, 0);
        hash.advance(end);
      }
      return await hash.digest();
    }));
    expect(digests).toEqual(contents.map((content) => createHash('md5').update(content).digest('hex')));
  });

  it('tell that a file became shorter', async () => {
    await using file = await open(join(root, 'short'), 'wx+');
    const hash = new PrefixHash('sha256', file.fd, threads);
    hash.advance(1);
    await expect(hash.digest()).rejects.toThrow('became shorter');
  });

  it('leave nobody waiting when they are ended', async () => {
    const asked = threads.of('md5').ask({ kind: 'store', file: join(root, 'a'), bytes: Buffer.from('1'), algorithms: [] });
    const settled = Promise.allSettled([asked]);
    await threads.close();
    expect((await settled)[0].status).toMatch(/fulfilled|rejected/);
    await expect(threads.of('md5').ask({ kind: 'store', file: join(root, 'b'), bytes: Buffer.from('1'), algorithms: [] })).rejects.toThrow('ended');
  });
});
