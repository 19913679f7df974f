import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordKind } from '@trainyard/core/tracking/records/record.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RecordSource } from '../record-source.ts';
import { openDirectory } from './source.ts';

const RUN = 'a'.repeat(32);
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'trainyard-directory-'));
  mkdirSync(join(dir, 'records'));
  mkdirSync(join(dir, 'artifacts', 'runs', RUN), { recursive: true });
  manifest({});
});
afterEach(() => rmSync(dir, { recursive: true }));

function manifest(more: object): void {
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify({ format: 1, program: 'trainyard', version: '0.1.0', exportedAt: 'then', experiments: null, counts: { runs: 1 }, ...more }));
}

function experiment(name: string): string {
  return JSON.stringify({ kind: 'experiment', name, stage: 'active', createdAt: 1, updatedAt: 1 });
}

function open(): Promise<RecordSource> {
  return openDirectory([dir], undefined, { cwd: '/' });
}

async function names(source: RecordSource, kind: RecordKind, from?: string): Promise<[string, string | undefined][]> {
  return (await listed(source.records(kind, from))).map(({ record, place }) => ['name' in record ? record.name : record.kind, place]);
}

async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('the directory of an export', () => {
  it('is read from any place, and says where lines are wrong', async () => {
    writeFileSync(join(dir, 'records', 'experiments.ndjson'), `${experiment('one')}\nno record\n${experiment('zwei ü')}\n{"kind":"dataset"}\n`);
    appendFileSync(join(dir, 'records', 'experiments.ndjson'), experiment('three'));
    const source = await open();
    const all = await names(source, 'experiment');
    expect(all.map(([name]) => name)).toEqual(['one', 'zwei ü', 'three']);
    expect(await names(source, 'experiment', all[1]?.[1])).toEqual(all.slice(2));
    expect(source.remarks()).toEqual([expect.stringMatching(/^records\/experiments\.ndjson, line 2: /), expect.stringMatching(/^records\/experiments\.ndjson, line 4: dataset\./), expect.stringContaining('the line that ends at byte')]);
    expect(await names(source, 'run')).toEqual([]);
  });

  it('gives the files of a run, and none outside of it', async () => {
    writeFileSync(join(dir, 'artifacts', 'runs', RUN, 'a.txt'), 'hello');
    writeFileSync(join(dir, 'records', 'runs.ndjson'), JSON.stringify({ kind: 'run', id: RUN, experiment: 'one', name: '', userId: '', status: 'FINISHED', startTime: 1, stage: 'active' }));
    const entry = { kind: 'artifact', owner: 'run', id: RUN, sizeBytes: 5, sha256: 'x' };
    writeFileSync(join(dir, 'records', 'artifacts.ndjson'), [{ ...entry, id: 'b'.repeat(32), path: 'z' }, { ...entry, path: 'a.txt' }, { ...entry, path: '../../../manifest.json' }].map((one) => JSON.stringify(one)).join('\n'));
    const [run] = await listed((await open()).records('run'));
    const folder = run?.folder;
    if (folder === undefined) throw new Error('the run has no folder');
    expect((await listed(folder.list())).map(({ path }) => path)).toEqual(['a.txt', '../../../manifest.json']);
    expect(Buffer.concat(await listed(await folder.open('a.txt'))).toString()).toBe('hello');
    await expect(folder.open('../../../manifest.json')).rejects.toThrow('is not a path that is allowed here');
  });

  it('gives no file that is a link, or lies behind one', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'trainyard-outside-'));
    writeFileSync(join(outside, 'id_rsa'), 'secret');
    const owned = join(dir, 'artifacts', 'runs', RUN);
    symlinkSync(join(outside, 'id_rsa'), join(owned, 'file'));
    symlinkSync(outside, join(owned, 'directory'));
    mkdirSync(join(owned, 'real'));
    writeFileSync(join(dir, 'records', 'runs.ndjson'), JSON.stringify({ kind: 'run', id: RUN, experiment: 'one', name: '', userId: '', status: 'FINISHED', startTime: 1, stage: 'active' }));
    writeFileSync(join(dir, 'records', 'artifacts.ndjson'), JSON.stringify({ kind: 'artifact', owner: 'run', id: RUN, path: 'file', sizeBytes: 6, sha256: 'x' }));
    const [run] = await listed((await open()).records('run'));
    for (const file of ['file', 'directory/id_rsa']) await expect(run?.folder?.open(file)).rejects.toThrow(`'${file}' is not a path that is allowed here`);
    await expect(run?.folder?.open('real')).rejects.toThrow('real is no file');
    rmSync(outside, { recursive: true });
  });

  it.each([
    ['of a newer version', { format: 2 }, 'was written by a newer Trainyard (format 2, this one reads 1)'],
    ['of another program', { program: 'other' }, 'holds no export of Trainyard'],
  ])('is refused when it is one %s', async (_, more, problem) => {
    manifest(more);
    await expect(open()).rejects.toThrow(problem);
  });

  it('is refused when it was broken off', async () => {
    rmSync(join(dir, 'manifest.json'));
    await expect(open()).rejects.toThrow('holds no export');
  });
});
