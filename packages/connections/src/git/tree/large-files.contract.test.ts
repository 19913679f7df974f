import { execFileSync } from 'node:child_process';
import { access, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { Repository } from '@trainyard/testkit/repository.ts';
import { unpackedDebs } from '@trainyard/testkit/git/unpacked-debs.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectionContext, Fetched } from '../../connection.ts';
import { connection } from '../connection.ts';

const LARGE = 'x'.repeat(100_000);
let repository: Repository;
let root: string;
let context: ConnectionContext;

beforeAll(async () => {
  const home = await unpackedDebs('git-lfs', ['git-lfs']);
  const path = `${join(home, 'usr/bin')}${delimiter}${process.env['PATH'] ?? ''}`;
  root = await mkdtemp(join(tmpdir(), 'trainyard-lfs-'));
  context = { env: { PATH: path, HOME: root }, signal: new AbortController().signal, localRoots: [tmpdir()] };
  repository = await Repository.make();
  const git = (...args: string[]): unknown => execFileSync('git', ['-C', repository.root, ...args], { env: { ...process.env, PATH: path, HOME: root } });
  git('lfs', 'install', '--local');
  git('lfs', 'track', '*.bin');
  await writeFile(join(repository.root, 'a model.bin'), LARGE);
  await writeFile(join(repository.root, 'train.py'), 'print(1)\n');
  git('add', '--all');
  git('-c', 'user.name=trainyard', '-c', 'user.email=trainyard@localhost', 'commit', '--quiet', '--message=large');
});
afterAll(async () => {
  await repository.remove();
  await rm(root, { recursive: true, force: true });
});

describe('large files', () => {
  const fetch = (into: string, changes: Partial<ConnectionSpec>, more: Partial<ConnectionContext> = {}, bytes = 1e9): Promise<Fetched> =>
    connection.fetch({ spec: { type: 'git', uri: repository.url, vital: false, ...changes }, into: join(root, into), limits: { bytes, entries: 100 } }, { ...context, ...more });

  it('come when the connection says so', async () => {
    const { notes, sizeBytes } = await fetch('with', { lfs: true });
    expect(notes).toEqual([]);
    expect(sizeBytes).toBeGreaterThan(LARGE.length);
    expect(await readFile(join(root, 'with', 'a model.bin'), 'utf8')).toBe(LARGE);
  });

  it('stay pointers otherwise, whatever filters the machine has, and are named', async () => {
    await writeFile(join(root, '.gitconfig'), '[filter "lfs"]\n\tsmudge = git-lfs smudge -- %f\n\tprocess = git-lfs filter-process\n\trequired = true\n');
    const { notes } = await fetch('without', {});
    await rm(join(root, '.gitconfig'));
    expect(notes).toEqual(['large files are not fetched, only the pointers of git-lfs are there: a model.bin (lfs: true of a connection fetches them)']);
    expect((await stat(join(root, 'without', 'a model.bin'))).size).toBeLessThan(1024);
  });

  it('count for the limits before they are fetched', async () => {
    await expect(fetch('tight', { lfs: true }, {}, 50_000)).rejects.toMatchObject({ problem: 'too_large' });
    await expect(access(join(root, 'tight'))).rejects.toThrow('ENOENT');
  });

  it('need git-lfs on the machine, and that is said', async () => {
    const { PATH: _, ...env } = context.env;
    const failed = fetch('no-program', { lfs: true }, { env: { ...env, PATH: process.env['PATH'] ?? '' } });
    await expect(failed).rejects.toMatchObject({ problem: 'not_installed' });
    await expect(failed).rejects.toThrow('install it');
  });

  it('are missed when the storage does not have them', async () => {
    await rm(join(repository.root, '.git/lfs/objects'), { recursive: true });
    const failed = fetch('lost', { lfs: true });
    await expect(failed).rejects.toMatchObject({ problem: 'not_found' });
    await expect(failed).rejects.toThrow('git lfs push');
    await expect(access(join(root, 'lost'))).rejects.toThrow('ENOENT');
  });
});
