import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { list, type ReadEntry } from 'tar';
import { describe, expect, test } from 'vitest';
import { aDirectory } from '../test-data.ts';
import { listFiles } from './list-files.ts';
import { pack } from './pack.ts';

const never = new AbortController().signal;

async function packed(dir: string) {
  return await pack(await listFiles(dir), never);
}

async function digest(dir: string): Promise<string> {
  await using snapshot = await packed(dir);
  return snapshot.digest;
}

interface Unpacked {
  readonly path: string;
  readonly type: string;
  readonly mode: number | undefined;
  readonly mtime: number | undefined;
  readonly owner: readonly unknown[];
  readonly content: string;
}

async function unpacked(file: string): Promise<Unpacked[]> {
  const reading: Promise<Unpacked>[] = [];
  const onReadEntry = (entry: ReadEntry): void => {
    const { path: name, type, mode, mtime, uid, gid, uname, gname } = entry;
    reading.push(entry.concat().then((bytes) => ({ path: name, type, mode, mtime: mtime?.getTime(), owner: [uid, gid, uname, gname], content: bytes.toString() })));
  };
  await list({ file, onReadEntry, strict: true });
  return await Promise.all(reading);
}

describe('pack', () => {
  test('holds names and contents, and nothing of this machine', async () => {
    using dir = aDirectory({ 'b.txt': 'bee', 'a/run.sh': 'sh' });
    chmodSync(path.join(dir.path, 'a/run.sh'), 0o744);
    chmodSync(path.join(dir.path, 'b.txt'), 0o600);
    await using snapshot = await packed(dir.path);
    const plain = { mtime: 0, owner: [0, 0, '', ''] };
    expect(await unpacked(snapshot.file)).toEqual([
      { path: 'a/', type: 'Directory', mode: 0o755, content: '', ...plain },
      { path: 'a/run.sh', type: 'File', mode: 0o755, content: 'sh', ...plain },
      { path: 'b.txt', type: 'File', mode: 0o644, content: 'bee', ...plain },
    ]);
  });

  test('the digest is the sha256 of the file, and the file goes with the snapshot', async () => {
    using dir = aDirectory({ 'a.py': 'print(1)' });
    const snapshot = await packed(dir.path);
    const bytes = readFileSync(snapshot.file);
    expect([snapshot.digest, snapshot.sizeBytes]).toEqual([createHash('sha256').update(bytes).digest('hex'), bytes.length]);
    await snapshot[Symbol.asyncDispose]();
    expect(existsSync(path.dirname(snapshot.file))).toBe(false);
  });

  test('the same content has the same digest in another place, at another time, with other modes', async () => {
    const files = { 'z.txt': 'z', 'a.txt': 'a', 'sub/ä.txt': 'ä' };
    using one = aDirectory(files);
    using two = aDirectory(Object.fromEntries(Object.entries(files).toReversed()));
    utimesSync(path.join(two.path, 'a.txt'), 1, 1);
    chmodSync(path.join(two.path, 'a.txt'), 0o600);
    expect(await digest(two.path)).toBe(await digest(one.path));
  });

  test.each([
    ['a byte', (dir: string) => writeFileSync(path.join(dir, 'a.txt'), 'b')],
    ['the executable bit', (dir: string) => chmodSync(path.join(dir, 'a.txt'), 0o755)],
    ['a new file', (dir: string) => writeFileSync(path.join(dir, 'b.txt'), '')],
  ])('%s makes another digest', async (_, change) => {
    using dir = aDirectory({ 'a.txt': 'a' });
    const before = await digest(dir.path);
    change(dir.path);
    expect(await digest(dir.path)).not.toBe(before);
  });

  test('long and foreign names, empty files and files over one chunk arrive whole', async () => {
    const long = `${'deep-directory-name/'.repeat(9)}file-${'x'.repeat(90)}.txt`;
    const big = Buffer.alloc(700_001, 'abc');
    using dir = aDirectory({ [long]: 'far', 'дата 数据.csv': 'x', empty: '', 'big.bin': big });
    await using snapshot = await packed(dir.path);
    const files = new Map((await unpacked(snapshot.file)).filter(({ type }) => type !== 'Directory').map((one) => [one.path, one.content]));
    expect([files.get(long), files.get('дата 数据.csv'), files.get('empty'), files.get('big.bin') === big.toString()]).toEqual(['far', 'x', '', true]);
  });

  test('two thousand files', async () => {
    const files = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`d${i % 40}/f${i}.txt`, `content ${i}`]));
    using dir = aDirectory(files);
    await using snapshot = await packed(dir.path);
    const found = (await unpacked(snapshot.file)).filter(({ type }) => type === 'File');
    expect(found.length).toBe(2000);
    expect(found.every(({ path: name, content }) => files[name] === content)).toBe(true);
    expect(found.map(({ path: name }) => name)).toEqual(Object.keys(files).toSorted());
  });

  test('a file that shrinks meanwhile is an error, not a broken archive', async () => {
    using dir = aDirectory({ 'a.txt': 'x'.repeat(10_000) });
    const listing = await listFiles(dir.path);
    truncateSync(path.join(dir.path, 'a.txt'), 10);
    await expect(pack(listing, never)).rejects.toMatchObject({ code: 'SOURCE_REFUSED', message: expect.stringContaining("'a.txt' became shorter while it was packed") as string });
  });

  test('an interruption ends it and leaves nothing behind', async () => {
    using dir = aDirectory({ 'a.txt': 'a' });
    await expect(pack(await listFiles(dir.path), AbortSignal.abort(new Error('enough')))).rejects.toThrow(/abort/i);
  });
});
