import { createHash } from 'node:crypto';
import { lstat, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { aSnapshot, packed, type PackedSource, type TarEntry } from '@trainyard/testkit/a-snapshot.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ArchiveDamaged, ArchiveRefused, unpack } from './unpack.ts';

const LIMITS = { bytes: 1024 * 1024, entries: 100 };
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'trainyard-unpack-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function unpacked({ digest, bytes }: PackedSource, limits = LIMITS): Promise<string> {
  const archive = join(root, 'packed');
  await writeFile(archive, bytes);
  const dir = join(root, 'source');
  await unpack(archive, digest, dir, limits);
  return dir;
}

describe('unpacking a source', () => {
  it('gives back files, directories, modes and links that stay inside', async () => {
    const dir = await unpacked(
      aSnapshot([
        { path: 'data/', type: 'directory', mode: 0o2755 },
        { path: 'data/train.csv', content: 'a,b\n' },
        { path: 'bin/run.sh', content: '#!/bin/sh\n', mode: 0o755 },
        { path: 'bin/data', type: 'symlink', target: '../data' },
        { path: 'copy.csv', type: 'hardlink', target: 'data/train.csv' },
      ]),
    );
    expect(await readFile(join(dir, 'bin/data/train.csv'), 'utf8')).toBe('a,b\n');
    expect(await readFile(join(dir, 'copy.csv'), 'utf8')).toBe('a,b\n');
    expect((await lstat(join(dir, 'bin/run.sh'))).mode & 0o777).toBe(0o755);
    expect((await lstat(join(dir, 'data'))).mode & 0o6000).toBe(0);
  });

  it('takes an empty directory for a source', async () => {
    expect(await readdir(await unpacked(aSnapshot([])))).toEqual([]);
  });

  const refused: [string, TarEntry[], string][] = [
    ['a name that climbs', [{ path: '../evil', content: 'x' }], "'../evil' leads out"],
    ['a name that climbs later', [{ path: 'a/../../evil', content: 'x' }], 'leads out'],
    ['an absolute name', [{ path: '/etc/evil', content: 'x' }], "'/etc/evil' leads out"],
    ['a name with a backslash', [{ path: 'a\\..\\evil', content: 'x' }], 'leads out'],
    ['a symbolic link out', [{ path: 'a/key', type: 'symlink', target: '../../key' }], "to '../../key'"],
    ['an absolute symbolic link', [{ path: 'key', type: 'symlink', target: '/etc/passwd' }], "to '/etc/passwd'"],
    ['a symbolic link that climbs behind a name', [{ path: 'a/b', type: 'symlink', target: 'c/../../..' }], 'leads out'],
    ['a hard link out', [{ path: 'key', type: 'hardlink', target: '../key' }], "hard link 'key'"],
    ['an absolute hard link', [{ path: 'key', type: 'hardlink', target: '/etc/passwd' }], "hard link 'key'"],
    ['a device', [{ path: 'null', type: 'character device' }], 'CharacterDevice'],
    ['a disk', [{ path: 'disk', type: 'block device' }], 'BlockDevice'],
    ['a pipe', [{ path: 'pipe', type: 'fifo' }], 'FIFO'],
    ['a setuid program', [{ path: 'su', content: 'x', mode: 0o4755 }], 'setuid'],
    ['a setgid program', [{ path: 'sg', content: 'x', mode: 0o2755 }], 'setgid'],
    ['too many entries', Array.from({ length: 101 }, (_, i) => ({ path: `f${i}` })), 'more than 100 entries'],
    ['too many bytes', [{ path: 'a', content: Buffer.alloc(1024 * 1024) }, { path: 'b', content: 'x' }], 'more than 1048576 bytes'],
  ];
  it.each(refused)('refuses %s and leaves nothing', async (_, entries, words) => {
    const attempt = unpacked(aSnapshot([{ path: 'first', content: 'x' }, ...entries]));
    await expect(attempt).rejects.toThrow(ArchiveRefused);
    await expect(attempt).rejects.toThrow(words);
    expect(await readdir(root)).toEqual(['packed']);
  });

  it('does not write through a link of the archive', async () => {
    const attempt = unpacked(aSnapshot([{ path: 'here/', type: 'directory' }, { path: 'link', type: 'symlink', target: 'here' }, { path: 'link/file', content: 'x' }]));
    await expect(attempt).rejects.toThrow(ArchiveDamaged);
    expect(await readdir(root)).toEqual(['packed']);
  });

  it('stops at a bomb that hides behind the end of the archive', async () => {
    const honest = gunzipSync(aSnapshot([{ path: 'a', content: 'x' }]).bytes);
    await expect(unpacked(packed(Buffer.concat([honest, Buffer.alloc(300 * 1024 * 1024)])))).rejects.toThrow('more than 1048576 bytes');
    expect(await readdir(root)).toEqual(['packed']);
  });

  it('refuses what unpacks to hundreds of times its size, whatever the limit', async () => {
    const attempt = unpacked(aSnapshot([{ path: 'zeros', content: Buffer.alloc(100 * 1024 * 1024) }]), { bytes: 10 * 1024 ** 3, entries: 100 });
    await expect(attempt).rejects.toThrow('more than 500 times its size');
  });

  it.each([
    ['bytes that are no gzip', Buffer.from('this is not an archive')],
    ['a gzip that was cut', aSnapshot([{ path: 'a', content: Buffer.alloc(5000, 'x') }]).bytes.subarray(0, 60)],
    ['a gzip of no tar', packed(Buffer.from('hello, hello, hello'.repeat(100))).bytes],
  ])('calls %s damaged', async (_, bytes) => {
    await expect(unpacked({ bytes, digest: createHash('sha256').update(bytes).digest('hex') })).rejects.toThrow(ArchiveDamaged);
    expect(await readdir(root)).toEqual(['packed']);
  });

  it('does not keep what has another digest than promised', async () => {
    const { bytes } = aSnapshot([{ path: 'a', content: 'x' }]);
    await expect(unpacked({ bytes, digest: 'f'.repeat(64) })).rejects.toThrow('digest');
    expect(await readdir(root)).toEqual(['packed']);
  });
});
