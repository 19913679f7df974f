import { readFilter, readOrder } from '@trainyard/core/tracking/filter/check.ts';
import { LOGGED_MODEL_SEARCH } from '@trainyard/core/tracking/filter/searches.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { newId } from './tracking.contract.ts';
import type { DatasetChoice, LoggedModelRecord, NewLoggedModel, TrackingStore } from './tracking.ts';

/** The promises of logged models; every database runs this. `open` gives empty stores. */
export function loggedModelStoreContract(name: string, open: () => Promise<TrackingStore>): void {
  describe(`logged models on ${name}`, () => {
    let store: TrackingStore;
    let runId: string;
    beforeEach(async () => {
      store = await open();
      runId = newId();
      await store.runs.create({ id: runId, experimentId: '0', name: 'run', userId: '', startTime: 1, creatorRun: null, tags: [] });
    });

    const aModel = (changes: Partial<NewLoggedModel> = {}, now = 5): Promise<LoggedModelRecord> =>
      store.loggedModels.create({ id: `m-${newId()}`, experimentId: '0', name: 'mod', modelType: null, sourceRunId: runId, params: [], tags: [], ...changes }, now);
    const logMetric = (modelId: string, value: number, more: object = {}) => store.runs.log({ runId, metrics: [{ key: 'acc', value, timestamp: 1, step: 0, modelId, ...more }], params: [], tags: [] });

    it('begin as pending, in a place of their own, and end once they are uploaded', async () => {
      const model = await aModel({ params: [{ key: 'p', value: '1' }], tags: [{ key: 't', value: '' }], modelType: 'x' });
      expect(model).toMatchObject({ name: 'mod', modelType: 'x', sourceRunId: runId, status: 'PENDING', artifactUri: `mlflow-artifacts:/0/models/${model.id}/artifacts`, createdAt: 5, updatedAt: 5, params: [{ key: 'p', value: '1' }], tags: [{ key: 't', value: '' }] });
      expect(await store.loggedModels.finalize(model.id, 'READY', 9)).toMatchObject({ status: 'READY', createdAt: 5, updatedAt: 9 });
      expect(await store.loggedModels.find(model.id)).toMatchObject({ status: 'READY' });
      await expect(aModel({ experimentId: '7' })).rejects.toMatchObject({ code: 'EXPERIMENT_NOT_FOUND' });
    });

    it('are gone once they are deleted, and deleting them again succeeds', async () => {
      const { id } = await aModel();
      await store.loggedModels.delete(id, 9);
      await store.loggedModels.delete(id, 9);
      expect(await store.loggedModels.find(id)).toBeUndefined();
      for (const call of [() => store.loggedModels.finalize(id, 'READY', 9), () => store.loggedModels.setTags(id, []), () => store.loggedModels.delete('m-nope', 9), () => logMetric(id, 1)]) await expect(call()).rejects.toMatchObject({ code: 'LOGGED_MODEL_NOT_FOUND' });
    });

    it('keep params for ever and tags until they are deleted', async () => {
      const { id } = await aModel();
      await store.loggedModels.logParams(id, [{ key: 'p', value: '1' }]);
      await store.loggedModels.logParams(id, [{ key: 'p', value: '1' }, { key: 'q', value: '2' }]);
      await expect(store.loggedModels.logParams(id, [{ key: 'p', value: '2' }])).rejects.toThrow('Changing param values is not allowed');
      await store.loggedModels.setTags(id, [{ key: 't', value: '1' }, { key: 't', value: '2' }]);
      expect(await store.loggedModels.find(id)).toMatchObject({ params: [{ key: 'p', value: '1' }, { key: 'q', value: '2' }], tags: [{ key: 't', value: '2' }] });
      await store.loggedModels.deleteTag(id, 't');
      await expect(store.loggedModels.deleteTag(id, 't')).rejects.toMatchObject({ code: 'LOGGED_MODEL_TAG_NOT_FOUND' });
    });

    it('have the metrics that runs log about them, each once', async () => {
      const { id } = await aModel();
      for (let again = 0; again < 2; again++) await logMetric(id, 1, { step: 2n ** 60n, datasetName: 'd', datasetDigest: 'x' });
      await logMetric(id, Number.NaN);
      expect((await store.loggedModels.find(id))?.metrics).toEqual([
        { key: 'acc', value: Number.NaN, timestamp: 1, step: 0, modelId: id, runId, datasetName: undefined, datasetDigest: undefined },
        { key: 'acc', value: 1, timestamp: 1, step: 2n ** 60n, modelId: id, runId, datasetName: 'd', datasetDigest: 'x' },
      ]);
      expect((await store.runs.find(runId))?.metrics).toMatchObject([{ key: 'acc', value: 1 }]);
    });

    describe('searching', () => {
      beforeEach(async () => {
        const [a, b] = [await aModel({ name: 'a', params: [{ key: 'p', value: '1' }] }, 10), await aModel({ name: 'b', tags: [{ key: 't', value: 'x' }] }, 20)];
        await aModel({ name: 'c', sourceRunId: null }, 30);
        await logMetric(a.id, 0.9, { datasetName: 'train', datasetDigest: '1' });
        await logMetric(a.id, 0.5, { step: 1, datasetName: 'test', datasetDigest: '2' });
        await logMetric(b.id, 0.7, { datasetName: 'test', datasetDigest: '3' });
        await store.loggedModels.finalize(b.id, 'READY', 40);
      });
      const search = async (filter: string, order: readonly string[] = [], datasets: readonly DatasetChoice[] = []) => {
        const keys = readOrder(order, LOGGED_MODEL_SEARCH).map((key) => ({ ...key, dataset: datasets[0] }));
        return (await store.loggedModels.search({ experimentIds: ['0'], conditions: readFilter(filter, LOGGED_MODEL_SEARCH), order: keys, datasets, limit: 10 })).items.map((model) => model.name).join('');
      };

      it.each([
        ['', 'cba'], ["name = 'a'", 'a'], ["name IN ('a', 'c')", 'ca'], ["params.p = '1'", 'a'], ["tags.t LIKE 'x%'", 'b'], ["status = 'READY'", 'b'], ['creation_timestamp > 15', 'cb'], ['last_updated_timestamp >= 40', 'b'], ['metrics.acc > 0.6', 'b'], ['metrics.acc <= 0.5', 'a'],
      ])('%s', async (filter, found) => {
        expect(await search(filter)).toBe(found);
      });

      it('counts metrics of the named data only', async () => {
        expect(await search('metrics.acc > 0.6', [], [{ name: 'train' }])).toBe('a');
        expect(await search('metrics.acc > 0', [], [{ name: 'test', digest: '3' }])).toBe('b');
        expect(await search('', ['metrics.acc DESC'])).toBe('bac');
        expect(await search('', ['metrics.acc DESC'], [{ name: 'train' }])).toBe('acb');
      });

      it('sorts and pages', async () => {
        expect(await search('', ['name'])).toBe('abc');
        expect(await search('', ['source_run_id DESC', 'creation_timestamp ASC'])).toBe('abc');
        const first = await store.loggedModels.search({ experimentIds: ['0'], conditions: [], order: [], datasets: [], limit: 2 });
        const rest = await store.loggedModels.search({ experimentIds: ['0'], conditions: [], order: [], datasets: [], limit: 2, after: first.next });
        expect([first.items, rest.items].map((items) => items.map((model) => model.name).join(''))).toEqual(['cb', 'a']);
        expect(rest.next).toBeUndefined();
      });
    });
  });
}
