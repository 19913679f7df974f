import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { Place } from '../connection.ts';
import { connectionContract } from '../connection.contract.ts';
import { connection } from './connection.ts';
import { LocalStore } from './local-store.ts';

const FILES = 16;
const FILE_BYTES = 2 * 1024 * 1024;

// the bytes that are asked for: what the kernel counts as read has those in it that are checked again
let askedBytes = 0;
const read = LocalStore.prototype.read;
vi.spyOn(LocalStore.prototype, 'read').mockImplementation(function (this: LocalStore, object, range) {
  askedBytes += range.nextByte - range.firstByte;
  return read.call(this, object, range);
});

connectionContract(connection, async () => {
  const root = await mkdtemp(join(tmpdir(), 'trainyard-local-'));
  const write = async (path: string, content: string | Buffer): Promise<void> => {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), content);
  };
  await write('good/train.py', 'print(1)\n');
  await write('good/data/in.csv', '1\n');
  await symlink('../good/data/in.csv', join(root, 'good', 'link.csv'));
  await write('outside/key', 'secret');
  await write('allowed/links/a.csv', '1\n');
  await symlink('../../outside/key', join(root, 'allowed/links/key'));
  await mkdir(join(root, 'allowed/loop'));
  await symlink('..', join(root, 'allowed/loop/up'));
  await mkdir(join(root, 'allowed/special'));
  execFileSync('mkfifo', [join(root, 'allowed/special/pipe')]);
  await mkdir(join(root, 'output'));
  const fill = async (): Promise<void> => {
    for (let i = 0; i < FILES; i++) await write(`large/${i % 4}/${i}.bin`, randomBytes(FILE_BYTES));
  };
  await fill();
  const at = (path: string, more: Partial<Place> = {}): Place => ({ spec: { type: 'local', uri: join(root, path), vital: false }, ...more });
  return {
    context: { env: {}, signal: new AbortController().signal, localRoots: ['good', 'allowed', 'large', 'output'].map((name) => join(root, name)) },
    directory: at('good'),
    file: { place: at('good', { path: 'data/in.csv' }), name: 'in.csv' },
    missing: [{ place: at('good/gone'), word: 'good/gone' }, { place: at('good', { path: 'data/out.csv' }), word: 'data/out.csv' }],
    leadsOut: [at('allowed/links'), at('allowed', { path: 'links/key' }), at('allowed', { path: '../outside' }), at('allowed/loop'), at('allowed/special')],
    denied: [at('outside'), at('allowed/../outside/key'), at('allowed/links/key')],
    large: {
      place: at('large'),
      sizeBytes: FILES * FILE_BYTES,
      content: async () => {
        const files = await Promise.all(Array.from({ length: FILES }, async (_, i) => [`${i % 4}/${i}.bin`, createHash('sha256').update(await readFile(join(root, `large/${i % 4}/${i}.bin`))).digest('hex')] as const));
        return new Map(files.toSorted(([a], [b]) => (a < b ? -1 : 1)));
      },
      sentBytes: () => askedBytes,
      change: fill,
    },
    output: { spec: at('output').spec, read: (name) => readFile(join(root, 'output', name)).catch(() => undefined) },
    remove: () => rm(root, { recursive: true, force: true }),
  };
});
