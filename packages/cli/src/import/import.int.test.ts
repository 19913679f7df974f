import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type MlflowMajor, pythonWithMlflow } from '@trainyard/testkit/python/mlflow.ts';
import { runProgram } from '@trainyard/testkit/run-program.ts';
import { TestServer } from '@trainyard/server/http/test-server.ts';
import { freePort } from '@trainyard/testkit/loopback/free-port.ts';
import { waitFor } from '@trainyard/testkit/wait-for.ts';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { cli, type CliResult } from '../test-cli.ts';

const QUIET = { MLFLOW_DISABLE_TELEMETRY: 'true', DO_NOT_TRACK: 'true', MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR: 'false', NO_PROXY: '127.0.0.1', PYTHONDONTWRITEBYTECODE: '1', GIT_PYTHON_REFRESH: 'quiet' };
const INSTALL_MS = 1_200_000;

let dir: string;
const servers: TestServer[] = [];
const programs: ChildProcess[] = [];
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'trainyard-import-test-'));
});
afterEach(async () => {
  for (const program of programs.splice(0)) await end(program);
  for (const server of servers.splice(0)) await server.close();
});
afterAll(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));

async function end(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) return;
  const gone = once(program, 'exit');
  // its group: MLflow's workers and job consumers go on without it
  if (program.pid !== undefined) process.kill(-program.pid, 'SIGKILL');
  await gone;
}

/** Runs one of our scripts with the mlflow of that version, in a directory of its own. */
async function python(major: MlflowMajor, script: string, { uri, cwd, env = {} }: { readonly uri: string; readonly cwd: string; readonly env?: Readonly<Record<string, string>> }): Promise<string> {
  mkdirSync(cwd, { recursive: true });
  const program = await pythonWithMlflow(major);
  return runProgram(program, ['-c', `import os, runpy; os.chdir(${JSON.stringify(cwd)}); runpy.run_path(${JSON.stringify(join(import.meta.dirname, script))})`], { env: { ...QUIET, MLFLOW_TRACKING_URI: uri, ...env } });
}

async function dump(major: MlflowMajor, uri: string, env: Readonly<Record<string, string>> = {}): Promise<Record<string, Record<string, unknown>>> {
  return JSON.parse((await python(major, 'dump-mlflow.py', { uri, cwd: join(dir, 'dumps'), env })).trim().split('\n').at(-1) ?? '') as Record<string, Record<string, unknown>>;
}

interface Ours {
  readonly url: string;
  readonly token: string;
}

async function openOurs(...flags: string[]): Promise<Ours> {
  const server = await TestServer.open(flags);
  servers.push(server);
  return { url: (await server.listen()).url, token: server.token };
}

/** The command as somebody types it; -o json. */
async function bring({ url, token }: Ours, ...argv: string[]): Promise<{ result: CliResult; report: { complete: boolean; refused: unknown[]; counts: { what: string; source: number; here: number }[]; notBrought: { what: string }[] } }> {
  const result = await cli(['import', ...argv, '-o', 'json'], { env: { ...process.env, TRAINYARD_URL: url, TRAINYARD_TOKEN: token }, cwd: dir, home: join(dir, 'home') });
  return { result, report: JSON.parse(result.out === '' ? '{}' : result.out) as never };
}

/** What MLflow's client reads from us is what it read there. */
async function expectSame(major: MlflowMajor, there: Awaited<ReturnType<typeof dump>>, ours: Ours): Promise<void> {
  expect(await dump(major, ours.url, { MLFLOW_TRACKING_TOKEN: ours.token })).toEqual(there);
  expect(Object.keys(there['runs'] ?? {})).toHaveLength(9);
}

describe.each([3, 2] as const)('an import from the database of mlflow %d', (major) => {
  it('brings everything, as its own client reads it, and nothing twice', { timeout: INSTALL_MS }, async () => {
    const home = join(dir, `sqlite-${major}`);
    const uri = `sqlite:///${home}/mlflow.db`;
    await python(major, 'seed-mlflow.py', { uri, cwd: home });
    const ours = await openOurs();
    const { result, report } = await bring(ours, 'mlflow', uri);
    expect([result.code, report.refused, result.err]).toEqual([0, [], expect.stringContaining(`MLflow ${major}.`)]);
    const there = await dump(major, uri);
    await expectSame(major, there, ours);
    const again = await bring(ours, 'mlflow', uri);
    expect([again.result.code, again.report]).toEqual([0, report]);
    await expectSame(major, there, ours);
    const left = major === 3 ? ['prompts', 'deleted logged models'] : [];
    expect(report.notBrought.map(({ what }) => what)).toEqual(expect.arrayContaining(left));
  });
});

describe('an import from elsewhere', () => {
  it('brings everything from PostgreSQL, artifacts from where they were moved to', { timeout: INSTALL_MS }, async () => {
    const home = join(dir, 'postgres');
    const url = await freshDatabase();
    const artifacts = join(home, 'there');
    // SQLAlchemy wants to know the driver, and so MLflow's users have it in their URIs
    const uri = url.replace('postgresql:', 'postgresql+psycopg2:');
    await python(3, 'seed-mlflow.py', { uri, cwd: artifacts });
    const ours = await openOurs('--database-url', await freshDatabase());
    const { result, report } = await bring(ours, 'mlflow', uri, '--artifacts', join(artifacts, 'mlruns'));
    expect([result.code, report.refused, result.err]).toEqual([0, [], expect.not.stringContaining(new URL(url).password)]);
    await expectSame(3, await dump(3, uri), ours);
  });

  it('brings everything from a server, artifacts through its proxy', { timeout: INSTALL_MS }, async () => {
    const home = join(dir, 'server');
    mkdirSync(home, { recursive: true });
    const url = await startMlflow(3, home);
    await python(3, 'seed-mlflow.py', { uri: url, cwd: home });
    const ours = await openOurs();
    const { result, report } = await bring(ours, 'mlflow', url);
    expect([result.code, report.refused]).toEqual([0, []]);
    await expectSame(3, await dump(3, url), ours);
  });

  it('says what is wrong with a database that is none of MLflow, or too old', { timeout: INSTALL_MS }, async () => {
    const ours = await openOurs();
    const old = join(dir, 'old.db');
    copyFileSync(join(dir, 'sqlite-3', 'mlflow.db'), old);
    await runProgram(await pythonWithMlflow(3), ['-c', `import sqlite3; c = sqlite3.connect(${JSON.stringify(old)}); c.execute("drop table input_tags"); c.execute("update alembic_version set version_num = 'x'"); c.commit()`]);
    const { result } = await bring(ours, 'mlflow', `sqlite:///${old}`);
    expect([result.code, result.err]).toEqual([2, expect.stringMatching(/its schema is 'x', and it lacks input_tags\.input_uuid/)]);
    expect((await bring(ours, 'mlflow', 'sqlite:////nonexistent/mlflow.db')).result.err).toMatch(/cannot be opened/);
    expect((await bring(ours, 'mlflow', 'http://127.0.0.1:9')).result.err).toMatch(/no MLflow answers at http:\/\/127\.0\.0\.1:9/);
  });
});

async function freshDatabase(): Promise<string> {
  const name = `m_${randomBytes(8).toString('hex')}`;
  const client = new pg.Client({ connectionString: inject('postgresUrl') });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  const url = new URL(inject('postgresUrl'));
  url.protocol = 'postgresql:';
  url.pathname = `/${name}`;
  return url.href;
}

async function startMlflow(major: MlflowMajor, home: string): Promise<string> {
  const port = await freePort();
  const program = await pythonWithMlflow(major);
  const server = spawn(program, ['-m', 'mlflow', 'server', '--backend-store-uri', `sqlite:///${home}/mlflow.db`, '--artifacts-destination', join(home, 'kept'), '--host', '127.0.0.1', '--port', String(port), '--workers', '1'], { cwd: home, stdio: 'ignore', env: { ...process.env, ...QUIET, MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false' }, detached: true });
  programs.push(server);
  const url = `http://127.0.0.1:${port}`;
  await waitFor('mlflow server answers', async () => (await fetch(`${url}/health`).catch(() => undefined))?.ok, 120_000);
  return url;
}
