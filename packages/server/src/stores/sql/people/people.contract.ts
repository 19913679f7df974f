import { aSpec } from '@trainyard/testkit/builders.ts';
import { Migrator } from 'kysely/migration';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../audit.ts';
import type { Stores } from '../../stores.ts';
import { SqlAuditStore } from './audit.ts';
import { connect, type Database, openDatabase } from '../database.ts';
import { MIGRATIONS } from '../migrations/catalog.ts';
import { openStores } from '../open-stores.ts';
import { SqlProjectStore } from './projects.ts';
import { openRegistryStore } from '../registry/store.ts';
import { openTrackingStore } from '../tracking/store.ts';

const runId = (digit: string) => digit.repeat(32);
const entry = (changes: Partial<AuditEntry> = {}): AuditEntry => ({ at: 1, whoName: 'ci', whoId: 't1', action: 'secret.put', resource: 'key', project: null, outcome: 'done', requestId: 'req-1', address: '::1', ...changes });

/** The audit log, projects, and what an older database becomes; every database runs this. `freshUrl` names an empty one. */
export function peopleContract(name: string, freshUrl: () => Promise<string>): void {
  describe(`people on ${name}`, () => {
    let url: string;
    let database: Database;
    let stores: Stores;
    beforeEach(async () => {
      url = await freshUrl();
      database = await openDatabase(url);
      stores = openStores(database, () => 1);
    });
    afterEach(() => database.close());

    const start = (id: string, project: string, run: string, experiment?: string) => {
      const spec = aSpec({ project, ...(experiment === undefined ? {} : { experiment }) });
      return stores.trainings.submit({ kind: 'create', id, spec, run: { id: runId(run), trainingId: id, spec, user: 'ann' } });
    };

    it('put what was done down in order, and find it again', async () => {
      const audit = new SqlAuditStore(database);
      await audit.append([entry(), entry({ at: 2, whoName: 'Ann', whoId: 'oidc:1', outcome: 'refused', project: 'wine' })]);
      await audit.append([entry({ at: 3, resource: null, action: 'run.stop' })]);
      const found = async (filter: object) => (await audit.list({ limit: 10, ...filter })).map(({ at }) => at);
      expect(await audit.list({ limit: 1 })).toEqual([{ id: expect.any(Number) as number, ...entry({ at: 3, resource: null, action: 'run.stop' }) }]);
      const [, second] = await audit.list({ limit: 2 });
      expect([await found({}), await found({ before: second?.id }), await found({ since: 2 }), await found({ who: 'Ann' }), await found({ who: 'oidc:1' }), await found({ who: "' or 1=1 --" })]).toEqual([[3, 2, 1], [1], [3, 2], [2], [2], []]);
      expect([await found({ action: 'run.stop' }), await found({ resource: 'key' }), await found({ project: 'wine' }), await found({ outcome: 'refused', who: 'ci' })]).toEqual([[3], [2, 1], [2], []]);
    });

    it('forget the oldest of what was done, a part at a time', async () => {
      const audit = new SqlAuditStore(database);
      await audit.append([5, 1, 4, 2, 3].map((at) => entry({ at })));
      expect([await audit.forget(4, 2), (await audit.list({ limit: 9 })).map(({ at }) => at)]).toEqual([2, [3, 4, 5]]);
      expect([await audit.forget(4, 2), await audit.forget(4, 2), (await audit.list({ limit: 9 })).map(({ at }) => at)]).toEqual([1, 0, [4, 5]]);
    });

    it('have trainings, runs and what comes out of them in one project', async () => {
      const projects = new SqlProjectStore(database);
      await start('red', 'wine', 'a');
      await start('plain', 'default', 'b');
      const tracking = openTrackingStore(database);
      const { id: wine } = (await tracking.experiments.findByName('red'))!;
      const model = await tracking.loggedModels.create({ id: `m-${runId('c')}`, experimentId: wine, name: 'm', modelType: null, sourceRunId: null, params: [], tags: [] }, 1);
      await openRegistryStore(database).versions.register({ name: 'grapes', project: 'wine', source: 's', storageLocation: 's', description: null, userId: null, runId: runId('a'), runLink: null, modelId: null, tags: [], aliases: [] }, 1);
      expect(await Promise.all([projects.ofExperiment(wine), projects.ofRun(runId('a')), projects.ofLoggedModel(model.id), projects.ofRegisteredModel('grapes'), projects.ofExperiment('0'), projects.ofRun(runId('b'))])).toEqual(['wine', 'wine', 'wine', 'wine', 'default', 'default']);
      expect(await Promise.all([projects.ofExperiment('77'), projects.ofRun('x'), projects.ofLoggedModel('x'), projects.ofRegisteredModel('x')])).toEqual([undefined, undefined, undefined, undefined]);
      expect([await projects.experimentsIn(['wine', 'x'], ['0', wine, '77']), await projects.experimentsIn([], [wine]), await projects.runsIn(['default'], [runId('a'), runId('b'), 'x']), await projects.runsIn(['wine'], [])]).toEqual([[wine], [], [runId('b')], []]);
    });

    it('find in lists and counts what is in their projects alone', async () => {
      await start('red', 'wine', 'a');
      await start('ale', 'beer', 'b');
      const tracking = openTrackingStore(database);
      const registry = openRegistryStore(database);
      for (const project of ['wine', 'beer']) {
        await registry.models.create({ name: `of-${project}`, project, description: null, tags: [] }, 1);
        await registry.versions.create({ name: `of-${project}`, source: 's', storageLocation: 's', description: null, userId: null, runId: null, runLink: null, modelId: null, tags: [] }, 1);
      }
      const names = async (projects: 'all' | string[]) => {
        const search = { projects, conditions: [], order: [], limit: 10 };
        const experiments = (await tracking.experiments.search(search)).items.map((one) => one.name);
        const models = (await registry.models.search(search)).items.map((one) => one.name);
        const versions = (await registry.versions.search(search)).items.map((one) => one.name);
        const trainings = (await stores.trainings.list({ projects, limit: 10 })).map((one) => one.id);
        const byId = (await stores.trainings.listById({ projects, offset: 0 })).map((one) => one.id);
        const runs = (await stores.runs.list({ projects, limit: 10 })).map((one) => one.trainingId);
        return [experiments, models, versions, trainings, byId, runs].map((list) => list.toSorted().join(' ')).concat(String((await stores.runs.countActive(projects)).queued ?? 0));
      };
      expect(await names(['wine'])).toEqual(['red', 'of-wine', 'of-wine', 'red', 'red', 'red', '1']);
      expect(await names([])).toEqual(['', '', '', '', '', '', '0']);
      expect(await names('all')).toEqual(['Default ale red', 'of-beer of-wine', 'of-beer of-wine', 'ale red', 'ale red', 'ale red', '2']);
    });

    it('cannot start a run in an experiment of another project; the others of the same moment start', async () => {
      const [stolen, fine] = await Promise.allSettled([start('red', 'wine', 'a', 'shared').then(() => start('ale', 'beer', 'b', 'shared')), start('stout', 'beer', 'c')]);
      expect(stolen).toMatchObject({ status: 'rejected', reason: { code: 'OTHER_PROJECT' } });
      expect(fine.status).toBe('fulfilled');
      expect([await stores.trainings.find('ale'), await stores.runs.find(runId('b'))]).toEqual([undefined, undefined]);
      const registry = openRegistryStore(database);
      await registry.models.create({ name: 'grapes', project: 'wine', description: null, tags: [] }, 1);
      const version = { name: 'grapes', project: 'beer', source: 's', storageLocation: 's', description: null, userId: null, runId: runId('c'), runLink: null, modelId: null, tags: [], aliases: [] };
      await expect(registry.versions.register(version, 1)).rejects.toMatchObject({ code: 'OTHER_PROJECT' });
    });
  });

  describe(`an older database on ${name}`, () => {
    it('keeps its tokens as they were, and gives everything the project it came from', async () => {
      const old = await connect(await freshUrl());
      try {
        const migrator = new Migrator({ db: old.read, provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) } });
        expect((await migrator.migrateTo('0005-connections')).error).toBeUndefined();
        await fillOld(old);
        expect((await migrator.migrateToLatest()).error).toBeUndefined();
        const projects = new SqlProjectStore(old);
        expect((await openStores(old, () => 1).tokens.list()).map(({ id, roles }) => [id, roles])).toEqual([['t', [{ role: 'admin' }]]]);
        expect(await Promise.all(['0', '1', '2', '3'].map((id) => projects.ofExperiment(id)))).toEqual(['default', 'wine', 'default', 'default']);
        expect(await Promise.all(['grapes', 'hops'].map((model) => projects.ofRegisteredModel(model)))).toEqual(['wine', 'default']);
      } finally {
        await old.close();
      }
    });
  });
}

/** Experiment 1 has runs of wine and then of beer, 2 of the default project, 3 none; the first version of grapes came from wine. */
async function fillOld({ read }: Database): Promise<void> {
  // as rows were before the columns of today
  const insert = (table: string, rows: readonly object[]) => read.insertInto(table as 'runs').values(rows as never).execute();
  await insert('tokens', [{ id: 't', name: 'ci', hash: 'h', created_at: 1 }]);
  await insert('experiments', [1, 2, 3].map((id) => ({ id, name: `e${id}`, artifact_location: '', lifecycle_stage: 'active', creation_time: 1, last_update_time: 1 })));
  const run = { training_id: 't', engine: 'local', lane: 'x', spec: '{}', state: 'succeeded', priority: 0, ready: 1, queued_at: 1, attempt: 1, submitted: 1, facts: '{}', warnings: '[]' };
  await insert('runs', [['a', 'wine', '1'], ['b', 'beer', '1'], ['c', 'default', '2']].map(([id = '', project, experiment]) => ({ ...run, id: runId(id), project, experiment_id: experiment })));
  await insert('registered_models', [['grapes', 1], ['hops', 2]].map(([name, id]) => ({ id, name, creation_time: 1, last_update_time: 1, last_version: 2 })));
  const version = { creation_time: 1, last_update_time: 1, stage: 'None', source: 's', storage_location: 's' };
  await insert('model_versions', [[1, 1, 'a'], [1, 2, 'b'], [2, 1, 'c']].map(([model, number, of]) => ({ ...version, registered_model_id: model, version: number, run_id: runId(String(of)) })));
}
