import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { downloadFiles } from './download-files.ts';
import type { ArtifactEntry } from './layout.ts';
import type { Origin } from './origin.ts';

const RUN = 'a'.repeat(32);
const HELLO = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
let above: string;
let dir: string;
beforeEach(() => {
  above = mkdtempSync(join(tmpdir(), 'trainyard-export-'));
  dir = join(above, 'deep', 'export');
  mkdirSync(dir, { recursive: true });
});
afterEach(() => rmSync(above, { recursive: true }));

/** A server with one file of five bytes under every name. */
const origin = {
  download: async () =>
    (async function* () {
      yield Buffer.from('hello');
    })(),
} as unknown as Origin;

const file = (changes: object = {}): ArtifactEntry => ({ kind: 'artifact', owner: 'run', id: RUN, path: 'a/b.txt', sizeBytes: 5, sha256: '', ...changes });
const written = () => readdirSync(above, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));

describe('files of an export', () => {
  it('lie below the directory of their owner', async () => {
    const model = file({ owner: 'model', id: 'm-1', path: 'MLmodel' });
    expect(await downloadFiles(origin, dir, [file(), model])).toMatchObject([{ sha256: HELLO }, { sha256: HELLO }]);
    expect(written().toSorted()).toEqual([join(dir, 'artifacts/models/m-1/MLmodel'), join(dir, 'artifacts/runs', RUN, 'a/b.txt')]);
    expect(readFileSync(written()[0] ?? '', 'utf8')).toBe('hello');
  });

  it.each([
    ['the id of a run', { id: '../../../outside' }],
    ['the id of a model', { owner: 'model', id: 'm-/../../../../outside' }],
    ['an absolute id', { id: '/tmp' }],
    ['an owner of another kind', { owner: '../../..' }],
    ['an owner every object has', { owner: 'constructor' }],
    ['a path', { path: '../../../../outside' }],
    ['an empty path', { path: '' }],
  ])('are refused when a server names a place outside by %s', async (_, changes) => {
    await expect(downloadFiles(origin, dir, [file(changes)])).rejects.toMatchObject({ code: 'INVALID_PATH' });
    expect(written()).toEqual([]);
  });
});
