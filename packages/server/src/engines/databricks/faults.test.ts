import { describe, expect, it } from 'vitest';
import { aKey, TestEngine } from './test-engine.ts';
import type { Fault } from '@trainyard/testkit/fake-databricks/fake-workspace.ts';

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

  it('are waited for when the place that gives them is down', async () => {
    await using test = new TestEngine(oauth);
    test.workspace.credentials.client = { id: 'app', secret: 's3cret', lifeMs: 60 * MINUTE };
    test.workspace.fail({ on: '/oidc/v1/token', times: 5, what: { status: 503 } });
    await test.submit(KEY);
    expect(await test.end(KEY)).toMatchObject({ ok: true });
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
