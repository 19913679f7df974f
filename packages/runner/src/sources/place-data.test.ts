import { lstat, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StepFailure } from '../step-failure.ts';
import { placeData } from './place-data.ts';

let root: string;
let workspace: string;
let fetched: string;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'trainyard-place-')));
  [workspace, fetched] = [join(root, 'workspace'), join(root, 'fetched')];
  await put(workspace, { 'train.py': 'source', 'data/kept.csv': 'source', 'data/in.csv': 'source' });
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function put(dir: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
}

async function textsIn(dir: string): Promise<Record<string, string>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(await Promise.all(files.map(async (file) => [file.slice(dir.length + 1), await readFile(file, 'utf8')] as const)));
}

const directory = (localPath: string): Promise<void> => placeData(workspace, localPath, { dir: fetched, kind: 'directory', remotePath: 'wine/data' });
const file = (localPath: string): Promise<void> => placeData(workspace, localPath, { dir: fetched, kind: 'file', remotePath: 'wine/in.csv' });

describe('data of a directory', () => {
  beforeEach(() => put(fetched, { 'in.csv': 'data', 'deep/er/a.csv': 'data' }));

  it.each(['new/', './new/', 'new/.', 'new//'])("is what '%s' holds", async (localPath) => {
    await directory(localPath);
    expect(await textsIn(join(workspace, 'new'))).toEqual({ 'in.csv': 'data', 'deep/er/a.csv': 'data' });
  });

  it('is merged into what is there, and replaces files of the same name', async () => {
    await directory('data/');
    expect(await textsIn(workspace)).toEqual({ 'train.py': 'source', 'data/kept.csv': 'source', 'data/in.csv': 'data', 'data/deep/er/a.csv': 'data' });
  });

  it.each(['./', '.'])("may be merged into the root as '%s'", async (localPath) => {
    await directory(localPath);
    expect(await textsIn(workspace)).toMatchObject({ 'in.csv': 'data', 'train.py': 'source' });
  });

  it('is no file, in the words of ODAHU', async () => {
    await expect(directory('data')).rejects.toThrow('local path (data) points to a file, but remote path (wine/data) points to a dir');
  });

  it('does not turn files into directories', async () => {
    await expect(directory('train.py/')).rejects.toMatchObject({ reason: 'bad_spec' });
    await put(workspace, { 'data/deep': 'source' });
    await expect(directory('data/')).rejects.toThrow("'data/deep' is a directory of the data and a file or link of the source");
  });
});

describe('data of a file', () => {
  beforeEach(() => put(fetched, { 'in.csv': 'data' }));

  it.each([['new/', 'new/in.csv'], ['./', 'in.csv'], ['a.csv', 'a.csv'], ['new/deep/a.csv', 'new/deep/a.csv'], ['data/in.csv', 'data/in.csv'], ['train.py', 'train.py']])("for '%s' is at '%s'", async (localPath, path) => {
    await file(localPath);
    expect(await readFile(join(workspace, path), 'utf8')).toBe('data');
  });

  it('does not turn a directory into a file', async () => {
    await expect(file('data')).rejects.toThrow("'data' is a file of the data and a directory of the source");
  });

  it('replaces a link and not what it leads to', async () => {
    await put(root, { 'outside.csv': 'outside' });
    await symlink('../../outside.csv', join(workspace, 'data/link.csv'));
    await file('data/link.csv');
    expect((await lstat(join(workspace, 'data/link.csv'))).isSymbolicLink()).toBe(false);
    expect(await readFile(join(root, 'outside.csv'), 'utf8')).toBe('outside');
  });
});

describe('a local path', () => {
  beforeEach(() => put(fetched, { 'in.csv': 'data' }));

  it.each(['../x', 'a/../../x', '/etc/x', 'a\\b', 'a\0b', '..'])("does not leave the source ('%s')", async (localPath) => {
    await expect(file(localPath)).rejects.toThrow(StepFailure);
  });

  it('follows links of the source that stay inside', async () => {
    await symlink('data', join(workspace, 'linked'));
    await file('linked/');
    expect(await readFile(join(workspace, 'data/in.csv'), 'utf8')).toBe('data');
  });

  it.each([['up', '..'], ['far', '/'], ['gone', 'nowhere'], ['round', 'round']])("follows no link of the source that leads out or nowhere ('%s')", async (name, target) => {
    await symlink(target, join(workspace, name));
    await expect(file(`${name}/in.csv`)).rejects.toMatchObject({ reason: 'bad_spec' });
    expect(await textsIn(root)).not.toHaveProperty('in.csv');
  });

  it('leaves .git of the source alone', async () => {
    await put(workspace, { '.git/config': 'source' });
    await expect(file('.git/config')).rejects.toThrow("'.git'");
    await put(fetched, { '.git/config': 'data' });
    await expect(directory('./')).rejects.toThrow("'.git'");
    expect(await readFile(join(workspace, '.git/config'), 'utf8')).toBe('source');
  });

  it('changes nothing outside, whatever path, links and data meet', async () => {
    const step = fc.constantFrom('..', '.', 'a', 'b', 'l0', 'l1', '');
    const path = fc.array(step, { minLength: 1, maxLength: 4 }).map((steps) => steps.join('/'));
    let n = 0;
    await fc.assert(
      fc.asyncProperty(path, fc.tuple(path, path), fc.boolean(), async (localPath, targets, isFile) => {
        const at = join(root, String(n++));
        const [inside, from] = [join(at, 'workspace'), join(at, 'fetched')];
        await put(inside, { 'a/kept': 'source', 'b/a/kept': 'source' });
        await put(from, isFile ? { a: 'data' } : { 'a/b': 'data', l0: 'data' });
        for (const [i, target] of targets.entries()) await symlink(target === '' ? '.' : target, join(inside, `l${i}`));
        const outcome = await placeData(inside, localPath, { dir: from, kind: isFile ? 'file' : 'directory', remotePath: 'x' }).catch((error: unknown) => error);
        expect(outcome === undefined || outcome instanceof StepFailure).toBe(true);
        expect((await readdir(at)).toSorted()).toEqual(['fetched', 'workspace']);
        expect((await readdir(root)).filter((name) => !/^\d+$/.test(name)).toSorted()).toEqual(['fetched', 'workspace']);
        expect(await readFile(join(inside, 'b/a/kept'), 'utf8')).toBe('source');
        await rm(at, { recursive: true });
      }),
      { numRuns: 300 },
    );
  });
});
