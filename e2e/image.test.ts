import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { FakeIngestion } from '@trainyard/testkit/clouds/fake-ingestion.ts';
import { makeDockerBase } from '@trainyard/testkit/engines/docker-base.ts';
import { type DockerEngine, dockerEngineProblem, startDockerEngine } from '@trainyard/testkit/engines/docker-engine.ts';
import type { FakeWorkspace } from '@trainyard/testkit/fake-databricks/fake-workspace.ts';
import { WorkspaceServer } from '@trainyard/testkit/fake-databricks/workspace-server.ts';
import { runProgram } from '@trainyard/testkit/run-program.ts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { originalVariables } from './on-demand/on-demand-process.ts';
import { waitFor } from './server-process.ts';

const ROOT = resolve(import.meta.dirname, '..');
const PORT = 3000;
/** What the product may add to its base. */
const MAX_OWN_BYTES = 80_000_000;

interface ProcessSeen {
  readonly pid: string;
  readonly state: string;
}

/** Run inside: every process and its state, those left out that end while it looks. */
const LOOK = `
  const { readdirSync, readFileSync } = require('node:fs');
  const stat = (pid) => { try { return readFileSync('/proc/' + pid + '/stat', 'latin1'); } catch { return undefined; } };
  const lines = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name)).map(stat).filter((line) => line !== undefined);
  console.log(JSON.stringify(lines.map((line) => ({ pid: line.split(' ')[0], state: line.slice(line.lastIndexOf(')') + 2)[0] }))));
`;

const problem = dockerEngineProblem();
if (problem !== undefined) {
  // where CI has prepared the machine, being skipped is a failure
  if (process.env['TRAINYARD_TEST_DOCKER'] === 'required') throw new Error(problem);
  process.stderr.write(`\nSKIPPED: the container image is not tested: ${problem}\n\n`);
}

describe.skipIf(problem !== undefined)('the container image', () => {
  let engine: DockerEngine;
  let workspace: FakeWorkspace;
  let databricks: WorkspaceServer;
  let containers = 0;

  beforeAll(async () => {
    databricks = await WorkspaceServer.open();
    workspace = databricks.workspace;
    engine = await startDockerEngine();
    await makeDockerBase(engine, 'base');
    await buildImage(engine);
  }, 600_000);
  afterEach(async () => {
    const ids = (await engine.docker(['ps', '--all', '--quiet'])).split('\n').filter((id) => id !== '');
    if (ids.length > 0) await engine.docker(['rm', '--force', '--volumes', ...ids]);
  });
  afterAll(async () => {
    await engine?.stop();
    await databricks?.stop();
  });

  /** As the guide of the original starts its service. */
  async function startService(flags: readonly string[] = []): Promise<string> {
    const name = `service-${++containers}`;
    const variables = { PORT: String(PORT), ...originalVariables(databricks.url, { wine: '/shared/wine', slow: '/shared/slow' }) };
    await engine.docker(['run', '--detach', '--name', name, '--publish', `${PORT}:${PORT}`, '--health-interval', '1s', ...Object.entries(variables).flatMap(([key, value]) => ['--env', `${key}=${value}`]), ...flags, 'trainyard']);
    // the workspace's address is one of the container's own: the token that is sent there goes over no network
    await (await engine.networkOf(name)).admit(Number(new URL(databricks.url).port));
    await waitFor('the service is ready', async () => {
      if ((await stateOf(name)).Running) return (await logs(name)).includes('Trainyard is ready');
      throw new Error(`it ended: ${await logs(name)}`);
    });
    return name;
  }

  const logs = (name: string): Promise<string> => engine.docker(['logs', name]);
  const stateOf = async (name: string): Promise<{ Running: boolean; ExitCode: number; OOMKilled: boolean; Health?: { Status: string } }> => JSON.parse(await engine.docker(['inspect', '--format', '{{json .State}}', name])) as never;
  const trainyard = (name: string, ...argv: string[]): Promise<string> => engine.docker(['exec', name, 'trainyard', ...argv]);

  async function ask(port: number, path: string, body?: object): Promise<Record<string, unknown>> {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    return (await fetch(`http://127.0.0.1:${port}${path}`, init)).json() as Promise<Record<string, unknown>>;
  }

  async function processesIn(name: string): Promise<readonly ProcessSeen[]> {
    const text = await engine.docker(['exec', name, 'node', '-e', LOOK]);
    return JSON.parse(text) as readonly ProcessSeen[];
  }

  async function completed(port: number, run: unknown): Promise<Record<string, unknown>> {
    let status: Record<string, unknown> = {};
    await waitFor(`run ${String(run)} is completed`, async () => (status = await ask(port, `/${String(run)}`))['state'] === 'completed');
    return status;
  }

  it('is little more than its base, runs as nobody in particular and says how it is', async () => {
    const [base, whole] = (await engine.docker(['image', 'inspect', '--format', '{{.Size}}', 'base', 'trainyard'])).trim().split('\n').map(Number) as [number, number];
    process.stdout.write(`image: ${Math.round(whole / 1e6)} MB, ${Math.round((whole - base) / 1e6)} MB of them its own\n`);
    expect(whole - base).toBeLessThan(MAX_OWN_BYTES);
    const config = JSON.parse(await engine.docker(['image', 'inspect', '--format', '{{json .Config}}', 'trainyard'])) as Record<string, unknown>;
    expect(config).toMatchObject({ User: '1000:1000', Volumes: { '/data': {} }, Healthcheck: { Test: ['CMD', 'node', '/opt/trainyard/health.mjs'] } });
  });

  it('trains as the guide of the original says, over the published port', async () => {
    const service = await startService();
    const port = await engine.reach(PORT);
    const { runId } = await ask(port, '/', { modelType: 'wine', parameters: { alpha: 0.5 } });
    expect(await completed(port, runId)).toMatchObject({ message: '', databricksRunId: expect.stringMatching(/^\d+$/) as string });
    expect(await trainyard(service, 'runs', '-o', 'jsonpath=$.items[*].state')).toBe('succeeded\n');
    expect(await logs(service)).toMatch(/no token is asked for.*everybody who reaches it.*ON_DEMAND_AUTH=token closes it/);
    await waitFor('it is healthy', async () => (await stateOf(service)).Health?.Status === 'healthy');
  });

  it('ends in peace when it is told to, and goes on where it was, also with nothing but its volume to write to', async () => {
    workspace.runs.plans.set('/shared/slow', { runningMs: 5_000, output: { result: 'slept' } });
    const first = await startService(['--volume', 'kept:/data']);
    const { runId } = await ask(await engine.reach(PORT), '/train', { modelType: 'slow' });
    // processes of two containers have the same numbers: that must not look like one server
    await expect(engine.docker(['run', '--rm', '--volume', 'kept:/data', 'trainyard'])).rejects.toThrow(/another server .* uses the data directory '\/data'/);
    await engine.docker(['stop', '--time', '60', first]);
    expect(await stateOf(first)).toMatchObject({ Running: false, ExitCode: 0, OOMKilled: false });
    expect(await logs(first)).toContain('stopping');
    await startService(['--volume', 'kept:/data', '--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges']);
    expect(await completed(await engine.reach(PORT), runId)).toMatchObject({ message: '', result: 'slept' });
  });

  it('takes care of orphans', async () => {
    const service = await startService();
    const marked = await engine.docker(['exec', service, '/bin/sh', '-c', `node -e 'setTimeout(() => {}, 1000)' >/dev/null 2>&1 & echo $!`]);
    let seen: readonly ProcessSeen[] = [];
    await waitFor('the orphan is gone, not a zombie', async () => {
      seen = await processesIn(service);
      return seen.every(({ pid, state }) => pid !== marked.trim() && state !== 'Z');
    });
    expect(seen.map(({ pid }) => pid)).toContain('1');
  });

  it('is the command line too', async () => {
    const service = await startService();
    const port = await engine.reach(PORT);
    const { runId } = await ask(port, '/', { modelType: 'wine' });
    await completed(port, runId);
    expect(await engine.docker(['run', '--rm', 'trainyard', '--version'])).toMatch(/\d+\.\d+\.\d+/);
    const { token } = JSON.parse(await engine.docker(['exec', service, 'node', '-p', `require('node:fs').readFileSync('/data/cli.json', 'utf8')`])) as { token: string };
    const listed = await engine.docker(['run', '--rm', '--network', `container:${service}`, '--env', `TRAINYARD_TOKEN=${token}`, 'trainyard', 'train', 'list']);
    expect(listed).toContain('on-demand-wine');
    await expect(engine.docker(['run', '--rm', 'trainyard', 'trian'])).rejects.toThrow(/exit code 2[^]*train/);
  });

  it('can be interrupted as a command', async () => {
    const service = await startService();
    workspace.runs.plans.set('/shared/slow', { runningMs: 600_000 });
    const { runId } = await ask(await engine.reach(PORT), '/', { modelType: 'slow' });
    const { token } = JSON.parse(await engine.docker(['exec', service, 'node', '-p', `require('node:fs').readFileSync('/data/cli.json', 'utf8')`])) as { token: string };
    await engine.docker(['run', '--detach', '--name', 'follower', '--network', `container:${service}`, '--env', `TRAINYARD_TOKEN=${token}`, 'trainyard', 'logs', '--follow', String(runId)]);
    // the first may come before anybody listens
    await waitFor('the command has ended', async () => {
      await engine.docker(['kill', '--signal', 'INT', 'follower']).catch(() => 'it has ended');
      return !(await stateOf('follower')).Running;
    });
    expect((await stateOf('follower')).ExitCode).not.toBe(137);
  });

  it('tells Application Insights what it did when it is asked to: what that needs is inside', async () => {
    const ingestion = await FakeIngestion.start();
    try {
      const service = await startService(['--env', `APPLICATIONINSIGHTS_CONNECTION_STRING=${ingestion.connectionString('key')}`, '--env', 'SERVICE_NAME=training-service']);
      await (await engine.networkOf(service)).admit(Number(new URL(ingestion.url).port));
      const port = await engine.reach(PORT);
      await completed(port, (await ask(port, '/', { modelType: 'wine' }))['runId']);
      await engine.docker(['stop', '--time', '60', service]);
      expect(ingestion.of('RemoteDependencyData')).toMatchObject([{ tags: { 'ai.cloud.role': 'training-service' }, data: { baseData: { target: 'databricks', success: true } } }]);
    } finally {
      await ingestion.stop();
    }
  });

  it('does not start with a variable that is wrong, or a directory of somebody else, and says which', async () => {
    await expect(engine.docker(['run', '--rm', '--volume', `${ROOT}:/data`, 'trainyard'])).rejects.toThrow(/the data directory '\/data' cannot be used: EACCES[^]*uid 1000/);
    await expect(engine.docker(['run', '--rm', '--env', 'DATABRICKS_TYPE_MAPPING={wine', '--env', 'DATABRICKS_WORKSPACE_URL=', 'trainyard'])).rejects.toThrow(/exit code 1[^]*Environment variable DATABRICKS_WORKSPACE_URL was not supplied or empty/);
  });
});

async function buildImage(engine: DockerEngine): Promise<void> {
  const context = mkdtempSync(join(tmpdir(), 'trainyard-image-'));
  try {
    await runProgram(process.execPath, [join(ROOT, 'scripts', 'image.mjs'), '--into', join(context, 'dist')], { missing: 'Node' });
    for (const file of ['Dockerfile', '.dockerignore']) copyFileSync(join(ROOT, file), join(context, file));
    await engine.docker(['build', '--build-arg', 'BASE=base', '--tag', 'trainyard', context]);
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}
