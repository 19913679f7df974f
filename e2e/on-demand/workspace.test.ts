import { RAISED } from '@trainyard/testkit/fake-databricks/fake-run.ts';
import type { FakeWorkspace } from '@trainyard/testkit/fake-databricks/fake-workspace.ts';
import { CLUSTER, WorkspaceServer } from '@trainyard/testkit/fake-databricks/workspace-server.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../server-process.ts';
import { OnDemandProcess, originalVariables } from './on-demand-process.ts';

let workspace: FakeWorkspace;
let databricks: WorkspaceServer;
let service: OnDemandProcess;
beforeEach(async () => {
  databricks = await WorkspaceServer.open();
  workspace = databricks.workspace;
  // with the slash at the end that made two of it
  service = new OnDemandProcess(originalVariables(`${databricks.url}/`, { wine: '/shared/wine', broken: '/shared/broken' }));
});
afterEach(async () => {
  await service.dispose();
  await databricks.stop();
});

async function train(modelType: string, parameters: object = {}): Promise<unknown> {
  const { status, json } = await service.post('/train', { modelType, parameters });
  expect([status, json]).toEqual([200, { runId: expect.any(Number) as number }]);
  return json['runId'];
}

async function says(run: unknown, wanted: object): Promise<void> {
  let json: unknown;
  await waitFor(`run ${String(run)} is ${JSON.stringify(wanted)}`, async () => {
    ({ json } = await service.get(`/train/${String(run)}`));
    return Object.entries(wanted).every(([name, value]) => (json as Record<string, unknown>)[name] === value);
  });
}

describe('the on-demand service before a workspace', () => {
  it('runs the notebook on the cluster, its parameters as text, its limit as a number, and keeps all digits of its id', async () => {
    workspace.runs.plans.set('/shared/wine', { queuedMs: 1_500, runningMs: 3_000, terminatingMs: 1_000, output: { result: '0.7' } });
    await service.start();
    const run = await train('wine', { alpha: 0.36, deep: { a: [1, true] }, none: null });
    await says(run, { state: 'pending' });
    await says(run, { state: 'running' });
    expect(await service.ended(run)).toEqual({ state: 'completed', message: '', result: '0.7', databricksRunId: '8856245678901234567', runPageUrl: expect.stringContaining(databricks.url) as string });
    const [task] = workspace.runs.all()[0]?.request.tasks ?? [];
    expect(task).toMatchObject({ existing_cluster_id: CLUSTER, notebook_task: { notebook_path: '/shared/wine', base_parameters: { alpha: '0.36', deep: '{"a":[1,true]}' } } });
    expect(JSON.stringify(workspace.runs.all()[0]?.request)).toContain('"timeout_seconds":3600');
  });

  it('tells what the notebook raised, not that something did', async () => {
    workspace.runs.plans.set('/shared/broken', { end: RAISED, output: { error: 'ValueError: no such column', errorTrace: 'Traceback: line 3' } });
    await service.start();
    expect(await service.ended(await train('broken'))).toMatchObject({ state: 'completed', message: 'ValueError: no such column', error: { message: 'ValueError: no such column', trace: 'Traceback: line 3' } });
  });

  it('lives on when the cluster cannot be asked, and starts it when it is down', async () => {
    workspace.clusters.put(CLUSTER, { state: 'TERMINATED', startMs: 500 });
    workspace.fail({ on: '/clusters/get', times: 2, what: { status: 500 } });
    workspace.fail({ on: '/clusters/start', what: { status: 503 } });
    await service.start();
    expect(await service.ended(await train('wine'))).toMatchObject({ state: 'completed', message: '' });
    expect(workspace.clusters.get(CLUSTER).starts).toBe(1);
  });

  it('starts one run, also when the answer to its call is lost and it is killed (-9) there', async () => {
    workspace.runs.plans.set('/shared/wine', { runningMs: 1_000 });
    workspace.fail({ on: '/submit', after: true, what: 'stall' });
    await service.start();
    const run = await train('wine');
    await waitFor('the run is there', () => workspace.runs.all().length === 1);
    await service.end('SIGKILL');
    await service.start();
    expect(await service.ended(run)).toMatchObject({ state: 'completed', message: '' });
    expect(workspace.runs.all()).toHaveLength(1);
  });

  it('takes requests while the workspace is away, and hands them over when it is back', async () => {
    workspace.down = true;
    await service.start();
    const runs = [await train('wine'), await train('wine', { alpha: 1 })];
    await waitFor('the workspace was asked in vain', () => workspace.calls.length > 2);
    for (const run of runs) expect((await service.get(`/train/${String(run)}`)).json).toMatchObject({ state: 'pending', message: expect.stringMatching(/\S/) as string });
    workspace.down = false;
    for (const run of runs) expect(await service.ended(run)).toMatchObject({ state: 'completed', message: '' });
    expect(workspace.runs.all()).toHaveLength(2);
  });

  it('submits nothing for a model type that nobody mapped', async () => {
    await service.start();
    for (const modelType of ['constructor', '__proto__', 'WINE']) expect(await service.post('/train', { modelType })).toMatchObject({ status: 400, json: { state: 'error', message: expect.stringContaining('known: wine, broken') as string } });
    expect(workspace.runs.all()).toEqual([]);
  });
});
