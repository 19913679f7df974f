import { createHash } from 'node:crypto';
import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchObjects } from './fetch-objects.ts';
import { filesVersion } from './files-version.ts';
import type { ByteRange, ObjectBytes, ObjectPage, ObjectStore, ObjectUpload, StoredObject } from './object-store.ts';
import { storeFailure } from './store-failure.ts';

/** Objects in memory, one to a page. */
class MemoryStore implements ObjectStore {
  readonly location = 'memory://bucket';
  readonly credentials = 'nothing';
  readonly reads: string[] = [];
  readonly objects: ReadonlyMap<string, Buffer>;
  md5: string | undefined;
  failRead: (key: string, range: ByteRange) => boolean = () => false;

  constructor(objects: Readonly<Record<string, string | Buffer>>) {
    this.objects = new Map(Object.entries(objects).map(([key, content]) => [key, Buffer.from(content)]));
  }

  async list(prefix: string, cursor: readonly string[] | undefined): Promise<ObjectPage> {
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix));
    const at = Number(cursor?.[0] ?? 0);
    return { objects: keys.slice(at, at + 1).map((key) => this.#object(key)), next: at + 1 < keys.length ? [String(at + 1)] : undefined };
  }

  async find(key: string): Promise<StoredObject | undefined> {
    return this.objects.has(key) ? this.#object(key) : undefined;
  }

  async read({ key }: StoredObject, range: ByteRange): Promise<ObjectBytes> {
    this.reads.push(`${key} ${range.firstByte}-${range.nextByte}`);
    if (this.failRead(key, range)) throw storeFailure({ status: 403, code: '' });
    const bytes = this.objects.get(key)?.subarray(range.firstByte, range.nextByte) ?? Buffer.alloc(0);
    return { bytes: (async function* () { yield bytes; })(), md5: this.md5 };
  }

  startPut(): Promise<ObjectUpload> {
    return Promise.reject(storeFailure({ status: 405, code: '' }));
  }

  close(): void {
    // nothing is open
  }

  #object(key: string): StoredObject {
    return { key, sizeBytes: this.objects.get(key)?.length ?? 0, tag: `tag of ${key}`, mayHaveMd5: this.md5 !== undefined };
  }
}

describe('fetching objects', () => {
  let root: string;
  let into: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'trainyard-objects-'));
    into = join(root, 'into');
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const fetch = (store: ObjectStore, path = '', resumeDir?: string): ReturnType<typeof fetchObjects> =>
    fetchObjects(store, { path, into, resumeDir, limits: { bytes: 1e9, entries: 1000 } }, { signal: new AbortController().signal });

  it.each(['../evil', 'a/../../evil', '/etc/passwd', 'a//b', 'a\\..\\b', 'a\0b', '..'])('refuses an object named %j and leaves nothing', async (name) => {
    await expect(fetch(new MemoryStore({ 'data/ok.csv': '1', [`data/${name}`]: 'x' }), 'data')).rejects.toMatchObject({ problem: 'invalid' });
    expect(await readdir(root)).toEqual([]);
  });

  it.each([{ a: 'file', 'a/b': 'below' }, { 'a/b': 'below', a: 'file' }, { a: 'file', 'a/': '' }])('refuses an object in the place of a directory: %j', async (objects) => {
    await expect(fetch(new MemoryStore(objects))).rejects.toMatchObject({ problem: 'invalid' });
    expect(await readdir(root)).toEqual([]);
  });

  it('makes directories that objects mark, and counts no files for them', async () => {
    expect(await fetch(new MemoryStore({ 'd/': '', 'd/empty/': '', 'd/full/': '', 'd/full/a.csv': '1' }), 'd')).toMatchObject({ files: 1, sizeBytes: 1 });
    expect((await readdir(into, { recursive: true })).toSorted()).toEqual(['empty', 'full', 'full/a.csv']);
  });

  it('gives a version that anybody can compute', async () => {
    const { version } = await fetch(new MemoryStore({ 'b.csv': '2', 'a.csv': '1', 'empty': '' }));
    const files = [['a.csv', '1'], ['b.csv', '2'], ['empty', '']].map(([path = '', text = '']) => ({ path, sizeBytes: text.length, sha256: createHash('sha256').update(text).digest('hex') }));
    expect(version).toBe(filesVersion(files));
  });

  it('refuses bytes that are not those the store vouches for', async () => {
    const store = new MemoryStore({ 'a.csv': '1' });
    store.md5 = createHash('md5').update('2').digest('hex');
    await expect(fetch(store)).rejects.toMatchObject({ problem: 'unreachable', message: expect.stringContaining('MD5') as string });
    expect(await readdir(root)).toEqual([]);
  });

  it('fetches a large file in pieces and goes on at those that lack', async () => {
    const large = Buffer.alloc(40 * 2 ** 20, 'abcdefg');
    const store = new MemoryStore({ 'large.bin': large });
    const resumeDir = join(root, 'resume');
    store.failRead = (_key, { firstByte }) => firstByte === 16 * 2 ** 20;
    await expect(fetch(store, '', resumeDir)).rejects.toMatchObject({ problem: 'refused' });
    store.failRead = () => false;
    const before = store.reads.length;
    await fetch(store, '', resumeDir);
    expect(store.reads.slice(before).every((read) => !read.includes(' 0-'))).toBe(true);
    expect((await readFile(join(into, 'large.bin'))).equals(large)).toBe(true);
    expect(await readdir(root)).toEqual(['into']);
  });

  it('fetches again what a power failure took from the disk although the journal has it', async () => {
    const store = new MemoryStore({ 'a.csv': 'aaaa', 'b.csv': 'bbbb' });
    const resumeDir = join(root, 'resume');
    store.failRead = (key) => key === 'b.csv';
    await expect(fetch(store, '', resumeDir)).rejects.toMatchObject({ problem: 'refused' });
    const file = await open(join(resumeDir, 'tree', 'a.csv'), 'r+');
    await file.write(Buffer.alloc(2), 0, 2, 2);
    await file.close();
    store.failRead = () => false;
    await fetch(store, '', resumeDir);
    expect(await readFile(join(into, 'a.csv'), 'utf8')).toBe('aaaa');
  });

  it('begins anew in a directory that belongs to another place', async () => {
    const resumeDir = join(root, 'resume');
    const store = new MemoryStore({ 'one/a.csv': '1', 'one/b.csv': '2', 'two/a.csv': '3' });
    store.failRead = (key) => key === 'one/b.csv';
    await expect(fetch(store, 'one', resumeDir)).rejects.toMatchObject({ problem: 'refused' });
    await fetch(store, 'two', resumeDir);
    expect(await readdir(into)).toEqual(['a.csv']);
    expect(await readFile(join(into, 'a.csv'), 'utf8')).toBe('3');
  });
});
