import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import type { Outcome, Report } from '@trainyard/core/training/outcome.ts';
import { CLUSTER_FAILED, RAISED, type RunPlan, TIMED_OUT, WELL } from '@trainyard/testkit/fake-databricks/fake-run.ts';
import type { Fault } from '@trainyard/testkit/fake-databricks/fake-workspace.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LAST_WORDS } from './remote-runner/wrapper.ts';
import { aKey, TestEngine, type TestEngineOptions } from './test-engine.ts';

const KEY = aKey('one');
const MINUTE = 60_000;
const HOME = 'Workspace/Users/ann@example.com/.trainyard';

let directory: string;
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'trainyard-workspace-'))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A workspace in which programs take a minute and then print this. */
function open(plan: RunPlan = {}, options: TestEngineOptions = {}): TestEngine {
  const test = new TestEngine({ directory, ...options });
  test.workspace.runs.program = () => ({ runningMs: MINUTE, ...plan });
  return test;
}

function words({ outcome, reports = [], log = '' }: { outcome?: unknown; reports?: readonly unknown[]; log?: string }): string {
  return `${log}\n${LAST_WORDS}${deflateSync(JSON.stringify({ outcome, reports, shownBytes: Buffer.byteLength(log) })).toString('base64')}\n`;
}

const fine: Outcome = { ok: true, endedAt: 5 };
const below = (path: string, root = HOME): string[] => readdirSync(join(directory, root, path));

describe('a program at Databricks', () => {
  it('finds wrapper, runner and order in the home of the server there, and no secret anywhere else', async () => {
    await using test = open({ output: { logs: words({ outcome: fine }) } });
    await test.submitProgram(KEY);
    expect(JSON.stringify(await test.book.list())).not.toContain('sesame-open');
    await test.clock.advance(10_000);
    const [program = ''] = below('programs');
    const order = JSON.parse(readFileSync(join(directory, HOME, 'attempts', KEY, 'order.json'), 'utf8')) as { secrets: unknown };
    expect(order.secrets).toEqual({ PASSWORD: 'sesame-open' });
    expect(below(`programs/${program}`).toSorted()).toEqual(['runner.mjs.gz', 'wrapper.py']);
    const [run] = test.workspace.runs.all();
    const home = `/Workspace/Users/ann@example.com/.trainyard`;
    expect(run?.request.tasks[0]?.spark_python_task).toEqual({ python_file: `${home}/programs/${program}/wrapper.py`, parameters: [`${home}/programs/${program}/wrapper.py`, `${home}/programs/${program}/runner.mjs.gz`, `${home}/attempts/${KEY}`, KEY], source: 'WORKSPACE' });
    expect(JSON.stringify([run?.request, await test.book.list()])).not.toMatch(/sesame-open|ty_run_/);
    expect(await test.end(KEY)).toEqual(fine);
    await test.engine.reap(KEY);
    expect([below('attempts'), await test.engine.keys()]).toEqual([[], []]);
  });

  it('brings wrapper and runner once for many, and again when somebody removed them', async () => {
    await using test = open({ output: { logs: words({ outcome: fine }) } });
    await Promise.all([1, 2, 3].map((name) => test.submitProgram(aKey(name))));
    await test.clock.advance(MINUTE);
    expect(test.workspace.count('/workspace/import')).toBe(2 + 3);
    rmSync(join(directory, HOME, 'programs'), { recursive: true });
    await test.clock.advance(11 * MINUTE);
    await test.submitProgram(KEY);
    await test.clock.advance(5_000);
    expect(below('programs')).toHaveLength(1);
  });

  it('may have its files in a volume', async () => {
    await using test = open({ output: { logs: words({ outcome: fine }) } }, { config: { files: '/Volumes/main/ml/trainyard' } });
    await test.submitProgram(KEY);
    await test.clock.advance(5_000);
    const root = 'Volumes/main/ml/trainyard/.trainyard';
    expect([below('attempts', root), below('programs', root).length]).toEqual([[KEY], 1]);
    expect(test.workspace.runs.all()[0]?.request.tasks[0]?.spark_python_task?.python_file).toMatch(/^\/Volumes\/main\/ml\/trainyard\/\.trainyard\/programs\/\w+\/wrapper\.py$/);
    await test.end(KEY);
    const reaped = test.engine.reap(KEY);
    await test.clock.advance(1_000);
    await reaped;
    expect(below('attempts', root)).toEqual([]);
  });

  it.each<[string, Fault]>([
    ['the answer to its files is lost', { on: '/workspace/import', times: 4, after: true, what: 'cut' }],
    ['its files do not arrive', { on: '/workspace/import', times: 4, what: { status: 503 } }],
    ['nobody says who we are', { on: '/Me', times: 3, what: 'garbage' }],
    ['the answer to its submit is lost', { on: '/submit', times: 3, after: true, what: 'stall' }],
    ['the workspace is busy', { times: 9, what: { status: 429 } }],
  ])('is one run when %s', async (_what, fault) => {
    await using test = open({ output: { logs: words({ outcome: fine }) } });
    test.workspace.fail(fault);
    await test.submitProgram(KEY);
    expect(await test.end(KEY)).toEqual(fine);
    expect(test.workspace.runs.all()).toHaveLength(1);
  });

  it('is brought there once, also when the workspace is gone just as it is sent', async () => {
    await using test = open({ output: { logs: words({ outcome: fine }) } }, { latencyMs: 40 });
    await test.submitProgram(KEY);
    await test.clock.until('its order is there', () => existsSync(join(directory, HOME, 'attempts', KEY, 'order.json')));
    await test.clock.advance(30);
    test.workspace.down = true;
    await test.clock.until('the send fails', () => test.workspace.count('/submit') > 0, MINUTE);
    await test.clock.advance(10 * MINUTE);
    const brought = test.workspace.count('/workspace/import');
    test.workspace.down = false;
    expect(await test.end(KEY)).toEqual(fine);
    expect([test.workspace.count('/workspace/import') - brought, test.workspace.runs.all().length]).toEqual([0, 1]);
  });

  it.each([0, 1, 50, 200, 400, 2_000])('is found again when the server is killed after %i ms', async (ms) => {
    await using test = open({ output: { logs: words({ outcome: fine }) } }, { latencyMs: 40 });
    await test.submitProgram(KEY);
    await test.clock.advance(ms);
    await test.restart();
    expect(await test.end(KEY)).toEqual(fine);
    expect(test.workspace.runs.all()).toHaveLength(1);
  });

  it('tells facts and notes beside the reports of its runner, and nothing else', async () => {
    await using test = open({ output: { logs: words({ outcome: fine }) } });
    test.workspace.clusters.put('c1', { state: 'TERMINATED', startMs: MINUTE });
    await test.submitProgram(KEY, { databricks: { cluster: { existing: 'c1' } } });
    await test.end(KEY);
    expect(test.delivered.get(KEY)).toBeUndefined();
    expect(test.beside.get(KEY)?.map((report) => (report.kind === 'note' ? report.message : report.kind === 'facts' ? report.facts : report.kind))).toEqual([
      'waits for cluster c1, which was terminated and is started',
      'waits for cluster c1, which is PENDING',
      { externalId: '8856245678901234567' },
      { url: expect.stringContaining('8856245678901234567') },
    ]);
  });
});

describe('the end of a program at Databricks', () => {
  const report: Report = { kind: 'step', seq: 1, at: 3, step: 'train', state: 'running' };

  it('is what its runner says, with its reports and its log, whatever the run there is called', async () => {
    const failed: Outcome = { ok: false, endedAt: 5, reason: 'exit_code', exitCode: 7, message: 'no' };
    await using test = open({ end: RAISED, output: { error: 'SystemExit: no', logs: `warning of Spark\n${words({ outcome: failed, reports: [report], log: 'né\n' })}` } });
    await test.submitProgram(KEY);
    expect(await test.end(KEY)).toEqual(failed);
    expect(await test.engine.reports(KEY)).toEqual([report]);
    expect(await test.log(KEY)).toBe('né\n');
  });

  it.each<[string, RunPlan, object]>([
    ['is gone', { end: RAISED, output: { error: 'The Python kernel is unresponsive.', logs: 'half a li' } }, { reason: 'host_lost', message: 'the runner ended without a last word: The Python kernel is unresponsive.' }],
    ['went well without a word', { end: WELL, output: { logs: 'all fine\n' } }, { reason: 'host_lost', message: 'the runner ended without a last word' }],
    ['took too long', { end: TIMED_OUT }, { reason: 'timeout', message: 'Run timed out.' }],
    ['had no cluster', { runningMs: 0, end: CLUSTER_FAILED }, { message: 'The cluster could not be used.' }],
    ['lost its machine', { end: { code: 'CLUSTER_ERROR', type: 'CLOUD_FAILURE', message: 'The spot instances were taken away', lifeCycle: 'INTERNAL_ERROR' }, output: { error: 'Run output is not available.' } }, { reason: 'host_lost', message: 'The spot instances were taken away' }],
    ['could not install', { end: { code: 'LIBRARY_INSTALLATION_ERROR', type: 'CLIENT_ERROR', message: 'no such library', result: 'FAILED' } }, { reason: 'environment_failed' }],
    ['printed such a line itself', { end: RAISED, output: { logs: `\n${LAST_WORDS}bm90aGluZw==\n` } }, { reason: 'host_lost' }],
    ['printed an end that is none', { end: RAISED, output: { logs: words({ outcome: { ok: 'yes' }, reports: [{ kind: 'party' }] }) } }, { reason: 'host_lost' }],
  ])('is that of Databricks when the task %s', async (_what, plan, outcome) => {
    await using test = open(plan);
    await test.submitProgram(KEY);
    expect(await test.end(KEY)).toMatchObject({ ok: false, ...outcome });
    expect(await test.engine.reports(KEY)).toEqual([]);
  });

  it('has the end of a log of which Databricks kept no more, and says so', async () => {
    const all = words({ outcome: fine, log: '0123456789' });
    await using test = open({ output: { logs: all.slice(4) } });
    await test.submitProgram(KEY);
    await test.end(KEY);
    expect(await test.log(KEY)).toBe('… (4 bytes are missing here: Databricks keeps the last 5 MB of an output)\n456789');
    const from = async (byte: number): Promise<string> => Buffer.concat(await Array.fromAsync(test.engine.logs(KEY, byte))).toString('utf8');
    expect([await from(4), await from(8), await from(10)]).toEqual(['456789', '89', '']);
  });
});

describe('stopping a program at Databricks', () => {
  it('leaves it the time it has, then cancels', async () => {
    await using test = open({ runningMs: 60 * MINUTE });
    await test.submitProgram(KEY);
    await test.clock.advance(10_000);
    await test.engine.stop(KEY, 30_000);
    await test.clock.advance(35_000);
    expect(test.workspace.count('/cancel')).toBe(0);
    expect(await test.end(KEY, 20_000)).toMatchObject({ reason: 'cancelled' });
    expect(test.workspace.count('/cancel')).toBe(1);
  });

  it('cancels at once what has no runner yet, and what is killed', async () => {
    await using test = open({ pendingMs: 10 * MINUTE, runningMs: 60 * MINUTE });
    await test.submitProgram(aKey('waits'));
    await test.clock.advance(10_000);
    await test.engine.stop(aKey('waits'), 30_000);
    expect(await test.end(aKey('waits'), 10_000)).toMatchObject({ reason: 'cancelled' });
    test.workspace.runs.program = () => ({ runningMs: 60 * MINUTE });
    await test.submitProgram(KEY);
    await test.clock.advance(10_000);
    await test.engine.stop(KEY, 300_000);
    void test.engine.kill(KEY);
    expect(await test.end(KEY, 10_000)).toMatchObject({ reason: 'cancelled' });
  });

  it('lets one whose end is known here come to its end there', async () => {
    await using test = open({ runningMs: 30_000 });
    await test.submitProgram(KEY);
    await test.clock.advance(25_000);
    await test.engine.reap(KEY);
    await test.clock.until('it is forgotten', async () => (await test.engine.keys()).length === 0, 20_000);
    expect([test.workspace.count('/cancel'), test.workspace.runs.all()[0]?.end?.code, below('attempts')]).toEqual([0, 'SUCCESS', []]);
  });

  it.each(['here', 'by another server'])('leaves no order there when it is given back %s while its files are on their way', async (where) => {
    await using test = open({}, { latencyMs: 400 });
    await test.submitProgram(KEY);
    await test.clock.until('the runner is there', () => existsSync(join(directory, HOME, 'programs')));
    if (where === 'here') await test.engine.reap(KEY);
    else await test.book.remove(KEY);
    await test.clock.until('its order came', () => existsSync(join(directory, HOME, 'attempts', KEY, 'order.json')), MINUTE);
    await test.clock.advance(MINUTE);
    expect([below('attempts'), await test.engine.keys(), test.workspace.runs.all()]).toEqual([[], [], []]);
  });

  it('keeps what it knows of files on their way until they are gone, for the next server', async () => {
    await using test = open({}, { latencyMs: 400 });
    await test.submitProgram(KEY);
    await test.clock.until('the runner is there', () => existsSync(join(directory, HOME, 'programs')));
    await test.engine.stop(KEY, 0);
    await test.engine.reap(KEY);
    await test.clock.until('its order came', () => existsSync(join(directory, HOME, 'attempts', KEY, 'order.json')), MINUTE);
    await test.restart();
    expect(await test.engine.keys()).toEqual([KEY]);
    const reaped = test.engine.reap(KEY);
    await test.clock.advance(MINUTE);
    await reaped;
    expect([below('attempts'), await test.engine.keys()]).toEqual([[], []]);
  });

  it('tidies up later when the workspace is away', async () => {
    await using test = open({ output: { logs: words({ outcome: fine }) } });
    await test.submitProgram(KEY);
    await test.end(KEY);
    test.workspace.down = true;
    await test.engine.reap(KEY);
    expect([below('attempts'), await test.engine.keys()]).toEqual([[KEY], [KEY]]);
    test.workspace.down = false;
    await test.clock.until('it is forgotten', async () => (await test.engine.keys()).length === 0);
    expect(below('attempts')).toEqual([]);
  });
});

describe('a program that cannot be brought to Databricks', () => {
  it('is refused when there is no runner', async () => {
    await using test = open();
    test.runner = () => Promise.reject(new Error('esbuild is not there'));
    await using other = Object.assign(test, { engine: test.another() });
    await expect(other.submitProgram(KEY)).rejects.toThrow("the runner cannot be brought to the engine's machines: esbuild is not there");
    expect(await other.engine.keys()).toEqual([]);
  });

  it('fails when the workspace has no files, in its words', async () => {
    await using test = new TestEngine();
    await test.submitProgram(KEY);
    expect(await test.end(KEY)).toMatchObject({ ok: false, reason: 'could_not_start', message: expect.stringContaining('Databricks refuses the files of the runner: Files in the workspace are disabled') });
    await test.engine.reap(KEY);
    expect(await test.engine.keys()).toEqual([]);
  });

  it('fails when its order cannot be opened any more', async () => {
    await using test = open();
    test.workspace.down = true;
    await test.submitProgram(KEY);
    const [entry] = await test.book.list();
    await test.book.save({ key: KEY, revision: entry?.revision ?? 0, record: entry?.record.replace(/"order":"[^"]+"/, `"order":"${Buffer.from('["another key",""]').toString('base64')}"`) ?? '' });
    await test.engine.close();
    test.engine = test.another();
    await test.engine.keys();
    test.workspace.down = false;
    expect(await test.end(KEY)).toMatchObject({ ok: false, reason: 'could_not_start', message: expect.stringContaining('the order of the attempt cannot be opened') });
  });
});
