import { mkdtempSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { artifactStoreContract } from '../artifact-store.contract.ts';
import { openLocalArtifacts } from './store.ts';

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true });
});

function freshDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'trainyard-artifacts-'));
  dirs.push(dir);
  return dir;
}

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
}

artifactStoreContract('the local disk', async (maxBytes) => {
  const dir = freshDir();
  return { store: await openLocalArtifacts(join(dir, 'artifacts'), { maxBytes }), files: async () => filesBelow(dir) };
});

describe('artifacts on the local disk and links', () => {
  const id = 'b'.repeat(32);
  const place = { experimentId: '1', kind: 'run', id } as const;

  async function withLink(link: (inside: string, outside: string) => void) {
    const dir = freshDir();
    const outside = join(dir, 'outside');
    const inside = join(dir, 'artifacts', '1', id, 'artifacts');
    mkdirSync(outside);
    writeFileSync(join(outside, 'secret'), 'secret');
    const store = await openLocalArtifacts(join(dir, 'artifacts'), { maxBytes: 1000 });
    await store.put(place, 'real', Readable.from([Buffer.from('x')]));
    link(inside, outside);
    return { store, outside };
  }

  it('does not follow a linked directory, not to read, list, write or delete', async () => {
    const { store, outside } = await withLink((inside, target) => symlinkSync(target, join(inside, 'link')));
    expect(await store.open(place, 'link/secret')).toBeUndefined();
    expect(await store.list(place, 'link')).toEqual([]);
    await expect(store.put(place, 'link/new', Readable.from([Buffer.from('x')]))).rejects.toMatchObject({ code: 'INVALID_PATH' });
    await store.delete(place, 'link/secret');
    await store.delete(place, 'link');
    expect(filesBelow(outside)).toHaveLength(1);
  });

  it('does not read a linked file, does not show it, and replaces the link itself', async () => {
    const { store, outside } = await withLink((inside, target) => symlinkSync(join(target, 'secret'), join(inside, 'link')));
    expect(await store.open(place, 'link')).toBeUndefined();
    expect((await store.list(place, '')).map((entry) => entry.name)).toEqual(['real']);
    await store.put(place, 'link', Readable.from([Buffer.from('mine')]));
    const artifact = await store.open(place, 'link');
    expect(Buffer.concat((await artifact?.read().toArray()) ?? []).toString()).toBe('mine');
    expect(filesBelow(outside)).toHaveLength(1);
  });

  it('clears away what a killed server was receiving', async () => {
    const dir = freshDir();
    const root = join(dir, 'artifacts');
    await openLocalArtifacts(root, { maxBytes: 1000 });
    writeFileSync(join(root, '.incoming', 'half'), 'half');
    await openLocalArtifacts(root, { maxBytes: 1000 });
    expect(filesBelow(dir)).toEqual([]);
  });
});
