import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalFolders } from './local-folders.ts';
import type { Folder } from './record-source.ts';

let dir: string;
let folders: LocalFolders;
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'trainyard-folders-')));
  write('mlruns/1/abc/artifacts/a.txt');
  write('mlruns/1/abc/artifacts/model/MLmodel');
  write('secret/passwords');
  folders = new LocalFolders({ directories: [join(dir, 'mlruns'), join(dir, 'nowhere')], base: dir });
});
afterEach(() => rmSync(dir, { recursive: true }));

function write(name: string): void {
  mkdirSync(join(dir, name, '..'), { recursive: true });
  writeFileSync(join(dir, name), name);
}

async function paths(folder: Folder | undefined): Promise<string[] | undefined> {
  return folder === undefined ? undefined : (await listed(folder.list())).map(({ path }) => path);
}

async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('artifacts on a disk', () => {
  it.each(['/mlruns/1/abc/artifacts', 'mlruns/1/abc/artifacts', './mlruns/1/abc/artifacts/', 'mlflow-artifacts:/1/abc/artifacts', '/moved/away/1/abc/artifacts'])('are found by %s', async (uri) => {
    expect(await paths(await folders.find(uri.startsWith('/mlruns') ? `file://${dir}${uri}` : uri))).toEqual(['a.txt', 'model/MLmodel']);
  });

  it('are there only below the directories that were named', async () => {
    expect(await paths(await folders.find(join(dir, 'secret')))).toBeUndefined();
    expect([...folders.outside]).toEqual([join(dir, 'secret')]);
    for (const uri of [`file://${dir}/mlruns/../secret`, `${dir}/mlruns/1/../../secret`, 'mlflow-artifacts:/../secret', 'mlflow-artifacts:/1/%2e%2e/%2e%2e/secret', 's3://bucket/x', null]) expect(await folders.find(uri)).toBeUndefined();
  });

  it('are not reached through links', async () => {
    symlinkSync(join(dir, 'secret'), join(dir, 'mlruns', '1', 'link'));
    symlinkSync(join(dir, 'secret', 'passwords'), join(dir, 'mlruns/1/abc/artifacts/b.txt'));
    symlinkSync(join(dir, 'secret'), join(dir, 'mlruns/1/abc/artifacts/c'));
    expect(await folders.find(join(dir, 'mlruns', '1', 'link'))).toBeUndefined();
    const folder = await folders.find(join(dir, 'mlruns/1/abc/artifacts'));
    expect(await paths(folder)).toEqual(['a.txt', 'model/MLmodel']);
    expect([...folders.strange]).toEqual([join(dir, 'mlruns/1/abc/artifacts/b.txt'), join(dir, 'mlruns/1/abc/artifacts/c')]);
    await expect(folder?.open('c/passwords')).rejects.toThrow('leads out of');
    await expect(folder?.open('../../../../secret/passwords')).rejects.toThrow('leads out of');
  });
});
