import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aKey, TestEngine } from './test-engine.ts';
import { type Fault, FakeWorkspace } from '@trainyard/testkit/fake-databricks/fake-workspace.ts';

const KEY = aKey('one');
const MINUTE = 60_000;

describe('the engine databricks among faults', () => {
  it.each<[string, Fault]>([
    ['an answer is lost after the run began', { on: '/submit', times: 3, after: true, what: 'cut' }],
    ['a call is lost before', { on: '/submit', times: 3, what: 'cut' }],
    ['an answer is half', { on: '/submit', times: 3, after: true, what: 'garbage' }],
    ['an answer never ends', { on: '/submit', after: true, what: 'stall' }],
    ['the workspace is busy', { on: '/submit', times: 5, what: { status: 429 } }],
    ['the workspace breaks', { on: '/submit', times: 5, after: true, what: { status: 500 } }],
    ['a proxy answers', { times: 5, what: { status: 403, body: '<html>Access denied by the proxy</html>' } }],
    ['a gateway has lost its origin', { on: '/submit', times: 3, after: true, what: { status: 522, body: '' } }],
    ['somebody leads to a login', { on: '/submit', times: 3, what: { status: 302, body: '' } }],
    ['a look is lost', { on: '/runs/get', times: 5, what: 'cut' }],
    ['the output is not there at once', { on: '/get-output', times: 8, what: { status: 503 } }],
  ])('starts one run and sees its end when %s', async (_what, fault) => {
    await using test = new TestEngine();
    test.workspace.runs.plans.set('/Train', { runningMs: MINUTE, output: { result: 'done' } });
    test.workspace.fail(fault);
    await test.submit(KEY);
    expect(await test.end(KEY)).toMatchObject({ ok: true });
    expect(test.workspace.runs.all()).toHaveLength(1);
    expect(await test.facts(KEY)).toMatchObject({ externalId: '8856245678901234567', result: 'done' });
  });

  it('keeps the pause it is asked for, with every call', async () => {
    await using test = new TestEngine();
    test.workspace.runs.plans.set('/Train', { runningMs: 10 * MINUTE });
    await test.submit(aKey(1));
    await test.clock.advance(10_000);
    test.workspace.fail({ on: '/submit', what: { status: 429, retryAfter: '40' } });
    const asked = test.clock.now();
    await test.submit(aKey(2));
    await test.clock.advance(2 * MINUTE);
    const pause = test.workspace.calls.filter(({ at }) => at > asked && at < asked + 40_000);
    expect(pause).toEqual([]);
    expect(test.workspace.runs.all()).toHaveLength(2);
  });

  it('goes on with everything after an hour without the workspace, and says what it waits for', async () => {
    await using test = new TestEngine();
    test.workspace.runs.plans.set('/Train', { runningMs: 10 * MINUTE });
    await test.submit(aKey('before'));
    await test.clock.advance(10_000);
    test.workspace.down = true;
    await test.submit(aKey('during'));
    await test.clock.advance(30 * MINUTE);
    await test.restart();
    await test.clock.advance(30 * MINUTE);
    for (const name of ['before', 'during']) expect(await test.engine.observe(aKey(name))).toEqual({ kind: 'unreachable', message: expect.stringContaining('cannot be reached') });
    const told = test.delivered.get(aKey('during'))?.flatMap(({ report }) => (report.kind === 'note' ? [report.message] : []));
    expect(told).toEqual([expect.stringMatching(/^waits for Databricks: .* cannot be reached/)]);
    expect(test.workspace.calls.length).toBeLessThan(2_000);
    test.workspace.down = false;
    expect(await test.end(aKey('before'), 10_000)).toMatchObject({ ok: true });
    expect(await test.end(aKey('during'))).toMatchObject({ ok: true });
    expect(test.workspace.runs.all()).toHaveLength(2);
  });

  it.each([0, 1, 5, 50, 2_000, 5_000, 61_000])('finds its run again when the server is killed after %i ms', async (ms) => {
    await using test = new TestEngine({ latencyMs: 40 });
    test.workspace.runs.plans.set('/Train', { runningMs: MINUTE, output: { result: 'done' } });
    await test.submit(KEY);
    await test.clock.advance(ms);
    await test.restart();
    expect(await test.end(KEY)).toMatchObject({ ok: true });
    expect([test.workspace.runs.all().length, (await test.facts(KEY))['result']]).toEqual([1, 'done']);
  });

  it('keeps the result when Databricks has forgotten the run', async () => {
    await using test = new TestEngine();
    test.workspace.runs.plans.set('/Train', { output: { result: 'kept' } });
    await test.submit(KEY);
    await test.end(KEY);
    test.workspace.runs.delete('8856245678901234567');
    await test.restart();
    expect(await test.engine.observe(KEY)).toMatchObject({ kind: 'exited', outcome: { ok: true } });
    expect(await test.log(KEY)).toContain('kept');
  });

  it('says missing of a run somebody deleted, and takes that back when it is there again', async () => {
    await using test = new TestEngine();
    test.workspace.runs.plans.set('/Train', { runningMs: 10 * MINUTE });
    await test.submit(KEY);
    await test.clock.advance(10_000);
    test.workspace.fail({ on: '/runs/get', times: 1, what: { status: 404, body: '{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Run does not exist"}' } });
    await test.clock.until('it is missing', async () => (await test.engine.observe(KEY)).kind === 'missing', 10_000);
    await test.clock.until('it is there again', async () => (await test.engine.observe(KEY)).kind === 'active', 10_000);
    test.workspace.runs.delete('8856245678901234567');
    await test.clock.until('it is missing for good', async () => (await test.engine.observe(KEY)).kind === 'missing', 10_000);
    await test.engine.reap(KEY);
    expect(await test.engine.keys()).toEqual([]);
  });

  it('concludes without an output that is not given', async () => {
    await using test = new TestEngine();
    test.workspace.fail({ on: '/get-output', times: 10_000, what: { status: 500 } });
    await test.submit(KEY);
    expect(await test.end(KEY)).toMatchObject({ ok: true });
    expect(await test.log(KEY)).toContain('Databricks gives no output: the workspace answered 500');
  });

  it.each([
    ['waits for the token, and says so', 10_000, '{"error_code":"403","message":"Invalid access token."}', 'Databricks does not accept the credentials of the server: Invalid access token.'],
    ['waits minutes for the right, and says so', 5, '{"error_code":"PERMISSION_DENIED","message":"no View permission"}', 'Databricks does not give the output: no View permission'],
  ])('%s when the output is denied', async (_what, times, body, note) => {
    await using test = new TestEngine();
    test.workspace.runs.plans.set('/Train', { output: { result: '0.77' } });
    const denied = { left: times };
    test.workspace.chaos = (path) => (path.endsWith('/get-output') && denied.left-- > 0 ? { what: { status: 403, body } } : undefined);
    await test.submit(KEY);
    await test.clock.advance(30 * MINUTE);
    denied.left = 0;
    expect(await test.end(KEY)).toMatchObject({ ok: true });
    expect(await test.facts(KEY)).toMatchObject({ result: '0.77' });
    expect(await test.engine.reports(KEY)).toContainEqual(expect.objectContaining({ kind: 'note', message: note }));
  });

  it('concludes without an output that is denied for good', async () => {
    await using test = new TestEngine();
    test.workspace.fail({ on: '/get-output', times: 10_000, what: { status: 403, body: '{"error_code":"PERMISSION_DENIED","message":"no View permission"}' } });
    await test.submit(KEY);
    expect(await test.end(KEY)).toMatchObject({ ok: true });
    expect([await test.log(KEY), test.workspace.count('/get-output')]).toEqual([expect.stringContaining('Databricks gives no output: no View permission'), 20]);
  });

  it('does not believe an answer about another run', async () => {
    await using test = new TestEngine();
    test.workspace.runs.plans.set('/Train', { runningMs: MINUTE });
    await test.submit(KEY);
    await test.clock.advance(1_000);
    test.workspace.fail({ on: '/runs/get', times: 3, what: { status: 200, body: '{"run_id":8856245678901234568,"state":{"life_cycle_state":"TERMINATED","result_state":"FAILED"}}' } });
    expect(await test.end(KEY)).toMatchObject({ ok: true });
  });

  it('fails what Databricks refuses, in its words', async () => {
    await using test = new TestEngine();
    await test.submit(KEY, { databricks: { cluster: { new: { spark_version: '15.4.x-scala2.12', sparkle: true } } } });
    expect(await test.end(KEY)).toMatchObject({ ok: false, reason: 'bad_spec', message: expect.stringContaining('new_cluster.sparkle is not a field of this request') });
  });
});

describe('the credentials for a workspace', () => {
  const oauth = { config: { credentials: { clientId: 'app', clientSecret: 's3cret' } } };

  it('that are wrong fail a run and end none that goes on', async () => {
    await using test = new TestEngine();
    test.workspace.runs.plans.set('/Train', { runningMs: 5 * MINUTE });
    await test.submit(aKey('before'));
    await test.clock.advance(10_000);
    test.workspace.credentials.revokeAll();
    await test.submit(aKey('after'));
    expect(await test.end(aKey('after'))).toMatchObject({ ok: false, reason: 'could_not_start', message: 'Databricks refuses the run: Invalid access token.' });
    await test.clock.advance(10 * MINUTE);
    expect((await test.engine.observe(aKey('before'))).kind).not.toBe('exited');
    test.workspace.credentials.accept('dapi-secret');
    expect(await test.end(aKey('before'))).toMatchObject({ ok: true });
  });

  it('of a service principal are fetched once and again before they end', async () => {
    await using test = new TestEngine(oauth);
    test.workspace.credentials.client = { id: 'app', secret: 's3cret', lifeMs: 60 * MINUTE };
    test.workspace.runs.plans.set('/Train', { runningMs: 180 * MINUTE });
    for (const name of [1, 2, 3]) await test.submit(aKey(name));
    await test.clock.advance(5 * MINUTE);
    expect(test.workspace.credentials.issued).toBe(1);
    expect(await test.end(aKey(1), 200 * MINUTE)).toMatchObject({ ok: true });
    // three hours, a new one every 55 minutes, and never one that was refused
    expect(test.workspace.credentials.issued).toBe(4);
  });

  it('of a service principal are fetched anew when they are revoked', async () => {
    await using test = new TestEngine(oauth);
    test.workspace.credentials.client = { id: 'app', secret: 's3cret', lifeMs: 60 * MINUTE };
    await test.submit(aKey(1));
    await test.end(aKey(1));
    test.workspace.credentials.revokeAll();
    await test.submit(aKey(2));
    expect(await test.end(aKey(2))).toMatchObject({ ok: true });
    expect(test.workspace.credentials.issued).toBe(2);
  });

  it('of a service principal that is unknown fail the run', async () => {
    await using test = new TestEngine(oauth);
    await test.submit(KEY);
    expect(await test.end(KEY)).toMatchObject({ ok: false, reason: 'could_not_start', message: 'Databricks refuses the run: Client authentication failed' });
  });

  it('of a service principal that may have no token fail the run', async () => {
    await using test = new TestEngine(oauth);
    test.workspace.fail({ on: '/oidc/v1/token', what: { status: 400, body: '{"error":"invalid_scope","error_description":"all-apis is not for this client"}' } });
    await test.submit(KEY);
    expect(await test.end(KEY)).toMatchObject({ ok: false, reason: 'could_not_start', message: 'Databricks refuses the run: all-apis is not for this client' });
  });

  it('are waited for when the place that gives them is down', async () => {
    await using test = new TestEngine(oauth);
    test.workspace.credentials.client = { id: 'app', secret: 's3cret', lifeMs: 60 * MINUTE };
    test.workspace.fail({ on: '/oidc/v1/token', times: 5, what: { status: 503 } });
    await test.submit(KEY);
    expect(await test.end(KEY)).toMatchObject({ ok: true });
  });
});

describe('a server that is named another workspace', () => {
  /** An engine on the book of an attempt that runs in another workspace, where its id is that of somebody else's run. */
  async function moved(test: TestEngine, submit: () => Promise<void>): Promise<FakeWorkspace> {
    await submit();
    await test.clock.advance(10_000);
    const before = test.workspace;
    test.workspace = new FakeWorkspace({ now: test.clock.now });
    test.workspace.url = 'https://adb-2.azuredatabricks.net';
    test.workspace.credentials.accept('dapi-secret');
    test.workspace.runs.submit({ run_name: 'of somebody else', tasks: [{ task_key: 't', notebook_task: { notebook_path: '/Other' } }] });
    await test.restart();
    return before;
  }

  it('takes no run there for its own, and goes on when it is named the first one again', async () => {
    await using test = new TestEngine();
    test.workspace.runs.plans.set('/Train', { runningMs: 30 * MINUTE, output: { result: 'done' } });
    const before = await moved(test, () => test.submit(KEY));
    await test.clock.advance(MINUTE);
    const where = expect.stringMatching(/^the attempt belongs to the workspace https:\/\/adb-1\..*, and the server now has https:\/\/adb-2\./);
    for (const _look of [1, 2]) expect(await test.engine.observe(KEY)).toEqual({ kind: 'unreachable', message: where });
    await test.clock.advance(MINUTE);
    expect([test.workspace.calls, test.delivered.get(KEY)?.flatMap(({ report }) => (report.kind === 'note' ? [report.message] : []))]).toEqual([[], [where]]);
    test.workspace = before;
    await test.restart();
    expect(await test.end(KEY)).toMatchObject({ ok: true });
    expect(await test.facts(KEY)).toMatchObject({ result: 'done' });
  });

  it('cancels and removes nothing there, and does it when it is named the first one again', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'trainyard-workspace-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    await using test = new TestEngine({ directory });
    test.workspace.runs.program = () => ({ runningMs: 30 * MINUTE });
    const before = await moved(test, () => test.submitProgram(KEY));
    await test.engine.kill(KEY);
    await test.engine.reap(KEY);
    await test.clock.advance(MINUTE);
    expect([test.workspace.calls, await test.engine.keys(), before.runs.all()[0]?.phase]).toEqual([[], [KEY], 'RUNNING']);
    test.workspace = before;
    await test.restart();
    await test.clock.until('it is forgotten', async () => (await test.engine.keys()).length === 0);
    expect([before.runs.all()[0]?.end?.code, readdirSync(join(directory, 'Workspace/Users/ann@example.com/.trainyard/attempts'))]).toEqual(['USER_CANCELED', []]);
  });
});

describe('two servers on one database', () => {
  it('start one run, and each knows its end', async () => {
    await using test = new TestEngine();
    const other = test.another();
    test.workspace.runs.plans.set('/Train', { runningMs: MINUTE, output: { result: 'done' } });
    await Promise.all([test.submit(KEY), other.keys()]);
    expect(await other.observe(KEY)).toEqual({ kind: 'active' });
    expect(await test.end(KEY)).toMatchObject({ ok: true });
    expect(await other.observe(KEY)).toEqual(await test.engine.observe(KEY));
    expect(test.workspace.runs.all()).toHaveLength(1);
    await other.reap(KEY);
    expect(await test.engine.observe(KEY)).toEqual({ kind: 'missing' });
    await other.close();
  });

  it('lose nothing when the one that took a run dies', async () => {
    await using test = new TestEngine();
    test.workspace.runs.plans.set('/Train', { runningMs: MINUTE });
    await test.submit(KEY);
    await test.engine.close();
    test.engine = test.another();
    expect(await test.end(KEY)).toMatchObject({ ok: true });
  });
});
