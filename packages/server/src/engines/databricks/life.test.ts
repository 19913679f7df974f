import { CLUSTER_FAILED, RAISED } from '@trainyard/testkit/fake-databricks/fake-run.ts';
import { describe, expect, it } from 'vitest';
import { aKey, TestEngine, type TestEngineOptions } from './test-engine.ts';

const KEY = aKey('one');
const MINUTE = 60_000;

/** The steps and their states as the server was told them. */
function steps(test: TestEngine, key = KEY): string[] {
  return (test.delivered.get(key) ?? []).flatMap(({ report }) => (report.kind === 'step' ? [`${report.step} ${report.state}`] : []));
}

function notes(test: TestEngine, key = KEY): string[] {
  return (test.delivered.get(key) ?? []).flatMap(({ report }) => (report.kind === 'note' ? [report.message] : []));
}

describe('a notebook at Databricks', () => {
  it.each<TestEngineOptions>([{ wording: 'both' }, { wording: 'status' }, { wording: 'state' }])('is followed from its wish to its result, told in words of %j', async (options) => {
    await using test = new TestEngine(options);
    test.workspace.runs.plans.set('/Train', { queuedMs: MINUTE, pendingMs: MINUTE, runningMs: MINUTE, terminatingMs: 5_000, output: { result: 'rmse=0.7' } });
    await test.submit(KEY, { hyperParameters: { alpha: '0.5' } });
    await test.clock.advance(90_000);
    expect(steps(test)).toEqual(['environment running']);
    await test.clock.advance(MINUTE);
    expect(steps(test)).toEqual(['environment running', 'environment succeeded', 'train running']);
    expect(await test.end(KEY)).toMatchObject({ ok: true });
    const [run] = test.workspace.runs.all();
    expect(await test.facts(KEY)).toEqual({ externalId: '8856245678901234567', url: expect.stringContaining(`/run/8856245678901234567`), result: 'rmse=0.7' });
    expect(run?.request.tasks[0]?.notebook_task).toEqual({ notebook_path: '/Train', source: 'WORKSPACE', base_parameters: { alpha: '0.5' } });
    expect(await test.log(KEY)).toMatch(/^Databricks run 8856245678901234567 https:.*\nrmse=0.7\n$/);
    expect(steps(test).at(-1)).toBe('train succeeded');
  });

  it('that raises says so in its own words, with the trace in the log', async () => {
    await using test = new TestEngine();
    test.workspace.runs.plans.set('/Train', { runningMs: MINUTE, end: RAISED, output: { error: '\u001b[31mValueError\u001b[0m: no such column', errorTrace: 'line 3\nline 4' } });
    await test.submit(KEY);
    expect(await test.end(KEY)).toMatchObject({ ok: false, reason: 'exit_code', step: 'train', message: 'ValueError: no such column', lastLines: 'line 3\nline 4' });
    expect(await test.log(KEY)).toContain('Workload failed, see run output for details\n\u001b[31mValueError\u001b[0m: no such column\nline 3\nline 4\n');
  });

  it('whose machine is lost says that, whatever its output says', async () => {
    await using test = new TestEngine();
    test.workspace.runs.plans.set('/Train', { runningMs: MINUTE, end: { code: 'CLUSTER_ERROR', type: 'CLOUD_FAILURE', message: 'The spot instances were taken away', lifeCycle: 'INTERNAL_ERROR' }, output: { error: 'Run output is not available.' } });
    await test.submit(KEY);
    expect(await test.end(KEY)).toMatchObject({ ok: false, reason: 'host_lost', message: 'The spot instances were taken away' });
    expect(await test.log(KEY)).toContain('Run output is not available.');
  });

  it.each<[string, (tries: number) => string, number]>([
    ['the same with another number', (tries) => `Request ${tries}a-77 was not taken`, 1],
    ['something else', (tries) => 'x'.repeat(tries), 20],
  ])('has few notes of a workspace that says %s with every try', async (_what, message, most) => {
    await using test = new TestEngine();
    let tries = 0;
    test.workspace.chaos = () => ({ what: { status: 503, body: JSON.stringify({ error_code: 'TEMPORARILY_UNAVAILABLE', message: message(tries++) }) } });
    await test.submit(KEY);
    await test.clock.advance(24 * 60 * MINUTE);
    expect(notes(test)).toHaveLength(most);
    expect((await test.book.list())[0]?.revision).toBeLessThan(250);
  });

  it.each(['once Databricks has them', 'once it is stopped'])('is kept without its parameters %s', async (when) => {
    await using test = new TestEngine();
    test.workspace.runs.plans.set('/Train', { runningMs: MINUTE });
    test.workspace.down = when === 'once it is stopped';
    await test.submit(KEY, { hyperParameters: { big: 'x'.repeat(900_000) } });
    await test.clock.advance(10_000);
    if (test.workspace.down) await test.engine.stop(KEY, 0);
    expect((await test.book.list())[0]?.record.length).toBeLessThan(5_000);
    await test.end(KEY);
  });

  it('whose cluster cannot be had never was at work', async () => {
    await using test = new TestEngine();
    test.workspace.runs.plans.set('/Train', { pendingMs: MINUTE, end: CLUSTER_FAILED });
    test.workspace.clusters.put('c2', { state: 'RUNNING' });
    await test.submit(KEY, { databricks: { cluster: { existing: 'c2' } } });
    await test.clock.advance(10_000);
    test.workspace.clusters.put('c2', { state: 'ERROR' });
    expect(await test.end(KEY)).toMatchObject({ ok: false, reason: 'could_not_start', step: 'environment', message: 'The cluster could not be used.' });
  });

  it('that takes longer than it may is ended by Databricks', async () => {
    await using test = new TestEngine();
    test.workspace.runs.plans.set('/Train', { runningMs: 10 * MINUTE });
    await test.submit(KEY, { databricks: { timeout: '90s' } });
    expect(await test.end(KEY)).toMatchObject({ ok: false, reason: 'timeout' });
    expect(test.workspace.runs.all()[0]?.request.timeout_seconds).toBe(90);
  });

  it('gives a long result in pieces: a beginning as a fact, all of it as log', async () => {
    await using test = new TestEngine();
    const result = 'é'.repeat(100_000);
    test.workspace.runs.plans.set('/Train', { output: { result, truncated: true } });
    await test.submit(KEY);
    await test.end(KEY);
    expect((await test.facts(KEY))['result']).toMatch(/^é{16000} … \(100000 characters; the log has them all\)$/);
    expect(await test.log(KEY)).toContain(`${result}\n(Databricks gives the first 5 MB of a result only)\n`);
  });
});

describe('stopping a notebook at Databricks', () => {
  it('ends what was not handed over without a call', async () => {
    await using test = new TestEngine();
    test.workspace.clusters.put('c1', { state: 'TERMINATING' });
    await test.submit(KEY, { databricks: { cluster: { existing: 'c1' } } });
    await test.clock.advance(12_000);
    await test.engine.stop(KEY, 1_000);
    expect(await test.end(KEY)).toMatchObject({ ok: false, reason: 'cancelled', message: 'stopped before it was handed to Databricks' });
    await test.clock.advance(MINUTE);
    expect([test.workspace.count('/submit'), test.workspace.count('/cancel')]).toEqual([0, 0]);
  });

  it('cancels the run by its whole id', async () => {
    await using test = new TestEngine();
    test.workspace.runs.plans.set('/Train', { runningMs: 60 * MINUTE, terminatingMs: 20_000 });
    await test.submit(KEY);
    await test.clock.advance(10_000);
    await test.engine.stop(KEY, 1_000);
    expect(await test.end(KEY, 40_000)).toMatchObject({ ok: false, reason: 'cancelled' });
    expect(test.workspace.count('/cancel')).toBe(1);
  });

  it('says cancel again when that had no effect', async () => {
    await using test = new TestEngine();
    test.workspace.runs.plans.set('/Train', { runningMs: 60 * MINUTE });
    await test.submit(KEY);
    await test.clock.advance(10_000);
    test.workspace.fail({ on: '/cancel', what: { status: 200, body: '{}' } });
    await test.engine.stop(KEY, 1_000);
    expect(await test.end(KEY, MINUTE)).toMatchObject({ reason: 'cancelled' });
    expect(test.workspace.count('/cancel')).toBe(2);
  });

  it('cancels a run whose submit got no answer', async () => {
    await using test = new TestEngine();
    test.workspace.runs.plans.set('/Train', { runningMs: 60 * MINUTE });
    test.workspace.fail({ on: '/submit', after: true, what: 'cut' });
    await test.submit(KEY);
    await test.clock.advance(1);
    await test.engine.stop(KEY, 1_000);
    expect(await test.end(KEY, MINUTE)).toMatchObject({ reason: 'cancelled' });
    expect(test.workspace.runs.all().map(({ isOver, end }) => [isOver, end?.code])).toEqual([[true, 'USER_CANCELED']]);
  });

  it('sees a run to its end that nobody needs any more', async () => {
    await using test = new TestEngine();
    test.workspace.runs.plans.set('/Train', { runningMs: 60 * MINUTE });
    await test.submit(KEY);
    await test.clock.advance(10_000);
    const told = test.delivered.get(KEY)?.length;
    await test.engine.reap(KEY);
    await test.clock.until('it is forgotten', async () => (await test.engine.keys()).length === 0);
    expect(test.workspace.runs.all()[0]).toMatchObject({ isOver: true });
    expect(test.delivered.get(KEY)?.length).toBe(told);
  });
});

describe('a cluster that is named', () => {
  const onCluster = { databricks: { cluster: { existing: 'c1' } } };

  it('is started when it is terminated, once for all runs that wait', async () => {
    await using test = new TestEngine();
    test.workspace.clusters.put('c1', { state: 'TERMINATED', startMs: 5 * MINUTE });
    for (const name of [1, 2, 3]) await test.submit(aKey(name), onCluster);
    await test.clock.advance(4 * MINUTE);
    expect([test.workspace.clusters.get('c1').starts, test.workspace.count('/submit')]).toEqual([1, 0]);
    expect(notes(test, aKey(2))).toEqual(['waits for cluster c1, which was terminated and is started', 'waits for cluster c1, which is PENDING']);
    for (const name of [1, 2, 3]) expect(await test.end(aKey(name))).toMatchObject({ ok: true });
    expect(test.workspace.count('/clusters/get')).toBeLessThan(70);
  });

  it('is waited for while it terminates, then started', async () => {
    await using test = new TestEngine();
    test.workspace.clusters.put('c1', { state: 'TERMINATING', next: { at: test.clock.now() + MINUTE, state: 'TERMINATED' } });
    await test.submit(KEY, onCluster);
    await test.clock.advance(50_000);
    expect(test.workspace.count('/clusters/start')).toBe(0);
    expect(await test.end(KEY)).toMatchObject({ ok: true });
    expect(test.workspace.clusters.get('c1').starts).toBe(1);
  });

  it.each(['PENDING', 'RESTARTING', 'UNKNOWN', 'HIBERNATING'])('is waited for while it is %s', async (state) => {
    await using test = new TestEngine();
    test.workspace.clusters.put('c1', { state });
    await test.submit(KEY, onCluster);
    await test.clock.advance(MINUTE);
    expect([test.workspace.count('/submit'), test.workspace.count('/clusters/start')]).toEqual([0, 0]);
    test.workspace.clusters.put('c1', { state: 'RESIZING' });
    expect(await test.end(KEY)).toMatchObject({ ok: true });
  });

  it.each<[string, Parameters<TestEngine['workspace']['clusters']['put']>[1], RegExp]>([
    ['is in error', { state: 'ERROR', message: 'quota' }, /cluster c1 is in error: quota, CLOUD_PROVIDER_LAUNCH_FAILURE, quota/],
    ['is started and terminates again', { state: 'TERMINATED', startsTo: 'TERMINATED' }, /was started and terminated again/],
    ['is started into an error', { state: 'TERMINATED', startsTo: 'ERROR' }, /is in error/],
    ['does not get ready', { state: 'PENDING' }, /was not running after 20 minutes/],
  ])('that %s is an error of its own', async (_what, cluster, message) => {
    await using test = new TestEngine();
    test.workspace.clusters.put('c1', cluster);
    await test.submit(KEY, onCluster);
    expect(await test.end(KEY)).toMatchObject({ ok: false, reason: 'could_not_start', step: 'environment', message: expect.stringMatching(message) });
    expect(test.workspace.count('/submit')).toBe(0);
  });

  it('that nobody knows is a mistake of the training', async () => {
    await using test = new TestEngine();
    await test.submit(KEY, { databricks: { cluster: { existing: 'nope' } } });
    expect(await test.end(KEY)).toMatchObject({ ok: false, reason: 'bad_spec', message: 'cluster nope: Cluster nope does not exist' });
  });

  it('is waited for as long by whoever comes later', async () => {
    await using test = new TestEngine();
    test.workspace.clusters.put('c1', { state: 'PENDING' });
    await test.submit(aKey('early'), onCluster);
    await test.clock.advance(19 * MINUTE);
    await test.submit(KEY, onCluster);
    expect(await test.end(aKey('early'), 2 * MINUTE)).toMatchObject({ reason: 'could_not_start' });
    await test.clock.advance(17 * MINUTE);
    expect(await test.engine.observe(KEY)).toEqual({ kind: 'active' });
    expect(await test.end(KEY, 3 * MINUTE)).toMatchObject({ reason: 'could_not_start', message: 'cluster c1 was not running after 20 minutes' });
  });

  it('that was long idle gets its patience anew', async () => {
    await using test = new TestEngine();
    test.workspace.clusters.put('c1', { state: 'PENDING' });
    await test.submit(KEY, onCluster);
    await test.clock.advance(15 * MINUTE);
    await test.engine.stop(KEY, 0);
    await test.clock.advance(15 * MINUTE);
    await test.submit(aKey('later'), onCluster);
    await test.clock.advance(15 * MINUTE);
    expect(await test.engine.observe(aKey('later'))).toEqual({ kind: 'active' });
  });
});
