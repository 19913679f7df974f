import { readFilter, readOrder } from '@trainyard/core/tracking/filter/check.ts';
import { MODEL_VERSION_SEARCH, REGISTERED_MODEL_SEARCH } from '@trainyard/core/registry/searches.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ModelVersionRecord, NewModelVersion, RegistryStore } from './registry.ts';

/** The promises of the registry; every database runs this. `open` gives an empty one. */
export function registryStoreContract(name: string, open: () => Promise<RegistryStore>): void {
  describe(`registry on ${name}`, () => {
    let store: RegistryStore;
    beforeEach(async () => void (store = await open()));

    const aModel = (model: string, now = 1) => store.models.create({ name: model, description: null, tags: [] }, now);
    const aVersion = (model: string, now = 1, changes: Partial<NewModelVersion> = {}) =>
      store.versions.create({ name: model, source: 's3://b/x', storageLocation: 's3://b/x', description: null, userId: null, runId: null, runLink: null, modelId: null, tags: [], ...changes }, now);
    const numbers = (versions: readonly ModelVersionRecord[] = []) => versions.map((version) => version.version);

    it('gives every name once and forgets a deleted model with all that belongs to it', async () => {
      expect(await store.models.create({ name: 'wine', description: 'd', tags: [{ key: 'k', value: 'v' }] }, 5)).toEqual({ name: 'wine', description: 'd', createdAt: 5, updatedAt: 5, tags: [{ key: 'k', value: 'v' }], aliases: [], latestVersions: [] });
      await expect(aModel('wine')).rejects.toMatchObject({ code: 'REGISTERED_MODEL_EXISTS' });
      await aVersion('wine');
      await store.models.setAlias('wine', { alias: 'a', version: 1 });
      await store.models.delete('wine');
      await expect(store.models.delete('wine')).rejects.toMatchObject({ code: 'REGISTERED_MODEL_NOT_FOUND' });
      expect(await aModel('wine', 9)).toMatchObject({ createdAt: 9, tags: [], aliases: [] });
      expect((await aVersion('wine')).version).toBe(1);
    });

    it('counts versions up and never gives a number again', async () => {
      await aModel('wine');
      expect(numbers(await Promise.all([aVersion('wine'), aVersion('wine'), aVersion('wine')])).toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
      await store.versions.delete({ name: 'wine', version: 3 }, 5);
      await expect(store.versions.delete({ name: 'wine', version: 3 }, 5)).rejects.toMatchObject({ code: 'MODEL_VERSION_NOT_FOUND' });
      expect((await aVersion('wine')).version).toBe(4);
      await expect(aVersion('nope')).rejects.toMatchObject({ code: 'REGISTERED_MODEL_NOT_FOUND' });
    });

    it('moves a model on with a version, its stage and its deletion, not with its description', async () => {
      await aModel('wine', 1);
      await aVersion('wine', 2);
      const updatedAt = async () => (await store.models.find('wine'))?.updatedAt;
      expect(await updatedAt()).toBe(2);
      expect(await store.versions.update({ name: 'wine', version: 1 }, 'new', 3)).toMatchObject({ description: 'new', updatedAt: 3 });
      await store.versions.setTag({ name: 'wine', version: 1 }, { key: 'k', value: 'v' });
      expect(await updatedAt()).toBe(2);
      await store.versions.changeStage({ name: 'wine', version: 1 }, { stage: 'Staging', archiveOthers: false }, 4);
      expect(await updatedAt()).toBe(4);
      await store.versions.delete({ name: 'wine', version: 1 }, 5);
      expect(await updatedAt()).toBe(5);
    });

    it('knows the newest version of each stage, and archives the others when asked to', async () => {
      await aModel('wine');
      for (let count = 0; count < 4; count++) await aVersion('wine');
      const stage = (version: number, to: 'Production' | 'Staging', archiveOthers: boolean) => store.versions.changeStage({ name: 'wine', version }, { stage: to, archiveOthers }, 9);
      await stage(1, 'Production', false);
      await stage(2, 'Production', true);
      await stage(3, 'Staging', true);
      expect((await store.models.find('wine'))?.latestVersions.map((version) => [version.version, version.stage])).toEqual([[1, 'Archived'], [2, 'Production'], [3, 'Staging'], [4, 'None']]);
    });

    it('renames a model with its versions, aliases and tags; the old name is free', async () => {
      await aModel('wine');
      await aVersion('wine', 1, { tags: [{ key: 'k', value: 'v' }] });
      await store.models.setAlias('wine', { alias: 'champ', version: 1 });
      await aModel('taken');
      await expect(store.models.rename('wine', 'taken', 5)).rejects.toMatchObject({ code: 'REGISTERED_MODEL_EXISTS' });
      expect(await store.models.rename('wine', 'vino', 5)).toMatchObject({ name: 'vino', updatedAt: 5, aliases: [{ alias: 'champ', version: 1 }] });
      expect(await store.versions.find({ name: 'vino', version: 1 })).toMatchObject({ name: 'vino', tags: [{ key: 'k', value: 'v' }], aliases: ['champ'] });
      expect(await store.models.find('wine')).toBeUndefined();
      await aModel('wine');
    });

    it('lets an alias point to one version, and takes it away with the version', async () => {
      await aModel('wine');
      await aVersion('wine');
      await aVersion('wine');
      await store.models.setAlias('wine', { alias: 'champ', version: 1 });
      await store.models.setAlias('wine', { alias: 'champ', version: 2 });
      await store.models.setAlias('wine', { alias: 'also', version: 2 });
      expect(await store.versions.find({ name: 'wine', version: 2 })).toMatchObject({ aliases: ['also', 'champ'] });
      for (const key of [{ name: 'wine', version: 9 }, { name: 'nope', version: 1 }]) await expect(store.models.setAlias(key.name, { alias: 'x', version: key.version })).rejects.toMatchObject({ code: 'MODEL_VERSION_NOT_FOUND' });
      for (let again = 0; again < 2; again++) await store.models.deleteAlias('wine', 'also');
      await store.versions.delete({ name: 'wine', version: 2 }, 3);
      expect((await store.models.find('wine'))?.aliases).toEqual([]);
    });

    it('sets tags, takes them away, and does not mind taking them away twice', async () => {
      await aModel('wine');
      await aVersion('wine');
      const key = { name: 'wine', version: 1 };
      for (const value of ['', 'v']) await store.models.setTag('wine', { key: 'k', value });
      for (const value of ['', 'v']) await store.versions.setTag(key, { key: 'k', value });
      expect([(await store.models.find('wine'))?.tags, (await store.versions.find(key))?.tags]).toEqual([[{ key: 'k', value: 'v' }], [{ key: 'k', value: 'v' }]]);
      for (let again = 0; again < 2; again++) {
        await store.models.deleteTag('wine', 'k');
        await store.versions.deleteTag(key, 'k');
      }
      expect([(await store.models.find('wine'))?.tags, (await store.versions.find(key))?.tags]).toEqual([[], []]);
      await expect(store.versions.setTag({ name: 'wine', version: 7 }, { key: 'k', value: 'v' })).rejects.toMatchObject({ code: 'MODEL_VERSION_NOT_FOUND' });
    });

    it('registers what a run left once, however often it is told to', async () => {
      const left = { name: 'wine', source: 'models:/m-1', storageLocation: 'mlflow-artifacts:/0/models/m-1/artifacts', description: null, userId: null, runId: 'r1', runLink: null, modelId: 'm-1', tags: [{ key: 'trainyard.run', value: 'r1' }], aliases: ['champ'] };
      const answers = await Promise.all([1, 2, 3].map((now) => store.versions.register(left, now)));
      expect(numbers(answers)).toEqual([1, 1, 1]);
      expect(await store.versions.register({ ...left, source: 'models:/m-2', aliases: ['champ', 'new'] }, 9)).toMatchObject({ version: 2, aliases: ['champ', 'new'], tags: left.tags, modelId: 'm-1' });
      expect(await store.versions.register({ ...left, runId: 'r2' }, 9)).toMatchObject({ version: 3, aliases: ['champ'] });
      expect(numbers((await store.models.find('wine'))?.latestVersions)).toEqual([3]);
    });

    describe('searching', () => {
      beforeEach(async () => {
        for (const [index, model] of ['b', 'A', 'a'].entries()) await aModel(model, index);
        for (let count = 1; count <= 11; count++) await aVersion('a', count === 10 ? 50 : 20, { runId: `r${count % 2}`, source: `s3://b/${count}` });
        await aVersion('b', 20, { tags: [{ key: 'k', value: 'v' }] });
        await store.models.setTag('b', { key: 'k', value: 'v' });
        await store.models.setTag('A', { key: 'mlflow.prompt.is_prompt', value: 'true' });
      });
      const models = async (filter: string, order: readonly string[] = []) => (await store.models.search({ conditions: readFilter(filter, REGISTERED_MODEL_SEARCH), order: readOrder(order, REGISTERED_MODEL_SEARCH), limit: 100 })).items.map((model) => model.name).join('');
      const versions = async (filter: string, order: readonly string[] = []) => (await store.versions.search({ conditions: readFilter(filter, MODEL_VERSION_SEARCH), order: readOrder(order, MODEL_VERSION_SEARCH), limit: 100 })).items.map((version) => `${version.name}${version.version}`).join(' ');

      it('finds models by name in order of code points', async () => {
        expect(await models('')).toBe('Aab');
        expect(await models('', ['name DESC'])).toBe('baA');
        expect(await models('', ['timestamp DESC'])).toBe('abA');
        expect(await models("name ILIKE 'A'")).toBe('Aa');
        expect(await models("name LIKE 'a%'")).toBe('a');
        expect(await models("tags.k = 'v'")).toBe('b');
        expect(await models("tags.k != 'w'")).toBe('b');
      });

      it('leaves prompts out as clients ask for it', async () => {
        expect(await models("tags.`mlflow.prompt.is_prompt` != 'true'")).toBe('ab');
        expect(await models("tags.`mlflow.prompt.is_prompt` = 'true'")).toBe('A');
      });

      it('finds versions, last changed first, then by name, then the highest number', async () => {
        expect(await versions('')).toBe('a10 a11 a9 a8 a7 a6 a5 a4 a3 a2 a1 b1');
        expect(await versions("name = 'a' AND version_number > 9")).toBe('a10 a11');
        expect(await versions("run_id = 'r0' AND name = 'a' AND version_number < 6")).toBe('a4 a2');
        expect(await versions("source_path LIKE '%/1_'", ['version_number ASC'])).toBe('a10 a11');
        expect(await versions("tags.k = 'v'")).toBe('b1');
        expect(await versions('', ['name DESC', 'version_number'])).toBe('b1 a1 a2 a3 a4 a5 a6 a7 a8 a9 a10 a11');
      });

      it('pages one by one', async () => {
        const found: string[] = [];
        let after: string | undefined;
        do {
          const page = await store.versions.search({ conditions: [], order: [], limit: 1, after });
          found.push(...page.items.map((version) => `${version.name}${version.version}`));
          after = page.next;
        } while (after !== undefined);
        expect(found.join(' ')).toBe(await versions(''));
        const first = await store.models.search({ conditions: [], order: [], limit: 2 });
        expect((await store.models.search({ conditions: [], order: [], limit: 2, after: first.next })).items.map((model) => model.name)).toEqual(['b']);
      });
    });
  });
}
