import type { FakeWorkspace } from '@trainyard/testkit/fake-databricks/fake-workspace.ts';
import { CLUSTER_FAILED, type FakeRun, RAISED, type RunEnd, TIMED_OUT } from '@trainyard/testkit/fake-databricks/fake-run.ts';
import { CLUSTER, WorkspaceServer } from '@trainyard/testkit/fake-databricks/workspace-server.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../server-process.ts';
import { OnDemandProcess, originalVariables } from './on-demand-process.ts';

const MINUTE = 60_000;
/** How runs end that end badly, by the name of their model type. */
const BAD_ENDS: Readonly<Record<string, RunEnd>> = {
  raised: RAISED,
  timedOut: TIMED_OUT,
  canceled: { code: 'USER_CANCELED', type: 'CLIENT_ERROR', message: '', result: 'CANCELED' },
  skipped: { code: 'SKIPPED', type: 'CLIENT_ERROR', message: '', lifeCycle: 'SKIPPED' },
  internal: { ...CLUSTER_FAILED, message: '' },
};

let workspace: FakeWorkspace;
let databricks: WorkspaceServer;
let service: OnDemandProcess;
beforeAll(async () => {
  databricks = await WorkspaceServer.open();
  workspace = databricks.workspace;
  workspace.runs.plans.set('/wine', { output: { result: '0.7' } });
  workspace.runs.plans.set('/slow', { runningMs: 60 * MINUTE });
  for (const [name, end] of Object.entries(BAD_ENDS)) workspace.runs.plans.set(`/${name}`, { end, ...(name === 'raised' ? { output: { error: 'ValueError: no such column' } } : {}) });
  const types = Object.fromEntries(['wine', 'slow', ...Object.keys(BAD_ENDS)].map((name) => [name, `/${name}`]));
  service = new OnDemandProcess(originalVariables(`${databricks.url}/`, types));
  await service.start();
});
afterAll(async () => {
  await service.dispose();
  await databricks.stop();
});

async function train(modelType: string, parameters: object = {}): Promise<number> {
  const { status, json } = await service.post('/train', { modelType, parameters });
  expect([status, json]).toEqual([200, { runId: expect.any(Number) as number }]);
  return json['runId'] as number;
}

const status = async (run: number): Promise<Record<string, unknown>> => (await service.get(`/train/${run}`)).json;
const says = (run: number, state: string): Promise<void> => waitFor(`run ${run} is ${state}`, async () => (await status(run))['state'] === state);

/** The run of Databricks; it is there once its id is told. */
async function runThere(run: number): Promise<FakeRun> {
  await waitFor(`run ${run} is at Databricks`, async () => (await status(run))['databricksRunId'] !== undefined);
  return workspace.runs.get(String((await status(run))['databricksRunId']));
}

describe('the faults of the original, by their numbers in the contract', () => {
  it('1: a cluster that cannot be asked or started does not end the process', async () => {
    workspace.clusters.put(CLUSTER, { state: 'TERMINATED', startMs: 100 });
    workspace.fail({ on: '/clusters/get', what: { status: 500 } });
    workspace.fail({ on: '/clusters/start', what: { status: 503 } });
    const run = await train('wine');
    expect(await service.ended(run)).toMatchObject({ state: 'completed', message: '' });
    expect((await service.get('/')).status).toBe(200);
  });

  it('2: only what is over is completed', async () => {
    const words = { QUEUED: 'pending', BLOCKED: 'pending', WAITING_FOR_RETRY: 'pending', TERMINATING: 'running', HIBERNATING: 'running' };
    const said = await Promise.all(
      Object.entries(words).map(async ([word, state]) => {
        const run = await train('slow');
        const there = await runThere(run);
        workspace.runs.say(there.id, { state: { life_cycle_state: word, state_message: '' }, status: undefined, tasks: [] });
        await says(run, state);
        return [word, run] as const;
      }),
    );
    const looks = workspace.count('/runs/get');
    await waitFor('all were looked at again', () => workspace.count('/runs/get') > looks + 2 * said.length);
    expect(Object.fromEntries(await Promise.all(said.map(async ([word, run]) => [word, (await status(run))['state']] as const)))).toEqual(words);
  });

  it('3: what ended badly can be told from what went well', async () => {
    const ends = await Promise.all(Object.keys(BAD_ENDS).map(async (type) => service.ended(await train(type))));
    for (const end of ends) expect(end).toMatchObject({ state: 'completed', message: expect.stringMatching(/\S/) as string, error: { reason: expect.any(String) as string } });
    expect(await service.ended(await train('wine'))).toEqual({ state: 'completed', message: '', result: '0.7', databricksRunId: expect.any(String) as string, runPageUrl: expect.any(String) as string });
  });

  it('4: there is always a message, also when Databricks has none', async () => {
    const run = await train('slow');
    const there = await runThere(run);
    workspace.runs.say(there.id, { state: { life_cycle_state: 'RUNNING' } });
    await says(run, 'running');
    expect(await status(run)).toEqual(expect.objectContaining({ message: expect.any(String) as string }));
  });

  it('5: an unknown model type is a mistake of the caller and named, also one that every object inherits', async () => {
    const before = workspace.runs.all().length;
    for (const modelType of ['wien', 'constructor']) expect(await service.post('/train', { modelType })).toMatchObject({ status: 400, json: { state: 'error', message: expect.stringContaining(`Invalid modelType: '${modelType}' (known: wine, `) as string } });
    expect(workspace.runs.all()).toHaveLength(before);
  });

  it('6: nothing of an id is pasted into a call', async () => {
    const calls = workspace.calls.length;
    for (const id of ['1%26foo=bar', '1?run_id=2', '..%2f..%2fclusters', '1e3']) expect((await service.get(`/train/${id}`)).json['runId'] ?? 1).toBe(1);
    expect(workspace.calls.slice(calls).filter(({ what }) => /foo|%2f|clusters\/\.\./i.test(what))).toEqual([]);
    expect((await service.get('/train/1%26foo=bar')).status).toBe(404);
  });

  it('7: ids beyond 2^53 keep their digits, in what is asked and in what is told', async () => {
    const run = await train('wine');
    const { databricksRunId } = await service.ended(run);
    expect(databricksRunId).toMatch(/^885624567890123\d{4}$/);
    expect(workspace.runs.get(String(databricksRunId)).id.toString()).toBe(databricksRunId);
    expect(await status(run)).toMatchObject({ state: 'completed', message: '' });
  });

  it('8: a request that is repeated, and a call whose answer is lost, are one run; a busy workspace is waited for', async () => {
    const before = workspace.runs.all().length;
    workspace.fail({ on: '/submit', what: { status: 429, retryAfter: '1' } });
    workspace.fail({ on: '/submit', after: true, what: 'cut' });
    const ask = (): ReturnType<OnDemandProcess['post']> => service.post('/train', { modelType: 'wine', parameters: { once: 1 } }, { 'idempotency-key': 'the-same' });
    const runs = (await Promise.all([ask(), ask(), ask()])).map(({ json }) => json['runId']);
    expect(new Set(runs).size).toBe(1);
    expect(await service.ended(runs[0])).toMatchObject({ state: 'completed', message: '' });
    const there = workspace.runs.all().slice(before);
    expect([there.length, there[0]?.request.idempotency_token]).toEqual([1, expect.stringMatching(/^[0-9a-f]{32}-1$/)]);
    const [one, other] = [await train('wine'), await train('wine')];
    await Promise.all([service.ended(one), service.ended(other)]);
    const names = workspace.runs.all().map(({ request }) => request.run_name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('9: errors are JSON without a stack, a large body is told so, and a slash at the end of the address makes no two', async () => {
    const broken = await fetch(`${service.url}/train`, { method: 'POST', body: '{"modelType": wine', headers: { 'content-type': 'application/json' } });
    expect([broken.status, broken.headers.get('content-type')]).toEqual([400, expect.stringContaining('application/json')]);
    expect(await broken.text()).not.toMatch(/node_modules|\.ts:|at \w+ \(|error_code/);
    expect(await train('wine', { text: 'x'.repeat(500_000) })).toBeGreaterThan(0);
    expect(await service.post('/train', { modelType: 'wine', parameters: { text: 'x'.repeat(1_100_000) } })).toMatchObject({ status: 413, json: { state: 'error' } });
    expect(workspace.calls.filter(({ what }) => what.includes('//'))).toEqual([]);
    // who is not let in is told so where a token is asked for; foreign pages never are
    expect((await fetch(`${service.url}/train`, { method: 'POST', body: '{"modelType":"wine"}', headers: { 'content-type': 'application/json', origin: 'https://evil.example' } })).status).toBe(403);
  });

  it('10: the limit of a run is a number, its parameters are text', async () => {
    const run = await train('wine', { alpha: 0.36, deep: { a: [1, true] }, large: 2 ** 53, none: null });
    await service.ended(run);
    const { request } = await runThere(run);
    expect([request.timeout_seconds, request.tasks[0]?.notebook_task?.base_parameters]).toEqual([3600, { alpha: '0.36', deep: '{"a":[1,true]}', large: '9007199254740992' }]);
  });

  it('11: what became of a run is kept when Databricks has forgotten it', async () => {
    const run = await train('wine');
    const said = await service.ended(run);
    workspace.runs.delete(String(said['databricksRunId']));
    await service.end('SIGKILL');
    await service.start();
    expect(await status(run)).toEqual(said);
    expect(said).toMatchObject({ result: '0.7' });
  });

  it('12: the error of the notebook is told, not that there was one', async () => {
    expect(await service.ended(await train('raised'))).toMatchObject({ message: 'ValueError: no such column' });
  });
});
