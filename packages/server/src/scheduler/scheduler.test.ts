import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { aFailure, aSpec } from '@trainyard/testkit/builders.ts';
import { FakeEngine } from '@trainyard/testkit/engines/fake-engine.ts';
import { silentLogger } from '@trainyard/testkit/silent-logger.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Assignment } from '../engines/engine.ts';
import { EngineUnreachable } from '../engines/engine.ts';
import type { RunRecord } from '../stores/runs.ts';
import { type Database, openDatabase } from '../stores/sql/database.ts';
import { openStores } from '../stores/sql/open-stores.ts';
import type { Stores } from '../stores/stores.ts';
import type { HandleContext } from './handle-run.ts';
import { type Patience, Scheduler, type SchedulerOptions } from './scheduler.ts';

let dir: string;
let database: Database;
let stores: Stores;
let engine: FakeEngine;
let now: number;
/** What was said on runs. */
let notes: [id: string, message: string][];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'trainyard-scheduler-'));
  database = await openDatabase(`sqlite://${dir}/trainyard.db`);
  now = 1_000_000;
  stores = openStores(database, () => now);
  engine = new FakeEngine();
  notes = [];
});

afterEach(async () => {
  await database.close();
  rmSync(dir, { recursive: true });
});

/** A scheduler as after a start of the server; the engine goes on meanwhile. */
function aScheduler({ patience, ...changes }: Partial<Pick<HandleContext, 'assign' | 'collect'>> & { patience?: Patience } = {}): Scheduler {
  const options: SchedulerOptions = {
    queue: stores.queue,
    limits: { total: 100, perProject: 100, perEngine: {} },
    pace: { lookEveryMs: 2_000, missingGraceMs: 60_000 },
    now: () => now,
    log: silentLogger,
    changed: () => undefined,
    ended: () => undefined,
    handle: {
      engine: (name) => (name === 'local' ? engine : undefined),
      assign: () => Promise.resolve({} as Assignment),
      collect: () => Promise.resolve(),
      note: async ({ id }, message) => void notes.push([id, message]),
      now: () => now,
      log: silentLogger,
      ...changes,
    },
  };
  return new Scheduler(options, patience);
}

/** A pass after every lease that the one before it may have left. */
async function passes(scheduler: Scheduler, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await scheduler.pass();
    now += 30_001;
  }
}

async function submit(changes: Record<string, unknown> = {}): Promise<string> {
  const id = randomBytes(16).toString('hex');
  const spec = aSpec(changes);
  await stores.trainings.submit({ kind: 'create', id: `t-${id.slice(0, 8)}`, spec, run: { id, trainingId: `t-${id.slice(0, 8)}`, spec, user: 'ann' } });
  return id;
}

const stateOf = async (id: string): Promise<string | undefined> => (await stores.runs.find(id))?.state;

describe('the scheduler', () => {
  it('fails a run at once whose connection was deleted while it was queued, and goes on with others', async () => {
    const gone = (run: RunRecord) => (run.id === broken ? Promise.reject(new TrainyardError('CONNECTION_NOT_FOUND', { id: 'wine' })) : Promise.resolve({} as Assignment));
    const broken = await submit({ retry: { maxAttempts: 3 } });
    const whole = await submit();
    const scheduler = aScheduler({ assign: gone });
    await scheduler.pass();
    await scheduler.pass();
    expect(await stores.runs.find(broken)).toMatchObject({ state: 'failed', attempt: 1, failure: { reason: 'bad_spec', message: "there is no connection 'wine'" } });
    expect(await stateOf(whole)).toBe('preparing');
  });

  it('starts a run once and ends it by its exit status', async () => {
    const scheduler = aScheduler();
    const id = await submit();
    await scheduler.pass();
    expect(engine.started).toEqual(new Map([[`${id}-1`, 1]]));
    expect(await stateOf(id)).toBe('preparing');
    engine.sights.set(`${id}-1`, { kind: 'exited', outcome: { ok: true, endedAt: now } });
    now += 2_000;
    await scheduler.pass();
    expect(await stateOf(id)).toBe('succeeded');
  });

  it('submits again with the same key when it died before the answer, and starts nothing twice', async () => {
    const id = await submit();
    // the first server claimed the run, the engine took it, and the server was gone before it could write that down
    const [run] = await stores.queue.claimQueued({ lease: 'dead', leaseUntil: now + 30_000, now, max: 10 }, { total: 9, perProject: 9, perEngine: {} });
    await engine.submit(`${id}-1`, {} as Assignment);
    expect(run?.submitted).toBe(false);
    await stores.queue.dropLeases();
    await aScheduler().pass();
    expect(engine.started).toEqual(new Map([[`${id}-1`, 1]]));
    expect((await stores.runs.find(id))?.submitted).toBe(true);
  });

  it('adopts what goes on after a restart', async () => {
    const id = await submit();
    await aScheduler().pass();
    now += 2_000;
    await aScheduler().pass();
    expect(await stateOf(id)).toBe('preparing');
    engine.sights.set(`${id}-1`, { kind: 'exited', outcome: aFailure() });
    now += 2_000;
    await aScheduler().pass();
    expect(await stores.runs.find(id)).toMatchObject({ state: 'failed', attempt: 1, failure: { reason: 'exit_code', exitCode: 1 } });
  });

  it('tries again on a new attempt when the host was lost, and no more than allowed', async () => {
    const id = await submit({ retry: { maxAttempts: 2, backoff: '5s' } });
    const scheduler = aScheduler();
    await scheduler.pass();
    engine.sights.set(`${id}-1`, { kind: 'exited' });
    now += 2_000;
    await scheduler.pass();
    expect(await stores.runs.find(id)).toMatchObject({ state: 'queued', nextAttemptAt: now + 5_000, failure: { reason: 'host_lost' } });
    now += 5_000;
    await scheduler.pass();
    expect([...engine.started.keys()]).toEqual([`${id}-1`, `${id}-2`]);
    engine.sights.set(`${id}-2`, { kind: 'exited' });
    now += 2_000;
    await scheduler.pass();
    expect(await stores.runs.find(id)).toMatchObject({ state: 'failed', attempt: 2 });
  });

  it('calls an engine that does not answer again, and one that refuses a failure', async () => {
    const waiting = await submit();
    engine.failSubmits.push(new EngineUnreachable('no answer'));
    const scheduler = aScheduler();
    await scheduler.pass();
    expect(await stores.runs.find(waiting)).toMatchObject({ state: 'preparing', submitted: false });
    now += 2_000;
    await scheduler.pass();
    expect(await stores.runs.find(waiting)).toMatchObject({ state: 'preparing', submitted: true });
    const refused = await submit({ retry: { maxAttempts: 1 } });
    engine.failSubmits.push(new Error('no such image'));
    await scheduler.pass();
    expect(await stores.runs.find(refused)).toMatchObject({ state: 'failed', failure: { reason: 'could_not_start', message: 'no such image' } });
  });

  it('stops on request, kills when that does not help, and says stopped', async () => {
    const id = await submit({ timeout: { grace: '3s' } });
    const scheduler = aScheduler();
    await scheduler.pass();
    await stores.runs.requestStop(id, now);
    await scheduler.pass();
    now += 6_000;
    await scheduler.pass();
    expect(engine.calls).toEqual([`stop ${id}-1`, `kill ${id}-1`]);
    engine.sights.set(`${id}-1`, { kind: 'exited' });
    now += 2_000;
    await scheduler.pass();
    expect(await stores.runs.find(id)).toMatchObject({ state: 'stopped', failure: { reason: 'cancelled' } });
  });

  it('fails a run whose engine the configuration no longer has', async () => {
    const id = await submit({ engine: 'gone' });
    await aScheduler().pass();
    expect(await stores.runs.find(id)).toMatchObject({ state: 'failed', failure: { reason: 'could_not_start' } });
  });

  it('runs as a loop that wakes and stops', async () => {
    const scheduler = aScheduler();
    scheduler.start();
    const id = await submit();
    scheduler.wake();
    await expect.poll(() => engine.started.get(`${id}-1`), { timeout: 30_000 }).toBe(1);
    await scheduler.stop();
  });
});

describe('a look that goes wrong', () => {
  const failing = (message: string) => () => Promise.reject(new Error(message));

  it('holds up neither the other runs nor a server that stops', async () => {
    const [stuck, other] = [await submit(), await submit()];
    const collect = (run: RunRecord): Promise<void> => (run.id === stuck ? new Promise(() => undefined) : Promise.resolve());
    const scheduler = aScheduler({ collect, patience: { lookMs: 1_000, passMs: 20 } });
    await scheduler.pass();
    for (const id of [stuck, other]) engine.sights.set(`${id}-1`, { kind: 'exited', outcome: { ok: true, endedAt: now } });
    now += 2_000;
    await scheduler.pass();
    await expect.poll(() => stateOf(other), { timeout: 30_000 }).toBe('succeeded');
    await scheduler.stop();
    expect(await stateOf(stuck)).toBe('preparing');
  });

  it('is tried again, and then the attempt ends as it did, with a word on what is missing', async () => {
    const id = await submit();
    const scheduler = aScheduler({ collect: failing('the disk broke') });
    await scheduler.pass();
    engine.sights.set(`${id}-1`, { kind: 'exited', outcome: { ok: true, endedAt: now } });
    now += 2_000;
    await passes(scheduler, 5);
    expect([await stateOf(id), notes]).toEqual(['preparing', []]);
    await passes(scheduler, 1);
    expect([await stateOf(id), notes]).toEqual(['succeeded', [[id, expect.stringContaining('could not be taken over: the disk broke')]]]);
  });

  it('gives a run up that cannot be killed, and says so', async () => {
    const id = await submit({ timeout: { grace: '3s' } });
    const scheduler = aScheduler();
    await scheduler.pass();
    await stores.runs.requestStop(id, now);
    await scheduler.pass();
    engine.kill = failing('process 7 cannot be killed');
    now += 30_000;
    await passes(scheduler, 6);
    expect(await stores.runs.find(id)).toMatchObject({ state: 'failed', failure: { reason: 'internal', message: expect.stringContaining('6 times in a row, the last time because: process 7 cannot be killed') as string } });
  });

  it('starts no second attempt beside a first one that cannot be ended', async () => {
    const id = await submit({ retry: { maxAttempts: 3 } });
    const scheduler = aScheduler();
    await scheduler.pass();
    engine.sights.set(`${id}-1`, { kind: 'exited' });
    engine.kill = failing('process 7 cannot be killed');
    now += 2_000;
    await passes(scheduler, 6);
    expect(await stores.runs.find(id)).toMatchObject({ state: 'failed', attempt: 1, failure: { reason: 'host_lost' } });
    expect(notes).toEqual([[id, 'it is over, but what it started could not be ended: process 7 cannot be killed']]);
  });

  it('is never the last one because an engine does not answer', async () => {
    const id = await submit();
    const scheduler = aScheduler();
    await scheduler.pass();
    engine.sights.set(`${id}-1`, { kind: 'exited', outcome: { ok: true, endedAt: now } });
    engine.kill = () => Promise.reject(new EngineUnreachable('no answer'));
    now += 2_000;
    await passes(scheduler, 12);
    expect(await stateOf(id)).toBe('preparing');
    engine.kill = () => Promise.resolve();
    await passes(scheduler, 1);
    expect(await stateOf(id)).toBe('succeeded');
  });

  it('is never the last one because there was no answer in time', async () => {
    const id = await submit();
    const scheduler = aScheduler({ assign: () => new Promise(() => undefined), patience: { lookMs: 20, passMs: 5 } });
    for (let i = 0; i < 8; i++) {
      await passes(scheduler, 1);
      await scheduler.stop();
    }
    expect(await stateOf(id)).toBe('preparing');
    await passes(aScheduler(), 1);
    expect(await stores.runs.find(id)).toMatchObject({ state: 'preparing', attempt: 1, submitted: true });
  });

  it.each([
    ['breaks for a moment', new Error('disk I/O error'), 30_001],
    ['does not answer', new TrainyardError('DATABASE_UNAVAILABLE', { problem: 'no answer' }), 2_000],
  ])('costs no attempt when a store %s', async (_, error, laterMs) => {
    const broken = [error];
    const id = await submit({ retry: { maxAttempts: 1 } });
    const scheduler = aScheduler({ assign: () => (broken.length > 0 ? Promise.reject(broken.pop() as Error) : Promise.resolve({} as Assignment)) });
    await scheduler.pass();
    expect(await stores.runs.find(id)).toMatchObject({ state: 'preparing', attempt: 1, submitted: false });
    now += laterMs;
    await scheduler.pass();
    expect(await stores.runs.find(id)).toMatchObject({ state: 'preparing', attempt: 1, submitted: true });
  });

  it('costs the attempt when what it needs cannot be read at all', async () => {
    const id = await submit({ retry: { maxAttempts: 1 } });
    await passes(aScheduler({ assign: failing('sealed with another key') }), 6);
    expect(await stores.runs.find(id)).toMatchObject({ state: 'failed', failure: { reason: 'could_not_start', message: 'sealed with another key' } });
  });
});
