import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packFiles, type PackedFiles } from './pack-files.ts';
import { type ModelFile, textFile } from './trained-model.ts';

const run = promisify(execFile);
let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pack-files-'));
});
afterEach(() => rm(dir, { recursive: true }));

function pack(files: readonly ModelFile[], name = 'model.zip'): Promise<PackedFiles> {
  return packFiles(files, join(dir, name), new AbortController().signal);
}

/** A file of any size that is never in memory as a whole. */
function zeros(path: string, sizeBytes: number, realBytes = sizeBytes): ModelFile {
  const part = Buffer.alloc(1024 * 1024);
  function* parts(): Generator<Buffer> {
    for (let left = realBytes; left > 0; left -= part.length) yield part.subarray(0, Math.min(left, part.length));
  }
  return { path, sizeBytes, open: () => Promise.resolve(Readable.from(parts())) };
}

it('the tar of the system unpacks it, as the packager of ODAHU does', async () => {
  const long = `${'deep/'.repeat(40)}weights with spaces üß ${'x'.repeat(120)}.bin`;
  await pack([textFile('b/model #1.bin', 'weights'), textFile('a.txt', ''), textFile(long, 'deep'), zeros('big.bin', 3_000_001)]);
  await mkdir(join(dir, 'out'));
  const { stdout } = await run('tar', ['-tf', join(dir, 'model.zip')]);
  expect(stdout.split('\n')[0]).toBe('./a.txt');
  await run('tar', ['-xf', join(dir, 'model.zip'), '-C', join(dir, 'out')]);
  const files = (await readdir(join(dir, 'out'), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  expect(files).toHaveLength(4);
  expect(await readFile(join(dir, 'out', long), 'utf8')).toBe('deep');
  expect((await stat(join(dir, 'out', 'big.bin'))).size).toBe(3_000_001);
});

it('what does not get smaller is not compressed, and what does is', async () => {
  const noise = randomBytes(1_000_000);
  const weights: ModelFile = { path: 'weights', sizeBytes: noise.length, open: () => Promise.resolve(Readable.from([noise.subarray(0, 10), noise.subarray(10)])) };
  const { sizeBytes } = await pack([weights, zeros('zeros', 10_000_000)]);
  expect(sizeBytes).toBeGreaterThan(noise.length);
  expect(sizeBytes).toBeLessThan(noise.length + 100_000);
  await run('tar', ['-xf', join(dir, 'model.zip'), '-C', dir]);
  expect((await readFile(join(dir, 'weights'))).equals(noise)).toBe(true);
  expect((await stat(join(dir, 'zeros'))).size).toBe(10_000_000);
});

it('equal files give equal bytes, in whatever order they come', async () => {
  const files = [textFile('b', 'two'), textFile('a/c', 'three'), textFile('a.b', 'one')];
  const [one, two] = [await pack(files, 'one'), await pack(files.toReversed(), 'two')];
  expect(one).toEqual(two);
  const bytes = await readFile(join(dir, 'one'));
  expect(one).toEqual({ sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
});

it.each(['../a', '/a', 'a//b', './a', 'a/..', 'a\\b', 'a\nb', ''])('refuses the name %j', async (path) => {
  await expect(pack([textFile(path, 'x')])).rejects.toMatchObject({ reason: 'output_invalid' });
});

it('refuses a name that comes twice', async () => {
  await expect(pack([textFile('a', 'x'), textFile('a', 'y')])).rejects.toThrow("two files 'a'");
});

it.each([[1_000_000, 999_999], [1_000_000, 1_000_001]])('a file of %i bytes that gives %i is named', async (sizeBytes, realBytes) => {
  await expect(pack([zeros('weights.bin', sizeBytes, realBytes)])).rejects.toMatchObject({ reason: 'output_invalid', message: expect.stringContaining('weights.bin') as string });
});

it('a file that breaks off breaks it off', async () => {
  const broken: ModelFile = { path: 'a', sizeBytes: 9, open: () => Promise.resolve(new Readable({ read() { this.destroy(new Error('connection lost')); } })) };
  await expect(pack([broken])).rejects.toThrow('connection lost');
});
