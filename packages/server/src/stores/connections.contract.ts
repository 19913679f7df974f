import { type ConnectionSpec, MASK } from '@trainyard/core/connection/connection-spec.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ConnectionStore } from './connections.ts';
import type { Stores } from './stores.ts';

const aConnection = (changes: Partial<ConnectionSpec> = {}): ConnectionSpec => ({ type: 's3', uri: 's3://bucket/path', vital: false, ...changes });

/** The promises of the stores of connections and toolchain integrations; every database runs this. */
export function connectionStoreContract(name: string, open: (now: () => number) => Promise<Pick<Stores, 'connections' | 'toolchains'>>): void {
  describe(`connections on ${name}`, () => {
    let store: ConnectionStore;
    let now: number;
    beforeEach(async () => {
      now = 1_000;
      store = (await open(() => now)).connections;
    });

    const add = (id: string, spec = aConnection(), sealed: string | null = null) => store.create({ id, spec, sealed });
    const idsOf = async (list: ReturnType<ConnectionStore['list']>) => (await list).map(({ id }) => id);

    it('keeps a connection and its sealed secrets', async () => {
      const created = await add('wine', aConnection({ keySecret: MASK, vital: true }), 'sealed');
      expect(await store.find(['wine', 'absent'])).toEqual([created]);
      expect(created).toEqual({ id: 'wine', spec: { type: 's3', uri: 's3://bucket/path', keySecret: MASK, vital: true }, sealed: 'sealed', createdAt: 1_000, updatedAt: 1_000 });
    });

    it('refuses an id that is taken, also of two at the same time', async () => {
      const both = await Promise.allSettled([add('wine'), add('wine', aConnection({ type: 'gcs' }))]);
      expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      await expect(add('wine')).rejects.toMatchObject({ code: 'CONNECTION_EXISTS' });
    });

    it('lists by code point, behind an id or from a place on, of some types', async () => {
      for (const id of ['b', 'a-b', 'a', 'ab', 'a1']) await add(id, aConnection({ type: id.startsWith('b') ? 'git' : 's3' }));
      expect(await idsOf(store.list({}))).toEqual(['a', 'a-b', 'a1', 'ab', 'b']);
      expect(await idsOf(store.list({ after: 'a-b', limit: 2 }))).toEqual(['a1', 'ab']);
      expect(await idsOf(store.list({ offset: 3 }))).toEqual(['ab', 'b']);
      expect(await idsOf(store.list({ offset: 1, limit: 1, types: ['s3', 'hdfs'] }))).toEqual(['a-b']);
      expect(await idsOf(store.list({ types: ['git'] }))).toEqual(['b']);
      expect(await idsOf(store.list({ types: [], limit: 1 }))).toEqual(['a']);
      expect(await store.list({ offset: 9 })).toEqual([]);
    });

    it('is edited later than before, also within a millisecond, and keeps when it was made', async () => {
      await add('wine');
      const times = [];
      for (let i = 0; i < 3; i++) times.push((await store.edit('wine', ({ spec }) => ({ spec: { ...spec, description: String(i) }, sealed: null }))).updatedAt);
      expect(times).toEqual([1_001, 1_002, 1_003]);
      now = 5_000;
      expect(await store.edit('wine', () => ({ spec: aConnection({ type: 'git', uri: 'git@a:b' }), sealed: 'x' }))).toMatchObject({ createdAt: 1_000, updatedAt: 5_000, sealed: 'x' });
      expect(await idsOf(store.list({ types: ['git'] }))).toEqual(['wine']);
    });

    it('loses none of many edits at the same time', async () => {
      await add('wine', aConnection({ description: '' }));
      await Promise.all(Array.from({ length: 20 }, (_, i) => store.edit('wine', ({ spec }) => ({ spec: { ...spec, description: `${spec.description} ${i}` }, sealed: null }))));
      const [after] = await store.find(['wine']);
      expect((after?.spec.description ?? '').trim().split(' ').map(Number).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
      expect(after?.updatedAt).toBe(1_020);
    });

    it('changes nothing when an edit throws', async () => {
      const before = await add('wine');
      await expect(store.edit('wine', () => { throw new Error('no'); })).rejects.toThrow('no');
      await expect(store.edit('absent', ({ spec, sealed }) => ({ spec, sealed }))).rejects.toMatchObject({ code: 'CONNECTION_NOT_FOUND' });
      expect(await store.find(['wine'])).toEqual([before]);
    });

    it('pins host keys once, and only those of the place it leads to', async () => {
      await add('repo', aConnection({ type: 'git', uri: 'git@a:b' }), 'sealed');
      await store.pin('repo', { uri: 'git@other:b', publicKey: 'other' });
      await store.pin('repo', { uri: 'git@a:b', publicKey: 'first' });
      await store.pin('repo', { uri: 'git@a:b', publicKey: 'second' });
      expect(await store.find(['repo'])).toMatchObject([{ spec: { publicKey: 'first' }, sealed: 'sealed', updatedAt: 1_000 }]);
    });

    it('deletes, but nothing that is vital', async () => {
      await add('wine');
      await add('models', aConnection({ vital: true }));
      await store.delete('wine');
      await expect(store.delete('wine')).rejects.toMatchObject({ code: 'CONNECTION_NOT_FOUND' });
      await expect(store.delete('models')).rejects.toMatchObject({ code: 'CONNECTION_VITAL', message: 'models connection is vital, it cannot be deleted' });
      expect(await idsOf(store.list({}))).toEqual(['models']);
    });

    it('seals all secrets again, and touches nothing else', async () => {
      await add('a', aConnection(), 'x');
      await add('b');
      await add('c', aConnection(), 'y');
      expect(await store.resealAll(({ id, sealed }) => `${id}:${sealed}`)).toBe(2);
      expect((await store.list({})).map(({ sealed }) => sealed)).toEqual(['a:x', null, 'c:y']);
      await expect(store.resealAll(() => { throw new Error('key lost'); })).rejects.toThrow('key lost');
      expect((await store.list({})).map(({ sealed, updatedAt }) => [sealed, updatedAt])).toEqual([['a:x', 1_000], [null, 1_000], ['c:y', 1_000]]);
    });
  });

  describe(`toolchain integrations on ${name}`, () => {
    const spec = { entrypoint: '/opt/train', defaultImage: 'image:1', additionalEnvironments: { A: '1' } };

    it("has ODAHU's from the beginning, which may be changed and deleted", async () => {
      const { toolchains } = await open(() => 1_000);
      expect((await toolchains.list({})).map(({ id, spec: { entrypoint } }) => [id, entrypoint])).toEqual([['mlflow', '/opt/conda/bin/odahu-flow-mlflow-runner'], ['mlflow-project', '/opt/conda/bin/odahu-flow-mlflow-project-runner']]);
      expect((await toolchains.edit('mlflow', spec)).spec).toEqual(spec);
      await toolchains.delete('mlflow-project');
      expect(await toolchains.find('mlflow-project')).toBeUndefined();
    });

    it('keeps integrations, each id once, and edits them later than before', async () => {
      const { toolchains } = await open(() => 1_000);
      const created = await toolchains.create({ id: 'mine', spec });
      expect(await toolchains.find('mine')).toEqual(created);
      await expect(toolchains.create({ id: 'mine', spec })).rejects.toMatchObject({ code: 'TOOLCHAIN_EXISTS' });
      const edits = [await toolchains.edit('mine', { ...spec, defaultImage: 'image:2' }), await toolchains.edit('mine', spec)];
      expect(edits.map(({ updatedAt, createdAt }) => [createdAt, updatedAt])).toEqual([[1_000, 1_001], [1_000, 1_002]]);
      expect((await toolchains.list({ after: 'mine' })).map(({ id }) => id)).toEqual(['mlflow', 'mlflow-project']);
      expect((await toolchains.list({ offset: 1, limit: 1 })).map(({ id }) => id)).toEqual(['mlflow']);
    });

    it('says what is not there', async () => {
      const { toolchains } = await open(() => 1_000);
      await expect(toolchains.edit('absent', spec)).rejects.toMatchObject({ code: 'TOOLCHAIN_NOT_FOUND' });
      await expect(toolchains.delete('absent')).rejects.toMatchObject({ code: 'TOOLCHAIN_NOT_FOUND' });
    });
  });
}
