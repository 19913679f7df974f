import { beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../tracking.contract.ts';
import type { TrackingStore } from '../../tracking.ts';
import type { Database } from '../database.ts';
import { endManagedRuns, ensureExperiment, insertManagedRuns, latestMetricsOf, paramsOf, startManagedRun } from './managed-runs.ts';
import { openTrackingStore } from './store.ts';

/** What Trainyard's own runs look like to MLflow's clients; every database runs this. `open` gives an empty one. */
export function managedRunsContract(name: string, open: () => Promise<Database>): void {
  describe(`managed runs on ${name}`, () => {
    let database: Database;
    let store: TrackingStore;
    beforeEach(async () => {
      database = await open();
      store = openTrackingStore(database);
    });

    async function launched(): Promise<string> {
      const id = newId();
      const experimentId = await database.write((trx) => ensureExperiment(trx, { name: 'wine', project: 'default' }, 1));
      await database.write((trx) => insertManagedRuns(trx, [{ id, experimentId, name: 'wine-1', userId: 'ann', startTime: 5, tags: { 'trainyard.training': 'wine' } }]));
      return id;
    }
    const end = (id: string, status: 'FINISHED' | 'FAILED' | 'KILLED', endTime: number) => database.write((trx) => endManagedRuns(trx, [{ id, status, endTime }, { id: 'other', status: 'KILLED', endTime: 1 }]));

    it('makes an experiment once and brings a deleted one back', async () => {
      const ids = await Promise.all([1, 2, 3].map((now) => database.write((trx) => ensureExperiment(trx, { name: 'wine', project: 'default' }, now))));
      expect(new Set(ids).size).toBe(1);
      const id = ids[0] ?? '';
      expect(await store.experiments.find(id)).toMatchObject({ name: 'wine', artifactLocation: `mlflow-artifacts:/${id}`, stage: 'active' });
      await store.experiments.setStage(id, 'deleted', 5);
      expect(await database.write((trx) => ensureExperiment(trx, { name: 'wine', project: 'default' }, 6))).toBe(id);
      expect(await store.experiments.find(id)).toMatchObject({ stage: 'active', artifactLocation: `mlflow-artifacts:/${id}` });
    });

    it('is scheduled, then running, then ended by Trainyard, each once', async () => {
      const id = await launched();
      expect(await store.runs.find(id)).toMatchObject({ status: 'SCHEDULED', managed: true, name: 'wine-1', userId: 'ann', startTime: 5, tags: [{ key: 'mlflow.runName', value: 'wine-1' }, { key: 'trainyard.training', value: 'wine' }] });
      for (const now of [7, 8]) await database.write((trx) => startManagedRun(trx, id, now));
      expect(await store.runs.find(id)).toMatchObject({ status: 'RUNNING', startTime: 7 });
      await end(id, 'FAILED', 9);
      await end(id, 'FINISHED', 10);
      await database.write((trx) => startManagedRun(trx, id, 11));
      expect(await store.runs.find(id)).toMatchObject({ status: 'FAILED', startTime: 7, endTime: 9 });
    });

    it("keeps the client's word without believing it", async () => {
      const id = await launched();
      await database.write((trx) => startManagedRun(trx, id, 7));
      expect(await store.runs.update(id, { status: 'FINISHED', endTime: 8 })).toMatchObject({ status: 'FINISHED', endTime: 8 });
      expect(await store.runs.find(id)).toMatchObject({ status: 'RUNNING', endTime: null });
      expect(await database.read.selectFrom('tracking_runs').select(['client_status', 'client_end_time']).where('id', '=', id).executeTakeFirst()).toEqual({ client_status: 'FINISHED', client_end_time: 8 });
      await end(id, 'FAILED', 9);
      await store.runs.update(id, { status: 'FINISHED', endTime: 10 });
      expect(await store.runs.find(id)).toMatchObject({ status: 'FAILED', endTime: 9 });
    });

    it('ends many at once and leaves the runs of clients alone', async () => {
      const ids = await Promise.all(Array.from({ length: 20 }, launched));
      const foreign = newId();
      await store.runs.create({ id: foreign, experimentId: '0', name: 'x', userId: '', startTime: 1, creatorRun: null, tags: [] });
      await database.write((trx) => endManagedRuns(trx, [...ids, foreign].map((id, index) => ({ id, status: index % 2 === 0 ? ('FINISHED' as const) : ('KILLED' as const), endTime: index }))));
      const statuses = await Promise.all(ids.map(async (id) => (await store.runs.findInfo(id))?.status));
      expect(statuses).toEqual(ids.map((_, index) => (index % 2 === 0 ? 'FINISHED' : 'KILLED')));
      expect(await store.runs.findInfo(foreign)).toMatchObject({ status: 'RUNNING', managed: false });
      await database.write((trx) => endManagedRuns(trx, []));
    });

    it('says why it ended, and ends what its program left open', async () => {
      const id = await launched();
      const [open, closed, deleted] = [newId(), newId(), newId()];
      for (const child of [open, closed, deleted]) await store.runs.create({ id: child, experimentId: '0', name: 'trial', userId: '', startTime: 1, creatorRun: id, tags: [] });
      await store.runs.update(closed, { status: 'FINISHED', endTime: 3 });
      await store.runs.setStage(deleted, 'deleted', 4);
      const end = { id, status: 'FAILED' as const, endTime: 9, reason: 'exit_code: it ended with exit code 1' };
      for (const again of [end, { ...end, status: 'KILLED' as const, reason: 'later' }]) await database.write((trx) => endManagedRuns(trx, [again]));
      expect(await store.runs.find(id)).toMatchObject({ status: 'FAILED', tags: expect.arrayContaining([{ key: 'trainyard.reason', value: end.reason }]) as unknown });
      expect(await store.runs.find(open)).toMatchObject({ status: 'KILLED', endTime: 9, tags: [{ key: 'trainyard.reason', value: 'the program that created it ended without ending it' }] });
      expect(await store.runs.find(closed)).toMatchObject({ status: 'FINISHED', endTime: 3, tags: [] });
      expect(await store.runs.findInfo(deleted)).toMatchObject({ status: 'KILLED', stage: 'deleted' });
    });

    it('shows what was logged', async () => {
      const id = await launched();
      await store.runs.log({ runId: id, params: [{ key: 'alpha', value: '0.5' }], tags: [], metrics: [{ key: 'rmse', value: 0.7, timestamp: 1, step: 0 }, { key: 'nan', value: Number.NaN, timestamp: 1, step: 0 }] });
      expect([await paramsOf(database.read, id), await latestMetricsOf(database, id)]).toEqual([{ alpha: '0.5' }, { rmse: 0.7, nan: Number.NaN }]);
      expect([await paramsOf(database.read, 'nope'), await latestMetricsOf(database, 'nope')]).toEqual([{}, {}]);
    });
  });
}
