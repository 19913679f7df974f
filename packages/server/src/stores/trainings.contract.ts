import { randomBytes } from 'node:crypto';
import { aSpec } from '@trainyard/testkit/builders.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RunRecord } from './runs.ts';
import type { Stores } from './stores.ts';
import { submitted as submit } from './submitted.contract.ts';
import type { TrainingsById } from './trainings.ts';

/** The promises of trainings, beside those of their runs; every database runs this. `open` gives empty stores whose clock reads `now()`. */
export function trainingStoreContract(name: string, open: (now: () => number) => Promise<Stores>): void {
  describe(`trainings on ${name}`, () => {
    let stores: Stores;
    let now: number;
    beforeEach(async () => {
      now = 1_000;
      stores = await open(() => now);
    });

    const submitted = (id: string, changes?: Record<string, unknown>): Promise<RunRecord> => submit(stores, id, changes);

    it('gives trainings page by page, latest change first', async () => {
      for (const id of ['a', 'b', 'c']) {
        now += 10;
        await submitted(id);
      }
      const [first, second] = await stores.trainings.list({ limit: 2 });
      expect([first?.id, second?.id]).toEqual(['c', 'b']);
      expect((await stores.trainings.list({ limit: 2, after: { updatedAt: second?.updatedAt ?? 0, id: 'b' } })).map((training) => training.id)).toEqual(['a']);
    });

    it('gives trainings by id from a place on, of any of several models, versions and toolchains', async () => {
      const model = (name: string, version: string) => ({ model: { name, version } });
      await submitted('c', model('wine', '1'));
      await submitted('a', model('wine', '2'));
      await submitted('a-b', model('iris', '2'));
      await submitted('b', { ...model('iris', '1'), toolchain: 'mlflow' });
      const ids = async (filter: Partial<TrainingsById>) => (await stores.trainings.listById({ offset: 0, ...filter })).map(({ id }) => id);
      expect(await ids({})).toEqual(['a', 'a-b', 'b', 'c']);
      expect(await ids({ offset: 1, limit: 2 })).toEqual(['a-b', 'b']);
      expect(await ids({ modelNames: ['wine'] })).toEqual(['a', 'c']);
      expect(await ids({ modelNames: ['wine', 'iris'], modelVersions: ['2'] })).toEqual(['a', 'a-b']);
      expect(await ids({ toolchains: ['mlflow', 'none'], modelNames: [] })).toEqual(['b']);
      expect([await ids({ projects: ['other'] }), await ids({ projects: 'all', modelNames: ['wine'] })]).toEqual([[], ['a', 'c']]);
      expect(await ids({ offset: 4 })).toEqual([]);
      expect((await stores.trainings.listById({ offset: 2, limit: 1 }))[0]).toMatchObject({ id: 'b', runCount: 1, latestRun: { state: 'queued' } });
    });

    it('edits a training later than before, also within a millisecond', async () => {
      await submitted('wine');
      await submitted('wine', { priority: 1 });
      await stores.trainings.submit({ kind: 'run', id: 'wine', run: { id: randomBytes(16).toString('hex'), trainingId: 'wine', spec: aSpec(), user: 'ann' } });
      expect(await stores.trainings.find('wine')).toMatchObject({ createdAt: 1_000, updatedAt: 1_001, runCount: 3 });
    });

    it('deletes a training and keeps its runs', async () => {
      const run = await submitted('wine');
      await stores.runs.requestStop(run.id, now);
      await stores.trainings.delete('wine', { stopping: false });
      expect(await stores.trainings.find('wine')).toBeUndefined();
      expect((await stores.runs.find(run.id))?.trainingId).toBe('wine');
      for (const stopping of [false, true]) await expect(stores.trainings.delete('wine', { stopping })).rejects.toMatchObject({ code: 'TRAINING_NOT_FOUND' });
    });

    it('deletes no training while a run of it has not ended, or not even been asked to stop', async () => {
      const active = await submitted('wine');
      await stores.queue.claimQueued({ lease: 'lease-1', leaseUntil: now + 30_000, now, max: 1 }, { total: 1, perProject: 1, perEngine: {} });
      const queued = await submitted('wine');
      await submitted('other');
      for (const stopping of [false, true]) await expect(stores.trainings.delete('wine', { stopping })).rejects.toMatchObject({ code: 'TRAINING_ACTIVE', params: { id: 'wine', count: 2 } });
      await stores.runs.requestStop(active.id, now);
      await expect(stores.trainings.delete('wine', { stopping: true })).rejects.toMatchObject({ code: 'TRAINING_ACTIVE', params: { count: 1 } });
      await stores.runs.requestStop(queued.id, now);
      await expect(stores.trainings.delete('wine', { stopping: false })).rejects.toMatchObject({ code: 'TRAINING_ACTIVE', params: { count: 1 } });
      await stores.trainings.delete('wine', { stopping: true });
      expect([await stores.trainings.find('wine'), (await stores.runs.find(active.id))?.state]).toEqual([undefined, 'preparing']);
    });

    it('leaves no run behind that is submitted while its training is deleted', async () => {
      for (let i = 0; i < 10; i++) {
        const [id, runId] = [`t-${i}`, randomBytes(16).toString('hex')];
        await stores.trainings.submit({ kind: 'create', id, spec: aSpec(), run: undefined });
        const run = { id: runId, trainingId: id, spec: aSpec(), user: 'ann' };
        const submission = stores.trainings.submit(i % 2 === 0 ? { kind: 'run', id, run } : { kind: 'edit', id, spec: aSpec(), run });
        const [started, deleted] = await Promise.allSettled([submission, stores.trainings.delete(id, { stopping: true })]);
        expect([started.status, deleted.status].toSorted()).toEqual(['fulfilled', 'rejected']);
        expect([await stores.trainings.find(id), await stores.runs.find(runId)].map((one) => one !== undefined)).toEqual(started.status === 'fulfilled' ? [true, true] : [false, false]);
      }
    });

    it('starts no run in a training of another project, and keeps what that has', async () => {
      const spec = (project: string) => aSpec({ project });
      await stores.trainings.submit({ kind: 'create', id: 'trees', spec: spec('b'), run: undefined });
      const start = (project: string) => {
        const run = { id: randomBytes(16).toString('hex'), trainingId: 'trees', spec: spec(project), user: 'ann' };
        return { id: run.id, answer: stores.trainings.submit({ kind: 'run', id: 'trees', run }) };
      };
      const alone = start('a');
      await expect(alone.answer).rejects.toMatchObject({ code: 'TRAINING_NOT_FOUND' });
      expect(await stores.trainings.find('trees')).toMatchObject({ runCount: 0, latestRun: undefined });
      const together = [start('b'), start('a'), start('b'), start('a')];
      const settled = await Promise.allSettled(together.map(({ answer }) => answer));
      expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
      expect(await stores.trainings.find('trees')).toMatchObject({ runCount: 2, latestRun: { id: together[2]?.id, project: 'b' } });
      expect([await stores.runs.find(alone.id), await stores.runs.find(together[1]?.id ?? '')]).toEqual([undefined, undefined]);
    });
  });
}
