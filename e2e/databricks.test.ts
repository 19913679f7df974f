import type { FakeWorkspace } from '@trainyard/testkit/fake-databricks/fake-workspace.ts';
import { RAISED } from '@trainyard/testkit/fake-databricks/fake-run.ts';
import { TOKEN, WorkspaceServer } from '@trainyard/testkit/fake-databricks/workspace-server.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServerProcess, waitFor } from './server-process.ts';

let server: ServerProcess;
let workspace: FakeWorkspace;
let databricks: WorkspaceServer;
beforeEach(async () => {
  databricks = await WorkspaceServer.open();
  workspace = databricks.workspace;
  server = new ServerProcess(undefined, { TRAINYARD_DATABRICKS_URL: databricks.url, TRAINYARD_DATABRICKS_TOKEN: TOKEN });
  await server.start();
});
afterEach(async (context) => {
  await server.dispose(context.task.result?.state === 'fail');
  await databricks.stop();
});

async function train(id: string, changes: Record<string, unknown> = {}): Promise<string> {
  const spec = { model: { name: id, version: '1' }, toolchain: 'notebook', engine: 'databricks', algorithmSource: { notebook: { path: '/Shared/train' } }, hyperParameters: { alpha: 0.5 }, ...changes };
  const training = await server.client.call('createTraining', { body: { id, spec } });
  return training.status.runId ?? '';
}

describe('a server with a Databricks workspace', () => {
  it('runs a notebook there and has its result, its log and its page', async () => {
    workspace.runs.plans.set('/Shared/train', { runningMs: 500, output: { result: 'rmse=0.7' } });
    const run = await train('wine');
    const detail = await server.ended(run);
    expect(detail).toMatchObject({ state: 'succeeded', attempt: 1, externalId: '8856245678901234567', url: expect.stringContaining('/run/8856245678901234567'), result: 'rmse=0.7', spec: { hyperParameters: { alpha: '0.5' } } });
    expect(detail.attempts[0]?.steps.map(({ name, state }) => `${name} ${state}`)).toEqual(['environment succeeded', 'train succeeded']);
    expect(await server.log(run)).toContain('rmse=0.7\n');
    // found by its parameters, as any other run
    expect(detail.params).toEqual({ alpha: '0.5' });
    expect(workspace.runs.all()[0]?.request.tasks[0]?.notebook_task?.base_parameters).toEqual({ alpha: '0.5' });
  });

  it('says what a notebook raised', async () => {
    workspace.runs.plans.set('/Shared/train', { end: RAISED, output: { error: 'ValueError: no such column', errorTrace: 'line 3' } });
    expect(await server.ended(await train('broken'))).toMatchObject({ state: 'failed', reason: 'exit_code', message: 'ValueError: no such column', lastLines: 'line 3', step: 'train' });
  });

  it('goes on with the same run after kill -9, also when the workspace was away meanwhile', async () => {
    workspace.runs.plans.set('/Shared/train', { runningMs: 4_000, output: { result: 'done' } });
    workspace.fail({ on: '/submit', after: true, what: 'stall' });
    const run = await train('killed');
    await waitFor('the run is there', () => workspace.runs.all().length === 1);
    await server.kill();
    workspace.down = true;
    await server.start();
    await waitFor('the workspace was asked in vain', () => workspace.calls.length > 3);
    workspace.down = false;
    expect(await server.ended(run)).toMatchObject({ state: 'succeeded', attempt: 1, result: 'done' });
    expect(workspace.runs.all()).toHaveLength(1);
  });

  it('stops a notebook', async () => {
    workspace.runs.plans.set('/Shared/train', { runningMs: 3_600_000 });
    const run = await train('stopped');
    await waitFor('it is at work', async () => (await server.client.call('getRun', { params: { id: run } })).state === 'running');
    await server.client.call('stopRun', { params: { id: run } });
    expect(await server.ended(run)).toMatchObject({ state: 'stopped', reason: 'cancelled' });
    expect(workspace.runs.all()[0]?.end?.code).toBe('USER_CANCELED');
  });

  it('refuses what an engine cannot hold, either way', async () => {
    await expect(train('here', { engine: 'local' })).rejects.toMatchObject({ code: 'NOT_ON_THIS_ENGINE', message: expect.stringContaining("'local' cannot fetch a notebook by itself") });
    const program = { toolchain: 'command', args: ['true'], algorithmSource: { git: { url: 'https://example.com/a.git' } }, hyperParameters: {} };
    await expect(train('there', program)).rejects.toMatchObject({ code: 'NOT_ON_THIS_ENGINE', message: expect.stringContaining("'databricks' cannot run programs as long as its machines would have to reach this server at http://127.0.0.1") });
  });
});
