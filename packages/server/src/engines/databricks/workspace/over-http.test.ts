import { messageOf } from '@trainyard/core/errors.ts';
import { FakeWorkspace } from '@trainyard/testkit/fake-databricks/fake-workspace.ts';
import { WorkspaceServer } from '@trainyard/testkit/fake-databricks/workspace-server.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AllowList } from '../../../platform/outbound/allow-list.ts';
import { OutboundHttp } from '../../../platform/outbound/outbound-http.ts';
import { systemClock } from '../clock.ts';
import { Workspace } from './workspace.ts';
import { WorkspaceCalls } from './workspace-calls.ts';

let workspace: FakeWorkspace;
let server: WorkspaceServer;
beforeEach(async () => {
  workspace = new FakeWorkspace();
  workspace.credentials.accept('t');
  workspace.clusters.put('c1', { state: 'ERROR', message: 'quota' });
  server = new WorkspaceServer(workspace);
  await server.start();
});
afterEach(() => server.stop());

function client(allow: readonly string[] = ['127.0.0.1'], callTimeoutMs = 30_000): Workspace {
  const time = { clock: systemClock, chance: Math.random, signal: new AbortController().signal };
  return new Workspace(new WorkspaceCalls({ url: server.url, credentials: { token: 't' }, outbound: new OutboundHttp({ allow: new AllowList(allow) }), callTimeoutMs, ...time }), time);
}

describe('calls to a workspace over HTTP', () => {
  it('submit, look, fetch and cancel by ids beyond 2^53', async () => {
    const result = '€'.repeat(1_700_000);
    workspace.runs.plan = () => ({ output: { result } });
    const there = client();
    const runId = await there.submit({ timeoutMs: 0, body: { tasks: [{ task_key: 'a', notebook_task: { notebook_path: '/N' } }] } });
    expect(runId).toBe('8856245678901234567');
    expect(await there.run(runId)).toMatchObject({ runId, task: { runId: '8856245678901234568', result: 'SUCCESS' } });
    expect((await there.output('8856245678901234568')).result).toBe(result);
    await there.cancel(runId);
    expect((await there.runs({ kind: 'completed' })).runs.map((run) => run.runId)).toEqual([runId]);
    expect(await there.cluster('c1')).toEqual({ state: 'ERROR', message: 'quota, CLOUD_PROVIDER_LAUNCH_FAILURE, quota' });
  });

  it('give up a body that does not end', async () => {
    workspace.fail({ what: 'stall' });
    await expect(client(['127.0.0.1'], 300).cluster('c1')).rejects.toMatchObject({ name: 'WorkspaceTrouble', message: expect.stringContaining('did not answer within 0.3 s') });
  });

  it('say what is wrong without the token', async () => {
    workspace.credentials.revokeAll();
    const refused: Error = await client().cluster('c1').then(() => new Error('it was let in'), (error: Error) => error);
    expect(refused).toMatchObject({ name: 'WorkspaceRefusal', status: 403, message: 'Invalid access token.' });
    await server.stop();
    await expect(client().cluster('c1')).rejects.toMatchObject({ name: 'WorkspaceTrouble', answered: false, message: expect.stringContaining('refused the connection') });
  });

  it('are given up when the engine is closed, also the one for a token', async () => {
    workspace.credentials.client = { id: 'app', secret: 's3cret', lifeMs: 3_600_000 };
    workspace.fail({ on: '/oidc/v1/token', what: 'stall' });
    const ending = new AbortController();
    const time = { clock: systemClock, chance: Math.random, signal: ending.signal };
    const outbound = new OutboundHttp({ allow: new AllowList(['127.0.0.1']) });
    const calls = new WorkspaceCalls({ url: server.url, credentials: { clientId: 'app', clientSecret: 's3cret' }, outbound, callTimeoutMs: 600_000, ...time });
    const asked = new Workspace(calls, time).cluster('c1').then(() => 'it was answered', messageOf);
    await vi.waitFor(() => expect(workspace.count('/oidc/v1/token')).toBe(1), { timeout: 30_000 });
    ending.abort(new Error('the engine is closed'));
    expect(await asked).toContain('the engine is closed');
  });

  it('go nowhere that is not allowed', async () => {
    await expect(client([]).cluster('c1')).rejects.toMatchObject({ name: 'WorkspaceTrouble', message: expect.stringContaining('not an address of the public Internet') });
    expect(workspace.calls).toEqual([]);
  });
});
