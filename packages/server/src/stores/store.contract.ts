import { randomBytes } from 'node:crypto';
import type { Projects } from '@trainyard/core/access/reach.ts';
import { aFailure, aSpec } from '@trainyard/testkit/builders.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Claim, Limits, RunRecord } from './runs.ts';
import type { Stores } from './stores.ts';
import { submitted as submit } from './submitted.contract.ts';

const wide: Limits = { total: 1_000, perProject: 1_000, perEngine: {} };
const claim = (now: number, lease = 'lease-1', max = 100): Claim => ({ lease, leaseUntil: now + 30_000, now, max });

/** The promises of the control store; every database runs this. `open` gives empty stores whose clock reads `now()`. */
export function storeContract(name: string, open: (now: () => number) => Promise<Stores>): void {
  describe(`the store on ${name}`, () => {
    let stores: Stores;
    let now: number;
    beforeEach(async () => {
      now = 1_000;
      stores = await open(() => now);
    });

    const submitted = (id: string, changes?: Record<string, unknown>): Promise<RunRecord> => submit(stores, id, changes);

    async function claimed(id: string): Promise<RunRecord> {
      await submitted(id);
      const [run] = await stores.queue.claimQueued(claim(now), wide);
      if (run === undefined) throw new Error('nothing was claimed');
      return run;
    }

    it('keeps a training, its spec and all its runs', async () => {
      const first = await submitted('wine');
      const second = await submitted('wine', { priority: 3 });
      expect(second.number).toBeGreaterThan(first.number);
      expect(await stores.trainings.find('wine')).toMatchObject({ id: 'wine', spec: { priority: 3 }, runCount: 2, latestRun: { id: second.id, state: 'queued' } });
      expect((await stores.runs.list({ training: 'wine', limit: 10 })).map((run) => run.id)).toEqual([second.id, first.id]);
    });

    it('refuses to create what is there and to edit what is not, and keeps the others of the same batch', async () => {
      await submitted('there');
      const spec = aSpec();
      const results = await Promise.allSettled([
        stores.trainings.submit({ kind: 'create', id: 'there', spec, run: undefined }),
        stores.trainings.submit({ kind: 'edit', id: 'absent', spec, run: undefined }),
        stores.trainings.submit({ kind: 'create', id: 'fresh', spec, run: undefined }),
      ]);
      expect(results.map((result) => (result.status === 'rejected' ? (result.reason as { code: string }).code : result.value.id))).toEqual(['TRAINING_EXISTS', 'TRAINING_NOT_FOUND', 'fresh']);
    });

    it('takes 100 submits at the same time: none lost, none doubled', async () => {
      const runs = await Promise.all(Array.from({ length: 100 }, (_, i) => submitted(`t-${i}`)));
      expect(new Set(runs.map((run) => run.number)).size).toBe(100);
      expect(await stores.runs.countActive()).toEqual({ queued: 100 });
    });

    it('starts many runs at the same time in their order, among other submissions; one whose id is taken fails alone', async () => {
      const [a, b] = [await submitted('a'), await submitted('b')];
      const spec = aSpec();
      const start = (id: string, runId = randomBytes(16).toString('hex')) => stores.trainings.submit({ kind: 'run', id, run: { id: runId, trainingId: id, spec, user: 'ann' } });
      const edit = () => stores.trainings.submit({ kind: 'edit', id: 'b', spec: aSpec({ priority: 7 }), run: undefined });
      const results = await Promise.allSettled([start('a'), start('a'), start('nope'), start('b'), edit(), start('a'), start('b', a.id), start('b')]);
      const told = results.map((result) => (result.status === 'fulfilled' ? `${result.value.id} ${result.value.runCount}` : ((result.reason as { code?: string }).code ?? 'refused')));
      expect(told.map((one, at) => (at === 6 ? typeof one : one))).toEqual(['a 2', 'a 3', 'TRAINING_NOT_FOUND', 'b 2', 'b 2', 'a 4', 'string', 'b 3']);
      expect(results[6]?.status).toBe('rejected');
      const numbers = results.flatMap((result, at) => (result.status === 'fulfilled' && at !== 4 ? [result.value.latestRun?.number ?? 0] : []));
      expect(numbers).toEqual(numbers.toSorted((x, y) => x - y));
      expect(await stores.trainings.find('a')).toMatchObject({ runCount: 4, latestRun: { trainingId: 'a' } });
      expect(await stores.trainings.find('b')).toMatchObject({ runCount: 3, spec: { priority: 7 } });
      expect((await stores.runs.list({ limit: 100 })).map(({ id }) => id)).toEqual(expect.arrayContaining([a.id, b.id]));
    });

    it('finds a run by number, id and the beginning of its id', async () => {
      const run = await submitted('wine');
      for (const key of [run.id, String(run.number), run.id.slice(0, 12)]) expect((await stores.runs.find(key))?.id).toBe(run.id);
      for (const key of ['', '0', 'x', run.id.slice(0, 3), '../etc', 'f'.repeat(33)]) expect(await stores.runs.find(key)).toBeUndefined();
    });

    it('says that the beginning of an id fits several runs, of those that may be seen', async () => {
      const start = (project: string, digits: string) => {
        const id = `${project}-${digits}`;
        const run = { id: digits.padEnd(32, '7'), trainingId: id, spec: aSpec({ project }), user: 'ann' };
        return stores.trainings.submit({ kind: 'create', id, spec: run.spec, run });
      };
      for (const [project, digits] of [['a', '01900001'], ['b', '01900002a'], ['b', '01900002b']] as const) await start(project, digits);
      const found = async (key: string, projects?: Projects) => {
        const answer = await stores.runs.find(key, projects).catch((error: unknown) => (error as { code: string }).code);
        return typeof answer === 'object' ? answer.trainingId : answer;
      };
      expect([await found('019000'), await found('01900001'), await found('01900002'), await found('01900002b')]).toEqual(['RUN_AMBIGUOUS', 'a-01900001', 'RUN_AMBIGUOUS', 'b-01900002b']);
      expect([await found('019000', ['a']), await found('01900002', ['a']), await found('019000', ['b']), await found('019000', ['c'])]).toEqual(['a-01900001', undefined, 'RUN_AMBIGUOUS', undefined]);
      for (let i = 0; i < 100; i++) await start('b', `0190000${(i + 48).toString(16)}`);
      expect(await found('019000', ['a'])).toBe('RUN_AMBIGUOUS');
    });

    it('takes digits for a number only where a number could have them', async () => {
      const run = await submitted('wine');
      expect(await stores.runs.find(`0${run.number}`)).toBeUndefined();
    });

    it('lists runs by training, states and projects, newest first, page by page', async () => {
      const projects = Array.from({ length: 12 }, (_, i) => `p${i}`);
      for (let i = 0; i < 36; i++) await submitted(`t-${i % 18}`, { project: projects[(i % 18) % 12] });
      await stores.queue.claimQueued(claim(now, 'lease-1', 9), wide);
      for (const { id, number } of await stores.runs.list({ limit: 100 })) if (number % 4 === 0) await stores.runs.requestStop(id, now);
      const all = await stores.runs.list({ limit: 100 });
      expect(all.map(({ number }) => number)).toEqual(all.map(({ number }) => number).toSorted((a, b) => b - a));
      expect(new Set(all.map(({ state }) => state))).toEqual(new Set(['queued', 'preparing', 'stopped']));
      const before = all[12]?.number;
      for (const training of [undefined, 't-3', 'none'])
        for (const states of [undefined, [], ['queued'], ['preparing', 'stopped'], ['failed']] as const)
          for (const among of [undefined, 'all', [], ['p3'], ['p1', 'p3', 'none'], projects] as const)
            for (const place of [{ limit: 3 }, { limit: 100, before }]) {
              const fitting = all.filter((run) => (training === undefined || run.trainingId === training) && (states === undefined || (states as readonly string[]).includes(run.state)) && (among === undefined || among === 'all' || among.some((project) => project === run.project)) && (place.before === undefined || run.number < place.before));
              expect((await stores.runs.list({ training, states, projects: among, ...place })).map(({ id }) => id)).toEqual(fitting.slice(0, place.limit).map(({ id }) => id));
            }
    });

    it('claims by priority, then age, and writes the intent', async () => {
      const low = await submitted('low', { priority: -1 });
      const old = await submitted('old');
      const young = await submitted('young');
      const high = await submitted('high', { priority: 5 });
      const order = [];
      for (let i = 0; i < 4; i++) order.push(...(await stores.queue.claimQueued(claim(now, `l-${i}`, 1), wide)));
      expect(order.map((run) => run.id)).toEqual([high.id, old.id, young.id, low.id]);
      expect(order[0]).toMatchObject({ state: 'preparing', attempt: 1, submitted: false, lease: 'l-0' });
      expect(await stores.runs.attemptsOf(high.id)).toMatchObject([{ number: 1, state: 'active', startedAt: now }]);
    });

    it('keeps to the limits of engine, project and the whole', async () => {
      for (const [id, project] of [['a', 'p'], ['b', 'p'], ['c', 'q'], ['d', 'q'], ['e', 'r']] as const) await submitted(id, { project });
      const one = await stores.queue.claimQueued(claim(now), { total: 3, perProject: 1, perEngine: {} });
      expect(one.map((run) => run.trainingId).sort()).toEqual(['a', 'c', 'e']);
      expect(await stores.queue.claimQueued(claim(now), { total: 3, perProject: 2, perEngine: {} })).toEqual([]);
      expect(await stores.queue.claimQueued(claim(now), { total: 9, perProject: 2, perEngine: { local: 4 } })).toHaveLength(1);
    });

    it('gives each run to one of two who claim at the same time', async () => {
      await Promise.all(Array.from({ length: 20 }, (_, i) => submitted(`t-${i}`)));
      const both = await Promise.all([stores.queue.claimQueued(claim(now, 'one', 20), wide), stores.queue.claimQueued(claim(now, 'two', 20), wide)]);
      const ids = both.flat().map((run) => run.id);
      expect(ids).toHaveLength(20);
      expect(new Set(ids).size).toBe(20);
    });

    it('lets nobody else look at a run while it is leased, and everybody after that', async () => {
      const run = await claimed('wine');
      await stores.queue.apply([{ kind: 'update', runId: run.id, lease: 'lease-1', lookAt: now, submitted: true }], now);
      expect(await stores.queue.claimDue(claim(now, 'two'))).toHaveLength(1);
      expect(await stores.queue.claimDue(claim(now, 'three'))).toEqual([]);
      now += 30_001;
      expect(await stores.queue.claimDue(claim(now, 'three'))).toMatchObject([{ lease: 'three' }]);
      expect(await stores.queue.apply([{ kind: 'end', runId: run.id, lease: 'two', state: 'succeeded', failure: null }], now)).toEqual(new Set());
      expect((await stores.runs.find(run.id))?.state).toBe('preparing');
    });

    it('gives what is due although others that were due before are leased', async () => {
      const runs = [await claimed('a'), await claimed('b'), await claimed('c')];
      await stores.queue.apply(runs.map((run, i) => ({ kind: 'update', runId: run.id, lease: 'lease-1', lookAt: now + i, submitted: true })), now);
      now += 10;
      expect(await stores.queue.claimDue(claim(now, 'two', 2))).toHaveLength(2);
      await stores.runs.report({ runId: runs[0]?.id ?? '', attempt: 1, reports: [{ kind: 'outcome', seq: 1, at: 5, outcome: { ok: true, endedAt: 5 } }] });
      expect(await stores.queue.claimDue(claim(now, 'three', 1))).toMatchObject([{ id: runs[2]?.id }]);
      // nothing that anybody could claim: no reason to look again at once
      expect(await stores.queue.nextDueAt()).toBeNull();
    });

    it('has what a dead server held looked at as soon as the next one is there', async () => {
      const run = await claimed('wine');
      expect(await stores.queue.claimDue(claim(now, 'two'))).toEqual([]);
      await stores.queue.dropLeases();
      expect(await stores.queue.claimDue(claim(now, 'two'))).toMatchObject([{ id: run.id, submitted: false, lease: 'two' }]);
    });

    it('takes what an engine tells beside a runner once, and leaves the numbers to the runner', async () => {
      const run = await claimed('wine');
      const beside = { runId: run.id, attempt: 1, besideRunner: true, reports: [{ kind: 'note', seq: 1, at: 5, level: 'warning', message: 'waits' }, { kind: 'facts', seq: 2, at: 6, facts: { externalId: '7' } }, { kind: 'step', seq: 3, at: 7, step: 'train', state: 'running' }] } as const;
      for (let i = 0; i < 2; i++) expect(await stores.runs.report(beside)).toEqual({ lastSeq: 0, stop: false });
      expect(await stores.runs.report({ runId: run.id, attempt: 1, reports: [{ kind: 'facts', seq: 1, at: 8, facts: { python: '3.11' } }] })).toEqual({ lastSeq: 1, stop: false });
      expect(await stores.runs.find(run.id)).toMatchObject({ state: 'preparing', step: null, facts: { externalId: '7', python: '3.11' }, warnings: ['waits'] });
      expect((await stores.runs.eventsOf(run.id, 0, 100)).map((event) => event.kind)).toEqual(['state', 'state', 'note', 'facts', 'facts']);
    });

    it('ends a run, its attempt and its open step in one go', async () => {
      const run = await claimed('wine');
      await stores.runs.report({ runId: run.id, attempt: 1, reports: [{ kind: 'step', seq: 1, at: 5, step: 'train', state: 'running' }] });
      const failure = aFailure();
      await stores.queue.apply([{ kind: 'end', runId: run.id, lease: 'lease-1', state: 'failed', failure }], 9_000);
      expect(await stores.runs.find(run.id)).toMatchObject({ state: 'failed', failure, endedAt: 9_000, lease: null });
      expect(await stores.runs.attemptsOf(run.id)).toMatchObject([{ state: 'failed', failure, endedAt: 9_000, steps: [{ name: 'train', state: 'failed', endedAt: 9_000 }] }]);
      expect((await stores.runs.eventsOf(run.id, 0, 100)).map((event) => [event.kind, event.data['state']])).toEqual([['state', 'queued'], ['state', 'preparing'], ['step', 'running'], ['state', 'running'], ['state', 'failed']]);
    });

    it('queues a run again for another attempt once its time has come', async () => {
      const run = await claimed('wine');
      await stores.queue.apply([{ kind: 'retry', runId: run.id, lease: 'lease-1', at: 5_000, failure: aFailure({ reason: 'host_lost' }) }], now);
      expect(await stores.queue.claimQueued(claim(now), wide)).toEqual([]);
      expect(await stores.queue.nextDueAt()).toBe(5_000);
      expect(await stores.queue.releaseWaiting(4_999)).toBe(0);
      expect(await stores.queue.releaseWaiting(5_000)).toBe(1);
      expect(await stores.queue.claimQueued(claim(5_000), wide)).toMatchObject([{ attempt: 2, outcome: null, step: null }]);
      expect(await stores.runs.attemptsOf(run.id)).toMatchObject([{ number: 1, state: 'failed' }, { number: 2, state: 'active' }]);
    });

    it('takes a report once, however often it is sent', async () => {
      const run = await claimed('wine');
      const reports = [
        { kind: 'step', seq: 1, at: 5, step: 'train', state: 'running' },
        { kind: 'note', seq: 2, at: 6, level: 'warning', message: 'careful' },
        { kind: 'facts', seq: 3, at: 7, facts: { commit: 'abc' } },
      ] as const;
      for (let i = 0; i < 3; i++) expect(await stores.runs.report({ runId: run.id, attempt: 1, reports })).toEqual({ lastSeq: 3, stop: false });
      await stores.runs.report({ runId: run.id, attempt: 1, reports: [{ kind: 'facts', seq: 4, at: 8, facts: { python: '3.11.7' } }] });
      expect(await stores.runs.find(run.id)).toMatchObject({ state: 'running', step: 'train', warnings: ['careful'], facts: { commit: 'abc', python: '3.11.7' } });
      expect((await stores.runs.eventsOf(run.id, 0, 100)).filter((event) => event.kind === 'note')).toHaveLength(1);
    });

    it('takes how far a step is without beginning it anew', async () => {
      const run = await claimed('wine');
      const told = (seq: number, message?: string): Promise<unknown> => stores.runs.report({ runId: run.id, attempt: 1, reports: [{ kind: 'step', seq, at: seq * 10, step: 'data', state: 'running', message }] });
      await told(1);
      await told(2, '1 of 2 files');
      await told(3, '2 of 2 files');
      expect(await stores.runs.find(run.id)).toMatchObject({ step: 'data', stepStartedAt: 10 });
      expect(await stores.runs.attemptsOf(run.id)).toMatchObject([{ steps: [{ name: 'data', startedAt: 10, state: 'running', message: '2 of 2 files' }] }]);
      expect((await stores.runs.eventsOf(run.id, 0, 100)).filter((event) => event.kind === 'step')).toHaveLength(1);
    });

    it('takes reports that change nothing of the run but its history', async () => {
      const run = await claimed('wine');
      expect(await stores.runs.report({ runId: run.id, attempt: 1, reports: [{ kind: 'note', seq: 1, at: 5, level: 'info', message: 'by the way' }] })).toEqual({ lastSeq: 1, stop: false });
      expect(await stores.runs.report({ runId: run.id, attempt: 1, reports: [{ kind: 'step', seq: 2, at: 6, step: 'data', state: 'skipped' }] })).toEqual({ lastSeq: 2, stop: false });
    });

    it('refuses reports of an attempt that is over, and only those', async () => {
      const run = await claimed('wine');
      const other = await claimed('other');
      await stores.queue.apply([{ kind: 'retry', runId: run.id, lease: 'lease-1', at: now, failure: aFailure() }], now);
      const results = await Promise.allSettled([stores.runs.report({ runId: run.id, attempt: 1, reports: [] }), stores.runs.report({ runId: other.id, attempt: 1, reports: [] })]);
      expect(results).toMatchObject([{ status: 'rejected', reason: { code: 'STALE_ATTEMPT' } }, { status: 'fulfilled', value: { lastSeq: 0 } }]);
    });

    it('makes a reported outcome due at once, also when a look is being written', async () => {
      const run = await claimed('wine');
      await stores.runs.report({ runId: run.id, attempt: 1, reports: [{ kind: 'outcome', seq: 1, at: 5, outcome: { ok: true, endedAt: 5 } }] });
      await stores.queue.apply([{ kind: 'update', runId: run.id, lease: 'lease-1', lookAt: now + 60_000, submitted: true }], now);
      expect(await stores.queue.claimDue(claim(now, 'two'))).toMatchObject([{ outcome: { ok: true } }]);
    });

    it('stops a queued run at once, and tells the runner of an active one', async () => {
      const queued = await submitted('queued');
      expect(await stores.runs.requestStop(queued.id, now)).toMatchObject({ state: 'stopped', failure: { reason: 'cancelled' } });
      await expect(stores.runs.requestStop(queued.id, now)).rejects.toMatchObject({ code: 'RUN_ENDED' });
      const active = await claimed('active');
      expect(await stores.runs.requestStop(active.id, now)).toMatchObject({ state: 'preparing', cancelRequestedAt: now });
      expect(await stores.runs.report({ runId: active.id, attempt: 1, reports: [] })).toEqual({ lastSeq: 0, stop: true });
    });

    it('keeps hashed tokens and sealed secrets', async () => {
      await stores.tokens.put({ id: 't1', name: 'ci', hash: 'h', roles: [{ role: 'viewer', project: 'wine' }], createdAt: 1 });
      await stores.tokens.touch('t1', 7);
      const kept = { id: 't1', name: 'ci', hash: 'h', roles: [{ role: 'viewer', project: 'wine' }], createdAt: 1, lastUsedAt: 7 };
      expect(await stores.tokens.find('t1')).toEqual(kept);
      expect(await stores.tokens.setRoles('t1', [{ role: 'admin' }])).toEqual({ ...kept, roles: [{ role: 'admin' }] });
      expect(await stores.tokens.setRoles('t2', [{ role: 'admin' }])).toBeUndefined();
      expect([await stores.tokens.delete('t1'), await stores.tokens.delete('t1')]).toEqual([true, false]);
      await stores.secrets.put({ name: 'b', sealed: 'x', updatedAt: 1 });
      await stores.secrets.put({ name: 'a', sealed: 'y', updatedAt: 1 });
      await stores.secrets.put({ name: 'a', sealed: 'z', updatedAt: 2 });
      expect((await stores.secrets.list('', 10)).map((secret) => secret.sealed)).toEqual(['z', 'x']);
      expect(await stores.secrets.resealAll((secret) => `${secret.sealed}!`)).toBe(2);
      expect((await stores.secrets.find(['a', 'c'])).map((secret) => secret.sealed)).toEqual(['z!']);
    });
  });
}
