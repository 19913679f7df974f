import { getEventListeners } from 'node:events';
import type { Report } from '@trainyard/core/training/outcome.ts';
import { FakeClock } from '@trainyard/testkit/fake-databricks/fake-clock.ts';
import type { Fault } from '@trainyard/testkit/fake-databricks/fake-workspace.ts';
import { silentLogger } from '@trainyard/testkit/silent-logger.ts';
import { describe, expect, it } from 'vitest';
import type { AttemptRecord } from './attempts/attempt-record.ts';
import { Follower } from './background/follower.ts';
import { aKey, TestEngine } from './test-engine.ts';

const KEY = aKey('one');
const MINUTE = 60_000;

async function notes(test: TestEngine, key = KEY): Promise<string[]> {
  return (await test.engine.reports(key)).flatMap((report: Report) => (report.kind === 'note' ? [report.message] : []));
}

async function ended(test: TestEngine, keys: readonly string[]): Promise<number> {
  const seen = await Promise.all(keys.map((key) => test.engine.observe(key)));
  return seen.filter(({ kind }) => kind === 'exited').length;
}

describe('following many runs at Databricks', () => {
  const keys = Array.from({ length: 60 }, (_, index) => aKey(index));

  async function started(test: TestEngine, spec: Record<string, unknown> = {}): Promise<void> {
    test.workspace.runs.plan = () => ({ runningMs: MINUTE });
    for (const key of keys) await test.submit(key, spec);
    await test.clock.until('all are at work', () => test.workspace.runs.all().length === keys.length, 30_000);
  }

  it.each<[string, Fault]>([
    ['break off', { on: '/runs/list', times: 10_000, what: 'cut' }],
    ['are refused', { on: '/runs/list', times: 10_000, what: { status: 403, body: '{"error_code":"PERMISSION_DENIED","message":"no lists for you"}' } }],
    ['are no lists', { on: '/runs/list', times: 10_000, what: { status: 200, body: '[]' } }],
  ])('sees their ends although the lists %s', async (_what, fault) => {
    await using test = new TestEngine();
    await started(test);
    test.workspace.fail(fault);
    await test.clock.advance(2 * MINUTE);
    expect(await ended(test, keys)).toBe(keys.length);
  });

  it('asks once more for a page that fails, and for no run by itself', async () => {
    await using test = new TestEngine();
    await started(test);
    const looks = test.workspace.count('/runs/get');
    test.workspace.fail({ on: '/runs/list', times: 1, what: { status: 503 } });
    await test.clock.advance(10_000);
    expect(test.workspace.count('/runs/get')).toBe(looks);
  });

  it('reads lists in which each run has a megabyte of parameters', async () => {
    await using test = new TestEngine();
    await started(test, { hyperParameters: { big: 'x'.repeat(900_000) } });
    const looks = test.workspace.count('/runs/get');
    await test.clock.until('their ends', async () => (await ended(test, keys)) === keys.length, 3 * MINUTE);
    // those of the last few, which no list is worth
    expect(test.workspace.count('/runs/get') - looks).toBeLessThan(30);
  });

  it('goes on with the others when some cannot be looked at', async () => {
    await using test = new TestEngine();
    await started(test);
    for (const { id } of test.workspace.runs.all().slice(0, 30)) test.workspace.runs.say(id, { status: { state: 'RUNNING' } });
    test.workspace.fail({ on: '/runs/list', times: 10_000, what: 'cut' });
    const [poisoned] = test.workspace.runs.all();
    const handle = test.workspace.handle.bind(test.workspace);
    test.workspace.handle = (call) => (call.path.endsWith(`/runs/get?run_id=${poisoned?.id}`) ? { status: 500, headers: {}, body: '{"error_code":"INTERNAL_ERROR","message":"boom"}' } : handle(call));
    await test.clock.advance(3 * MINUTE);
    expect(await ended(test, keys)).toBe(30);
  });
});

describe('a run that goes on at Databricks', () => {
  it('says what it waits for, once', async () => {
    await using test = new TestEngine();
    test.workspace.runs.plans.set('/Train', { queuedMs: 5 * MINUTE, pendingMs: MINUTE, runningMs: MINUTE });
    await test.submit(KEY);
    await test.end(KEY);
    expect(await notes(test)).toEqual(['waits at Databricks: Queued due to reaching the limit of active runs.', 'waits at Databricks: Waiting for cluster']);
  });

  it('is unreachable while the credentials are not accepted, and says so', async () => {
    await using test = new TestEngine();
    test.workspace.runs.plans.set('/Train', { runningMs: 30 * MINUTE });
    await test.submit(KEY);
    await test.clock.advance(10_000);
    test.workspace.credentials.revokeAll();
    const before = test.workspace.calls.length;
    await test.clock.advance(60 * MINUTE);
    const message = 'Databricks does not accept the credentials of the server: Invalid access token.';
    expect(await test.engine.observe(KEY)).toEqual({ kind: 'unreachable', message });
    expect(await notes(test)).toEqual([message]);
    // one in five seconds
    expect(test.workspace.calls.length - before).toBeLessThan(1_000);
    test.workspace.credentials.accept('dapi-secret');
    expect(await test.end(KEY, 10_000)).toMatchObject({ ok: true });
  });

  it('that may not be seen any more goes on, and says so', async () => {
    await using test = new TestEngine();
    test.workspace.runs.plans.set('/Train', { runningMs: 30 * MINUTE });
    await test.submit(KEY);
    await test.clock.advance(10_000);
    test.workspace.fail({ on: '/runs/get', times: 100, what: { status: 403, body: '{"error_code":"PERMISSION_DENIED","message":"ann has no View permission on the run"}' } });
    await test.clock.advance(MINUTE);
    expect([await test.engine.observe(KEY), await notes(test)]).toEqual([{ kind: 'active' }, ['Databricks does not show the run: ann has no View permission on the run']]);
    expect(await test.end(KEY)).toMatchObject({ ok: true });
  });
});

describe('the follower of runs', () => {
  it('leaves nothing behind when it has nothing to follow', async () => {
    const ending = new AbortController();
    const clock = new FakeClock();
    let records: AttemptRecord[] = [];
    const attempts = { active: () => records, change: () => Promise.resolve(void (records = [])) };
    const workspace = { run: () => Promise.resolve({ runId: '1' }) };
    // of all an engine has, what it is followed by
    const follower = new Follower({ attempts, workspace, lookEveryMs: 10, clock, log: silentLogger, signal: ending.signal } as unknown as ConstructorParameters<typeof Follower>[0]);
    const running = follower.run();
    for (let turn = 0; turn < 50; turn++) {
      records = [{ key: KEY, phase: 'submitted', runId: '1' } as AttemptRecord];
      follower.wake();
      await clock.advance(20);
    }
    expect(getEventListeners(ending.signal, 'abort').length).toBeLessThan(5);
    ending.abort();
    await running;
  });
});
