import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type BuiltDirectory, DirectoryStore, type Made } from './directory-store.ts';

let root = '';
let store: DirectoryStore;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'store-'));
  store = new DirectoryStore(root);
});
afterEach(() => rm(root, { recursive: true }));

const waiting = { signal: new AbortController().signal, onWait() {} };

const filled = (bytes: number) => async (path: string): Promise<Made> => {
  await mkdir(join(path, 'bin'), { recursive: true });
  await writeFile(join(path, 'bin', 'x'), 'x'.repeat(bytes));
  return { details: { kind: 'test' }, witness: join('bin', 'x') };
};

const refused = (): Promise<Made> => Promise.reject(new Error('it was built again'));

async function built(id: string, bytes = 10): Promise<BuiltDirectory> {
  return (await store.build(id, filled(bytes), waiting)).directory;
}

async function directories(): Promise<readonly string[]> {
  return (await readdir(root)).filter((name) => !name.endsWith('.json') && name !== 'locks');
}

/** A directory name of a process that is over. */
function deadName(id: string): string {
  return `${id}.${spawnSync('true').pid}-1.0123abcd`;
}

it('builds once, and then finds it', async () => {
  const first = await built('a');
  expect(await store.use('b')).toBeUndefined();
  expect(await store.build('a', refused, waiting)).toMatchObject({ cached: true, directory: { path: first.path, sizeBytes: 10, details: { kind: 'test' } } });
  expect(await store.use('a')).toMatchObject({ path: first.path });
});

it('a build that fails leaves nothing, and the next one may try', async () => {
  const failing = async (path: string): Promise<Made> => {
    await filled(10)(path);
    await mkdir(`${path}.input`);
    throw new Error('no');
  };
  await expect(store.build('a', failing, waiting)).rejects.toThrow('no');
  expect(await directories()).toEqual([]);
  await built('a');
});

it('a build without its witness is an error', async () => {
  const empty = async (path: string): Promise<Made> => (await mkdir(path), { details: {}, witness: 'bin/x' });
  await expect(store.build('a', empty, waiting)).rejects.toThrow('missing in it');
});

it('sweeps what dead builders left, and nothing else', async () => {
  const kept = await built('kept');
  const names = [deadName('half'), `${deadName('half')}.input`];
  for (const name of names) await filled(10)(join(root, name));
  await mkdir(join(root, 'not-ours'));
  await built('b');
  expect(await directories()).toHaveLength(3);
  expect(await directories()).toEqual(expect.arrayContaining(['not-ours', kept.path.slice(root.length + 1)]));
});

it('does not sweep what is in use although nothing points to it', async () => {
  const a = await built('a');
  await rm(join(root, 'a.json'));
  const orphan = join(root, deadName('a'));
  spawnSync('mv', [a.path, orphan]);
  await built('b');
  expect(await directories()).toHaveLength(2);
});

it('removes the one that was used longest ago, until the rest is small enough', async () => {
  for (const [age, id] of ['old', 'older', 'new'].entries()) {
    await (await built(id, 100)).release();
    await utimes(join(root, `${id}.json`), new Date(), new Date(Date.now() - [2000, 3000, 1000][age]!));
  }
  await (await store.use('older'))?.release(); // now it is the newest
  expect((await store.trim(250, 'new')).map(({ id, sizeBytes }) => [id, sizeBytes])).toEqual([['old', 100]]);
  expect(new Set((await directories()).map((name) => name.split('.')[0]))).toEqual(new Set(['new', 'older']));
});

it('keeps what is in use, what is being built, and what was asked to be kept', async () => {
  const used = await built('used');
  await (await built('kept')).release();
  await (await built('idle')).release();
  expect((await store.trim(0, 'kept')).map(({ id }) => id)).toEqual(['idle']);
  await used.release();
  expect((await store.trim(0, 'kept')).map(({ id }) => id)).toEqual(['used']);
});

it('a holder that died protects nothing', async () => {
  const { path } = await built('a');
  for (const marker of await readdir(join(path, '.in-use'))) await rm(join(path, '.in-use', marker));
  await writeFile(join(path, '.in-use', `${spawnSync('true').pid}-1.0123abcd`), '');
  expect((await store.trim(0, 'b')).map(({ id }) => id)).toEqual(['a']);
});

it('use and removal at the same time: who got it, has it', async () => {
  await (await built('a')).release();
  const outcomes: string[] = [];
  for (let round = 0; round < 30; round++) {
    const uses = Array.from({ length: 4 }, () => store.use('a'));
    const [removed, ...got] = await Promise.all([store.trim(0, 'b'), ...uses]);
    const held = got.filter((one) => one !== undefined);
    const whole = await Promise.all(held.map(async ({ path }) => (await stat(join(path, 'bin', 'x'))).size === 10));
    outcomes.push(removed.length > 0 ? `removed, held by ${held.length}` : `kept, ${whole.includes(false) ? 'and broken' : 'whole'}`);
    for (const one of held) await one.release();
    await (await built('a')).release();
  }
  expect(['removed, held by 0', 'kept, whole']).toEqual(expect.arrayContaining([...new Set(outcomes)]));
});

it('a private one belongs to its builder and goes with him', async () => {
  const one = await store.buildPrivate('a', filled(10));
  const two = await store.buildPrivate('a', filled(10));
  expect(one.path).not.toBe(two.path);
  await one.release();
  await two.release();
  expect(await directories()).toEqual([]);
});
