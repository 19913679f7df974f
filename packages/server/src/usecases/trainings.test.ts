import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Actor } from '@trainyard/core/access/reach.ts';
import type { TrainingSpec } from '@trainyard/core/training/spec.ts';
import { aSpec } from '@trainyard/testkit/builders.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { orderedId } from '../platform/ordered-id.ts';
import { type Database, openDatabase } from '../stores/sql/database.ts';
import { openStores } from '../stores/sql/open-stores.ts';
import type { Stores } from '../stores/stores.ts';
import { Trainings } from './trainings.ts';

const ann: Actor = { user: 'ann', reach: { sees: ['a'], writes: ['a'] } };
const bob: Actor = { user: 'bob', reach: { sees: ['b'], writes: ['b'] } };
const spec = (project: string): TrainingSpec => aSpec({ project, engine: 'local' });

let dir: string;
let database: Database;
let stores: Stores;
let trainings: Trainings;
/** What happens just before the store is asked to delete. */
let beforeDelete: () => Promise<unknown>;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'trainyard-trainings-'));
  database = await openDatabase(`sqlite://${dir}/t.db`);
  stores = openStores(database, () => 1_000);
  beforeDelete = () => Promise.resolve();
  let made = 0;
  trainings = new Trainings({
    ...stores,
    trainings: {
      find: (id) => stores.trainings.find(id),
      list: (filter) => stores.trainings.list(filter),
      listById: (filter) => stores.trainings.listById(filter),
      submit: (submission) => stores.trainings.submit(submission),
      delete: (id, options) => beforeDelete().then(() => stores.trainings.delete(id, options)),
    },
    connections: { typesOf: () => Promise.resolve(new Map()), uses: () => Promise.resolve(new Map()) },
    integrations: { find: () => Promise.resolve(undefined) },
    snapshots: { find: () => Promise.resolve(undefined) },
    known: { engines: ['local'], toolchains: ['command'], nodePools: [] },
    launches: () => undefined,
    newId: () => orderedId(made++),
    now: () => 1_000,
    wake: () => undefined,
  });
});
afterEach(async () => {
  await database.close();
  rmSync(dir, { recursive: true });
});

/** A run of Ann's that has ended, of a training that is gone. */
async function aRunWithoutTraining() {
  const { latestRun: run } = await trainings.put('create', { id: 'trees', spec: spec('a') }, { run: true, ...ann });
  await stores.runs.requestStop(run?.id ?? '', 1_000);
  await trainings.delete('trees', false, ann);
  return (await stores.runs.find(run?.id ?? ''))!;
}

describe('trainings', () => {
  it('retries no run into a training that belongs to another project by now', async () => {
    const old = await aRunWithoutTraining();
    await trainings.put('create', { id: 'trees', spec: spec('b') }, { run: false, ...bob });
    await expect(trainings.retry(old, ann)).rejects.toMatchObject({ code: 'TRAINING_NOT_FOUND' });
    expect(await trainings.get('trees', bob)).toMatchObject({ runCount: 0, latestRun: undefined });
    expect((await stores.runs.list({ limit: 10 })).map(({ id }) => id)).toEqual([old.id]);
  });

  it('retries a run into a training that was made again in its project', async () => {
    const old = await aRunWithoutTraining();
    await trainings.put('create', { id: 'trees', spec: spec('a') }, { run: false, ...ann });
    expect(await trainings.retry(old, ann)).toMatchObject({ trainingId: 'trees', project: 'a', state: 'queued' });
  });

  it('deletes by force also when a run was started meanwhile, which it stops', async () => {
    await trainings.put('create', { id: 'trees', spec: spec('a') }, { run: true, ...ann });
    let started = 0;
    beforeDelete = async () => {
      if (started++ === 0) await trainings.run('trees', {}, ann);
    };
    await trainings.delete('trees', true, ann);
    expect((await stores.runs.list({ limit: 10 })).map(({ state }) => state)).toEqual(['stopped', 'stopped']);
    await expect(trainings.get('trees', ann)).rejects.toMatchObject({ code: 'TRAINING_NOT_FOUND' });
  });

  it('deletes without force only when no run was started meanwhile', async () => {
    await trainings.put('create', { id: 'trees', spec: spec('a') }, { run: false, ...ann });
    beforeDelete = () => trainings.run('trees', {}, ann);
    await expect(trainings.delete('trees', false, ann)).rejects.toMatchObject({ code: 'TRAINING_ACTIVE', params: { count: 1 } });
    expect(await trainings.get('trees', ann)).toMatchObject({ runCount: 1, latestRun: { state: 'queued' } });
  });
});
