import { randomBytes } from 'node:crypto';
import type { Metric } from '@trainyard/core/tracking/metric.ts';
import { readFilter, readOrder } from '@trainyard/core/tracking/filter/check.ts';
import { EXPERIMENT_SEARCH, RUN_SEARCH } from '@trainyard/core/tracking/filter/searches.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import type { NewTrackingRun, TrackingRunRecord, TrackingStore } from './tracking.ts';

export const newId = () => randomBytes(16).toString('hex');
const metric = (key: string, value: number, more: Partial<Metric> = {}): Metric => ({ key, value, timestamp: 1, step: 0, ...more });
const byKey = (pairs: readonly { readonly key: string; readonly value: unknown }[]) => Object.fromEntries(pairs.map(({ key, value }) => [key, value]));

/** The promises of experiments and runs; every database runs this. `open` gives empty stores. */
export function trackingStoreContract(name: string, open: () => Promise<TrackingStore>): void {
  describe(`tracking on ${name}`, () => {
    let store: TrackingStore;
    beforeEach(async () => void (store = await open()));

    async function aRun(changes: Partial<NewTrackingRun> = {}): Promise<TrackingRunRecord> {
      return store.runs.create({ id: newId(), experimentId: '0', name: 'run', userId: 'ann', startTime: 1, creatorRun: null, tags: [], ...changes });
    }
    const log = (runId: string, what: { metrics?: Metric[]; params?: Record<string, string>; tags?: Record<string, string> }) => {
      const pairs = (all: Record<string, string> = {}) => Object.entries(all).map(([key, value]) => ({ key, value }));
      return store.runs.log({ runId, metrics: what.metrics ?? [], params: pairs(what.params), tags: pairs(what.tags) });
    };
    async function find(id: string): Promise<TrackingRunRecord> {
      const run = await store.runs.find(id);
      if (run === undefined) throw new Error(`no run ${id}`);
      return run;
    }

    describe('experiments', () => {
      const create = (experiment: string, now: number) => store.experiments.create({ name: experiment, tags: [] }, now);
      const names = async (filter: string, order: readonly string[] = []) =>
        (await store.experiments.search({ stage: 'active', conditions: readFilter(filter, EXPERIMENT_SEARCH), order: readOrder(order, EXPERIMENT_SEARCH), limit: 10 })).items.map((one) => one.name);

      it('have one called Default from the start, and places of their own', async () => {
        expect(await store.experiments.find('0')).toMatchObject({ id: '0', name: 'Default', artifactLocation: 'mlflow-artifacts:/0', stage: 'active' });
        const id = await create('a', 5);
        expect(await store.experiments.findByName('a')).toEqual({ id, name: 'a', project: 'default', artifactLocation: `mlflow-artifacts:/${id}`, stage: 'active', createdAt: 5, updatedAt: 5, tags: [] });
        expect([await store.experiments.find('77'), await store.experiments.findByName('b')]).toEqual([undefined, undefined]);
      });

      it('keep their names, also when they are deleted', async () => {
        const id = await create('a', 1);
        await store.experiments.setStage(id, 'deleted', 2);
        await expect(create('a', 3)).rejects.toMatchObject({ code: 'EXPERIMENT_EXISTS' });
        await expect(store.experiments.rename(id, 'b', 3)).rejects.toMatchObject({ code: 'EXPERIMENT_NOT_ACTIVE' });
        await store.experiments.setStage(id, 'active', 4);
        await store.experiments.rename(id, 'b', 5);
        expect(await store.experiments.find(id)).toMatchObject({ name: 'b', stage: 'active', updatedAt: 5 });
        await expect(store.experiments.rename(id, 'Default', 6)).rejects.toMatchObject({ code: 'EXPERIMENT_EXISTS' });
        await expect(store.experiments.setStage(id, 'active', 6)).rejects.toMatchObject({ code: 'EXPERIMENT_NOT_FOUND' });
      });

      it('take their runs with them, and bring them back', async () => {
        const id = await create('a', 1);
        const run = await aRun({ experimentId: id });
        await store.experiments.setStage(id, 'deleted', 2);
        expect((await find(run.id)).stage).toBe('deleted');
        await expect(aRun({ experimentId: id })).rejects.toThrow(`The experiment ${id} must be in the 'active' state. Current state is deleted.`);
        await store.experiments.setStage(id, 'active', 3);
        expect((await find(run.id)).stage).toBe('active');
      });

      it('are found newest first, by code point when sorted by name, and by what is asked for', async () => {
        for (const [index, each] of ['a', 'Abc', 'abd'].entries()) await create(each, 2_000_000_000_000 + index);
        await store.experiments.setTag('0', { key: 'team', value: 'Red' });
        expect(await names('')).toEqual(['abd', 'Abc', 'a', 'Default']);
        expect(await names('', ['name ASC'])).toEqual(['Abc', 'Default', 'a', 'abd']);
        expect(await names("name LIKE 'ab_'")).toEqual(['abd']);
        expect(await names("name ILIKE 'AB%'")).toEqual(['abd', 'Abc']);
        expect(await names("tags.team ILIKE 'red' AND experiment_id = '0'")).toEqual(['Default']);
        expect(await names("tags.team != 'Blue'")).toEqual(['Default']);
        expect(await names('tags.team IS NULL AND creation_time >= 2000000000001')).toEqual(['abd', 'Abc']);
      });

      it('come in pages that end exactly', async () => {
        for (const each of ['a', 'b', 'c']) await create(each, 7);
        const all: string[] = [];
        const pages: number[] = [];
        for (let after: string | undefined, first = true; first || after !== undefined; first = false) {
          const page = await store.experiments.search({ conditions: [], order: [], limit: 2, after });
          all.push(...page.items.map((one) => one.name));
          pages.push(page.items.length);
          after = page.next;
        }
        expect([all.toSorted(), pages]).toEqual([['Default', 'a', 'b', 'c'], [2, 2]]);
        for (const after of ['bad', 'WyJ4Il0', '', 'W10']) await expect(store.experiments.search({ conditions: [], order: [], limit: 2, after })).rejects.toThrow('Invalid page token');
      });

      it('lose a tag once', async () => {
        await store.experiments.setTag('0', { key: 'k', value: '' });
        await store.experiments.setTag('0', { key: 'k', value: 'v' });
        expect((await store.experiments.find('0'))?.tags).toEqual([{ key: 'k', value: 'v' }]);
        await store.experiments.deleteTag('0', 'k');
        await expect(store.experiments.deleteTag('0', 'k')).rejects.toThrow('No tag with name: k in experiment with id 0');
      });
    });

    describe('runs', () => {
      it('are found with all they logged, in order of their names', async () => {
        const { id } = await aRun({ tags: [{ key: 'mlflow.runName', value: 'run' }], startTime: 9_007_199_254_740_993n });
        await log(id, { metrics: [metric('b', 2), metric('a', 1)], params: { q: '', p: '1' }, tags: { é: 'x' } });
        expect(await find(id)).toEqual({
          id, experimentId: '0', name: 'run', userId: 'ann', status: 'RUNNING', startTime: 9_007_199_254_740_993n, endTime: null, stage: 'active', artifactUri: `mlflow-artifacts:/0/${id}/artifacts`, managed: false, creatorRun: null, lastSeenAt: expect.any(Number) as number,
          metrics: [metric('a', 1), metric('b', 2)],
          params: [{ key: 'p', value: '1' }, { key: 'q', value: '' }],
          tags: [{ key: 'mlflow.runName', value: 'run' }, { key: 'é', value: 'x' }],
          datasets: [], inputModels: [], outputModels: [],
        });
        expect(await store.runs.find('nope')).toBeUndefined();
      });

      it('keep the latest point by step, time, value, and every point once, in order', async () => {
        const { id } = await aRun();
        const points = [metric('m', 5, { step: 1 }), metric('m', 7, { timestamp: 9 }), metric('m', Number.NaN, { step: 1 }), metric('m', 5, { step: 1 }), metric('m', 1, { step: 2, timestamp: 0 })];
        for (let again = 0; again < 2; again++) await log(id, { metrics: points });
        expect((await find(id)).metrics).toEqual([metric('m', 1, { step: 2, timestamp: 0 })]);
        const history = (await store.runs.history({ runId: id, key: 'm' })).items;
        expect(history.map((one) => [one.timestamp, one.step, one.value])).toEqual([[0, 2, 1], [1, 1, Number.NaN], [1, 1, 5], [9, 0, 7]]);
      });

      it('keep numbers as they came: int64, NaN, the largest doubles', async () => {
        const { id } = await aRun();
        const odd = [metric('m', Number.MAX_VALUE, { step: -(2n ** 63n), timestamp: 0 }), metric('m', 0.1, { step: 2n ** 63n - 1n, timestamp: 2n ** 63n - 1n }), metric('n', Number.NaN)];
        await log(id, { metrics: odd });
        expect((await store.runs.history({ runId: id, key: 'm' })).items).toEqual(odd.slice(0, 2).map(({ value, timestamp, step }) => ({ value, timestamp, step })));
        expect(byKey((await find(id)).metrics)).toEqual({ m: 0.1, n: Number.NaN });
      });

      it('give a history in pages', async () => {
        const { id } = await aRun();
        await log(id, { metrics: Array.from({ length: 7 }, (_, step) => metric('m', step % 3, { step, timestamp: 1 })) });
        const steps: unknown[] = [];
        let after: string | undefined;
        do {
          const page = await store.runs.history({ runId: id, key: 'm', limit: 3, after });
          steps.push(page.items.map((one) => one.step));
          after = page.next;
        } while (after !== undefined);
        expect(steps).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
        expect(await store.runs.history({ runId: 'nope', key: 'm' })).toEqual({ items: [] });
        for (const bad of ['x', 'WzFd', Buffer.from('["1","1",1,2]').toString('base64url'), Buffer.from('["x","1",1,0]').toString('base64url')]) await expect(store.runs.history({ runId: id, key: 'm', after: bad })).rejects.toThrow('Invalid page token');
      });

      it('keep a batch whole or not at all, and their params for ever', async () => {
        const { id } = await aRun();
        await log(id, { params: { p: '1' } });
        await expect(log(id, { params: { p: '2', fresh: 'x' }, metrics: [metric('m', 1)], tags: { t: 'x' } })).rejects.toThrow('Changing param values is not allowed');
        await log(id, { params: { p: '1' } });
        expect(await find(id)).toMatchObject({ params: [{ key: 'p', value: '1' }], metrics: [], tags: [] });
      });

      it('log at the same time: one that is refused does not touch the others', async () => {
        const runs = await Promise.all([aRun(), aRun(), aRun()]);
        await store.runs.setStage(runs[2]!.id, 'deleted', 5);
        const calls = Array.from({ length: 30 }, (_, index) => log(runs[index % 3]!.id, { metrics: [metric('m', index, { step: index })], params: { [`p${index}`]: '1', shared: index % 9 === 0 ? 'other' : 'same' } }));
        const outcomes = await Promise.allSettled(calls);
        const accepted = outcomes.flatMap((one, index) => (one.status === 'fulfilled' ? [index] : []));
        // the first to come decides what `shared` is; the third run is deleted
        expect(accepted).toEqual(Array.from({ length: 30 }, (_, index) => index).filter((index) => index % 3 === 1 || (index % 3 === 0 && index % 9 === 0)));
        for (const index of [0, 1]) {
          const steps = accepted.filter((one) => one % 3 === index);
          expect((await store.runs.history({ runId: runs[index]!.id, key: 'm' })).items.map((one) => one.step)).toEqual(steps);
          expect((await find(runs[index]!.id)).metrics).toEqual([metric('m', steps.at(-1)!, { step: steps.at(-1)! })]);
        }
      });

      it('take thousands of metrics, params and tags in one go', async () => {
        const { id } = await aRun();
        const pairs = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`k${index}`, 'v']));
        await Promise.all(Array.from({ length: 20 }, (_, batch) => log(id, { metrics: Array.from({ length: 800 }, (_unused, index) => metric(`m${batch * 400 + index}`, index)), params: pairs, tags: pairs })));
        const run = await find(id);
        expect([run.metrics.length, run.params.length, run.tags.length]).toEqual([20 * 400 + 400, 100, 100]);
      });

      it('change their name with the tag and the other way round', async () => {
        const { id } = await aRun();
        await log(id, { tags: { 'mlflow.runName': 'by tag' } });
        expect((await find(id)).name).toBe('by tag');
        await store.runs.update(id, { name: 'by update' });
        expect(byKey((await find(id)).tags)).toEqual({ 'mlflow.runName': 'by update' });
      });

      it('end as their client says, and a new name leaves the end as it is', async () => {
        const { id } = await aRun();
        expect(await store.runs.update(id, { status: 'FINISHED', endTime: 9 })).toMatchObject({ status: 'FINISHED', endTime: 9 });
        expect(await store.runs.update(id, { name: 'x' })).toMatchObject({ name: 'x', status: 'FINISHED', endTime: 9 });
      });

      it('refuse writing when they are gone or deleted', async () => {
        const { id } = await aRun();
        await store.runs.setStage(id, 'deleted', 5);
        await store.runs.setStage(id, 'deleted', 6);
        const deleted = `The run ${id} must be in the 'active' state. Current state is deleted.`;
        for (const call of [() => log(id, {}), () => store.runs.update(id, {}), () => store.runs.deleteTag(id, 't'), () => store.runs.logInputs(id, [], [])]) await expect(call()).rejects.toThrow(deleted);
        for (const call of [() => log('nope', {}), () => store.runs.update('nope', {}), () => store.runs.setStage('nope', 'active', 1), () => store.runs.logOutputs('nope', [])]) await expect(call()).rejects.toThrow('Run with id=nope not found');
        await store.runs.setStage(id, 'active', 7);
        await expect(store.runs.deleteTag(id, 't')).rejects.toThrow(`No tag with name: t in run with id ${id}`);
      });

      it('remember their data and models; what is known stays as it was', async () => {
        const { id } = await aRun();
        const dataset = { name: 'ds', digest: 'd1', sourceType: 'http', source: '{}', profile: 'p' };
        await store.runs.logInputs(id, [{ dataset, tags: [{ key: 'z', value: '1' }, { key: 'a', value: '' }] }], [{ modelId: 'm-1', step: 0 }]);
        await store.runs.logInputs(id, [{ dataset: { ...dataset, profile: 'other' }, tags: [{ key: 'z', value: '2' }] }, { dataset: { ...dataset, digest: 'd2' }, tags: [] }], []);
        await store.runs.logOutputs(id, [{ modelId: 'm-2', step: 3 }, { modelId: 'm-3', step: 1 }]);
        await store.runs.logOutputs(id, [{ modelId: 'm-2', step: 9 }]);
        const run = await find(id);
        expect(run.datasets).toEqual([
          { dataset: { ...dataset, schema: undefined }, tags: [{ key: 'a', value: '' }, { key: 'z', value: '1' }] },
          { dataset: { ...dataset, digest: 'd2', schema: undefined }, tags: [] },
        ]);
        expect([run.inputModels, run.outputModels]).toEqual([[{ modelId: 'm-1', step: 0 }], [{ modelId: 'm-3', step: 1 }, { modelId: 'm-2', step: 3 }]]);
      });
    });

    describe('searching runs', () => {
      let ids: string[];
      beforeEach(async () => {
        ids = [newId(), newId(), newId(), newId()].toSorted();
        const starts = [5, 7, 7, 6];
        for (const [index, id] of ids.entries()) await aRun({ id, name: `run${index}`, userId: index % 2 === 1 ? 'Hans' : 'eva', startTime: starts[index]! });
        await log(ids[0]!, { metrics: [metric('m', 1), metric('val loss', 1)], params: { p: '1', 'P q': 'Abc' }, tags: { t: 'x', 'a.b': 'y' } });
        await log(ids[1]!, { metrics: [metric('m', Number.NaN)], params: { p: '2', 'P q': 'abd' }, tags: { t: 'X' } });
        await log(ids[2]!, { metrics: [metric('m', Number.MAX_VALUE)], params: { p: '10' } });
        await store.runs.update(ids[2]!, { status: 'FINISHED', endTime: 10 });
        await store.runs.update(ids[3]!, { status: 'FINISHED', endTime: 3 });
        await store.runs.logInputs(ids[0]!, [{ dataset: { name: 'ds', digest: 'abc', sourceType: '', source: '' }, tags: [{ key: 'mlflow.data.context', value: 'training' }] }], []);
      });
      const search = async (filter: string, order: readonly string[] = [], more: { limit?: number; after?: string | undefined } = {}) => {
        const page = await store.runs.search({ experimentIds: ['0', '5'], conditions: readFilter(filter, RUN_SEARCH), order: readOrder(order, RUN_SEARCH), limit: 10, ...more });
        return { found: page.items.map((run) => Number(run.name.slice(3))), next: page.next };
      };

      it.each([
        ['', [1, 2, 3, 0]],
        ['metrics.m > 0', [2, 0]], ['metrics.m = 1', [0]], ['metrics.m != 1', [1, 2]], ['metrics.m < 0.5', []], ['metrics.m = 0', []], ['metrics.`val loss` <= 1', [0]],
        ["params.p = '1'", [0]], ["params.p != '1'", [1, 2]], ["params.p LIKE '1%'", [2, 0]], ["params.`P q` ILIKE 'ABC'", [0]], ["params.`P q` LIKE 'ABC'", []], ["params.`P q` LIKE 'ab_'", [1]], ["params.p LIKE '*'", []], ["params.p LIKE 'a\\%'", []], ['params.p IS NULL', [3]], ['params.p IS NOT NULL', [1, 2, 0]],
        ["tags.t = 'x'", [0]], ["tags.t ILIKE 'x'", [1, 0]], ["tags.t != 'x'", [1]], ['tags.t IS NULL', [2, 3]], ["tags.a.b = 'y'", [0]],
        ["status = 'FINISHED'", [2, 3]], ["attributes.status != 'FINISHED'", [1, 0]], ['start_time > 5.5', [1, 2, 3]], ['end_time > 5', [2]], ["run_name LIKE 'run%' AND user_id = 'eva'", [2, 0]], ["artifact_uri LIKE '%artifacts'", [1, 2, 3, 0]],
        ["datasets.name = 'ds'", [0]], ["datasets.digest LIKE 'a%'", [0]], ["datasets.context = 'training'", [0]], ["datasets.name NOT IN ('ds')", []],
        ["metrics.m > 0 AND params.p = '1' AND tags.t = 'x' AND start_time = 5", [0]],
        ["params.p = 'it''s; drop table params'", []],
      ])('%s', async (filter, found) => {
        expect((await search(filter)).found).toEqual(found);
      });

      it('by id, one or several', async () => {
        expect((await search(`run_id = '${ids[3]}'`)).found).toEqual([3]);
        expect((await search(`attributes.run_id IN ('${ids[0]}', '${ids[1]}')`)).found).toEqual([1, 0]);
        expect((await search(`run_id NOT IN ('${ids[0]}')`)).found).toEqual([1, 2, 3]);
      });

      it.each([
        [['metrics.m'], [0, 2, 1, 3]], [['metrics.m DESC'], [2, 0, 1, 3]], [['params.p'], [0, 2, 1, 3]], [['params.p DESC'], [1, 2, 0, 3]], [['tags.t'], [1, 0, 2, 3]],
        [['start_time'], [0, 3, 1, 2]], [['end_time'], [3, 2, 1, 0]], [['end_time DESC'], [2, 3, 1, 0]], [['user_id', 'run_name DESC'], [3, 1, 2, 0]], [['metrics.none'], [1, 2, 3, 0]], [['status', 'metrics.m DESC'], [2, 3, 0, 1]],
      ])('sorted by %j, what is missing last', async (order, found) => {
        expect((await search('', order)).found).toEqual(found);
        const paged: number[] = [];
        let after: string | undefined;
        do {
          const page = await search('', order, { limit: 1, after });
          paged.push(...page.found);
          after = page.next;
        } while (after !== undefined);
        expect(paged).toEqual(found);
      });

      it('pages over what stays, while runs come and go', async () => {
        const first = await search('', [], { limit: 2 });
        await aRun({ name: 'run9', startTime: 99 });
        await store.runs.setStage(ids[1]!, 'deleted', 1);
        expect((await search('', [], { limit: 2, after: first.next })).found).toEqual([3, 0]);
        await expect(search('', ['params.p'], { after: first.next })).rejects.toThrow('Invalid page token');
      });

      it('in their stage and experiments only', async () => {
        await store.runs.setStage(ids[0]!, 'deleted', 5);
        const found = async (stage: 'active' | 'deleted' | undefined, experimentIds: string[]) => (await store.runs.search({ experimentIds, stage, conditions: [], order: [], limit: 10 })).items.length;
        expect([await found('active', ['0']), await found('deleted', ['0']), await found(undefined, ['0']), await found(undefined, ['1']), await found(undefined, [])]).toEqual([3, 1, 4, 0, 0]);
      });
    });
  });
}
