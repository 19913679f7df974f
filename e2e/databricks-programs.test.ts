import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { RunnerBundle } from '@trainyard/server/engines/runner-program.ts';
import type { FakeRun } from '@trainyard/testkit/fake-databricks/fake-run.ts';
import { FakeWorkspace } from '@trainyard/testkit/fake-databricks/fake-workspace.ts';
import { TOKEN, WorkspaceServer } from '@trainyard/testkit/fake-databricks/workspace-server.ts';
import { freePort } from '@trainyard/testkit/loopback/free-port.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { markedPids } from './processes.ts';
import { ServerProcess, waitFor } from './server-process.ts';
import { uploadSource } from './source.ts';

const EXAMPLE = resolve(import.meta.dirname, '../examples/least-squares-awk');
const SECRET = 'sesame-open-7391';

let dir: string;
let server: ServerProcess;
let workspace: FakeWorkspace;
let databricks: WorkspaceServer;
/** Tasks on the cluster, which is this machine, by the key of their attempt. */
const tasks = new Map<string, ChildProcess[]>();
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'trainyard-workspace-'));
  workspace = new FakeWorkspace({ directory: dir });
  workspace.runs.program = (task) => ({ execute: () => workspace.runs.execute(task, { started: (process) => started(task.parameters?.at(-1) ?? '', process) }) });
  databricks = await WorkspaceServer.open(workspace);
  server = new ServerProcess(undefined, { TRAINYARD_DATABRICKS_URL: databricks.url, TRAINYARD_DATABRICKS_TOKEN: TOKEN });
  await start(await freePort('0.0.0.0'));
});
afterAll(async () => {
  await server.dispose(false);
  await databricks.stop();
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});

function started(key: string, process: ChildProcess): void {
  tasks.set(key, [...(tasks.get(key) ?? []), process]);
}

/** On a name of this machine, which other machines may know as well. */
function start(port: number): Promise<void> {
  return server.start(['--host', '0.0.0.0', '--port', String(port), '--runner-url', `http://${hostname()}:${port}`]);
}

async function train(id: string, files: Readonly<Record<string, string>>, spec: Record<string, unknown>): Promise<string> {
  const digest = await uploadSource(server.client, files);
  const body = { id, spec: { model: { name: id, version: '1' }, toolchain: 'command', engine: 'databricks', algorithmSource: { snapshot: { digest } }, ...spec } };
  return (await server.client.call('createTraining', { body })).status.runId ?? '';
}

function shell(id: string, script: string, spec: Record<string, unknown> = {}): Promise<string> {
  return train(id, { 'train.sh': script }, { args: ['sh', 'train.sh'], retry: { maxAttempts: 1 }, ...spec });
}

/** The run of Databricks that carries the first attempt out. */
function runThere(run: string): FakeRun {
  const found = workspace.runs.all().find(({ request }) => request.idempotency_token === `${run}-1`);
  if (found === undefined) throw new Error(`Databricks has no run of ${run}`);
  return found;
}

const overThere = (run: string): Promise<void> => waitFor('the run there is over', () => runThere(run).isOver);
const logged = (run: string, text: string): Promise<void> => waitFor(`${text} is in the log`, async () => (await server.log(run)).includes(text));
/** Nothing of an attempt is left in the workspace. */
const tidied = (): Promise<void> => waitFor('the workspace is tidy', () => filesBelow('attempts').length === 0);

function filesBelow(name: string): string[] {
  try {
    return workspace.files.names(`/Users/ann@example.com/.trainyard/${name}`);
  } catch {
    return [];
  }
}

describe('a program on Databricks', () => {
  it('trains as everywhere: log, metrics, parameters, artifacts, a registered model', async () => {
    const files = Object.fromEntries(['fit.sh', 'fit.awk', 'wine.csv'].map((name) => [name, readFileSync(join(EXAMPLE, name), 'utf8')]));
    await server.client.call('putSecret', { params: { name: 'db' }, body: { value: SECRET } });
    const run = await train('wine-line', files, { args: ['sh', '-c', 'echo "with $PASSWORD"; exec sh fit.sh wine.csv alcohol quality'], hyperParameters: { x: 'alcohol', y: 'quality' }, secretEnvs: [{ name: 'PASSWORD', secret: 'db' }] });
    const detail = await server.ended(run);
    expect(detail).toMatchObject({ state: 'succeeded', attempt: 1, externalId: String(runThere(run).id), url: expect.stringContaining(`/run/${runThere(run).id}`), model: { name: 'wine-line', version: '1' } });
    expect(detail.attempts[0]?.steps.map(({ name, state: is }) => `${name} ${is}`)).toContain('train succeeded');
    expect(Object.keys(detail.metrics).length).toBeGreaterThan(0);
    expect(detail.params).toMatchObject({ x: 'alcohol', y: 'quality' });
    expect(await server.log(run)).toContain('with *****');
    await tidied();
    await overThere(run);
    const { request, output, end } = runThere(run);
    for (const secret of [SECRET, 'tyr_']) expect(JSON.stringify([request, output])).not.toContain(secret);
    expect([end?.code, output.logs?.includes('100 rows: quality')]).toEqual(['SUCCESS', true]);
  });

  it('that fails says so here and there, and brings its wrapper and runner once', async () => {
    const [broken, fine] = await Promise.all([shell('broken', 'echo "no such column"; exit 7'), shell('fine', 'echo ok')]);
    expect(await server.ended(broken)).toMatchObject({ state: 'failed', reason: 'exit_code', exitCode: 7, step: 'train' });
    expect(await server.ended(fine)).toMatchObject({ state: 'succeeded' });
    await Promise.all([overThere(broken), overThere(fine)]);
    expect([runThere(fine).end?.code, runThere(broken).end?.code, runThere(broken).output.error]).toEqual(['SUCCESS', 'RUN_EXECUTION_ERROR', expect.stringContaining('Trainyard: exit_code')]);
    expect(filesBelow('programs')).toHaveLength(1);
    await tidied();
  });

  it('whose task is killed is lost, with everything it had started', async () => {
    const run = await shell('killed', 'echo "at work"; (setsid sleep 600 &); sleep 600');
    await logged(run, 'at work');
    tasks.get(`${run}-1`)?.[0]?.kill('SIGKILL');
    expect(await server.ended(run)).toMatchObject({ state: 'failed', reason: 'host_lost', message: expect.stringContaining('without a last word') });
    await waitFor('nothing is left', () => markedPids(`${run}-1`).length === 0);
    await tidied();
  });

  it('that is stopped can tidy up', async () => {
    const run = await shell('stopped', 'trap "echo tidy; exit 0" TERM; echo "at work"; while :; do sleep 0.1; done', { timeout: { grace: '60s' } });
    await logged(run, 'at work');
    const cancels = workspace.count('/cancel');
    await server.client.call('stopRun', { params: { id: run } });
    expect(await server.ended(run)).toMatchObject({ state: 'stopped', reason: 'cancelled' });
    expect(await server.log(run)).toContain('tidy');
    expect(workspace.count('/cancel')).toBe(cancels);
  });

  it('goes on through kill -9 of the server and lost answers, once', async () => {
    workspace.fail({ on: '/submit', after: true, what: 'cut' });
    workspace.fail({ on: '/workspace/import', times: 2, after: true, what: { status: 500 } });
    const run = await shell('once', 'echo "at work"; sleep 3; echo done');
    await logged(run, 'at work');
    await server.kill();
    await start(Number(new URL(server.url).port));
    expect(await server.ended(run)).toMatchObject({ state: 'succeeded', attempt: 1 });
    expect((await server.log(run)).match(/at work/g)).toHaveLength(1);
    expect(workspace.runs.all().filter(({ request }) => request.run_name?.startsWith('once '))).toHaveLength(1);
    expect(tasks.get(`${run}-1`)).toHaveLength(1);
  });

  it('that somebody cancels there is stopped here', async () => {
    const run = await shell('cancelled', 'echo "at work"; sleep 600');
    await logged(run, 'at work');
    workspace.runs.cancel(runThere(run).id);
    expect(await server.ended(run)).toMatchObject({ state: 'stopped', reason: 'cancelled', message: 'Run cancelled.' });
    await waitFor('nothing is left', () => markedPids(`${run}-1`).length === 0);
  });
});

it('the runner is one file, whoever asks for it and how often', async () => {
  const bundle = new RunnerBundle();
  const [one, other] = await Promise.all([bundle.bytes(), bundle.bytes()]);
  expect(one).toBe(other);
  expect(Buffer.from(one).toString('utf8')).toContain('usage: runner');
});
