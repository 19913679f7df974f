import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@trainyard/testkit/wait-for.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Interruption } from '../io.ts';
import { runCli } from '../main.ts';
import { cli, testIo } from '../test-cli.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/trainyard.mjs');

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'trainyard-local-test-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));

const setting = (home: string) => ({ cwd: dir, home, program: PROGRAM, env: { PATH: process.env['PATH'], HOME: home, TRAINYARD_URL: 'http://127.0.0.1:9', TRAINYARD_TOKEN: 'of another server' } });

async function states(home: string): Promise<string[]> {
  const { out } = await cli(['local', 'runs', '-o', 'json'], setting(home));
  return (JSON.parse(out) as { items: { state: string }[] }).items.map(({ state }) => state);
}

/** The real program with a run that does not end by itself, and the pid of its server. */
async function aLongRun(home: string): Promise<{ child: ChildProcess; server: number }> {
  const { cwd, env } = setting(home);
  const child = spawn(process.execPath, [PROGRAM, 'local', 'train', 'run', 'code', '--name', 'long', '--', 'sh', '-c', 'echo begun; sleep 600'], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (out += String(chunk)));
  await waitFor('the program has begun', () => out.includes('│ begun') || out.includes('begun\n'), 60_000);
  return { child, server: Number(readFileSync(join(home, '.trainyard', 'local', 'server.pid'), 'utf8')) };
}

async function aServer(home: string, env: Record<string, string>, input: 'pipe' | 'ignore' = 'pipe'): Promise<{ server: ChildProcess; out: () => string }> {
  const server = spawn(process.execPath, [PROGRAM, 'up', '--port', '0', '--data-dir', home], { cwd: dir, env: { ...env, PATH: process.env['PATH'], HOME: home }, stdio: [input, 'pipe', 'inherit'] });
  let out = '';
  server.stdout?.on('data', (chunk: Buffer) => (out += String(chunk)));
  await waitFor('the server is ready', () => out.includes('Trainyard is ready'), 60_000);
  return { server, out: () => out };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('trainyard local', () => {
  it('trains without a server, keeps what came out, and leaves no server behind', async () => {
    const home = join(dir, 'ann');
    mkdirSync(join(dir, 'code'), { recursive: true });
    writeFileSync(join(dir, 'code', 'train.sh'), 'echo "trained with $COLOUR"; echo model > "$TRAINYARD_OUTPUT_DIR/model.txt"\n');
    const trained = await cli(['local', 'train', 'run', 'code', '--name', 'trees', '--env', 'COLOUR=green', '--', 'sh', 'train.sh'], setting(home));
    expect(trained).toMatchObject({ code: 0, err: '' });
    expect(trained.out).toContain('trained with green');
    expect(trained.out).toContain('trainyard local run 1');
    // two servers on one directory refuse each other: the first is gone
    expect(await states(home)).toEqual(['succeeded']);
  });

  it('takes the settings that are good for any server', async () => {
    const home = join(dir, 'kim');
    mkdirSync(join(dir, 'wines'));
    writeFileSync(join(dir, 'wines', 'in.csv'), 'data');
    writeFileSync(join(dir, 'wines.yaml'), `kind: Connection\nid: wines\nspec: { type: local, uri: ${join(dir, 'wines')} }\n`);
    const { env, ...rest } = setting(home);
    const allowed = { ...rest, env: { ...env, TRAINYARD_LOCAL_ROOTS: dir, DATABRICKS_TYPE_MAPPING: 'of another server' } };
    expect(await cli(['local', 'apply', '-f', 'wines.yaml', '--yes'], allowed)).toMatchObject({ code: 0 });
    expect(await cli(['local', 'connection', 'check', 'wines'], allowed)).toMatchObject({ code: 0 });
  });

  it('ends with the code of the program', async () => {
    expect((await cli(['local', 'train', 'run', 'code', '--name', 'wrong', '--', 'sh', '-c', 'exit 7'], setting(join(dir, 'bob')))).code).toBe(7);
  });

  it('stops the run when it is interrupted', async () => {
    const interrupt = new AbortController();
    const home = join(dir, 'eve');
    const { io, written } = testIo({ ...setting(home), interrupted: interrupt.signal });
    const done = runCli(['local', 'train', 'run', 'code', '--name', 'long', '--', 'sh', '-c', 'echo begun; sleep 600'], io);
    await waitFor('the program has begun', () => written().out.includes('│ begun') || written().out.includes('begun\n'));
    // one at a time: the first to end would end the server under the other
    const second = await cli(['local', 'status'], setting(home));
    expect(second).toMatchObject({ code: 1, err: expect.stringMatching(/another server .* uses the data directory[^]*TRAINYARD_DATA_DIR=/) as string });
    expect(await cli(['runs', '-o', 'json'], { ...setting(home), env: { TRAINYARD_DATA_DIR: join(home, '.trainyard', 'local') } })).toMatchObject({ code: 0, err: '' });
    interrupt.abort(new Interruption('ctrl_c'));
    expect(await done).toBe(130);
    expect(written().err).toContain('The run is being stopped');
    expect(written().err).not.toContain('goes on without this command');
    expect(await states(home)).toEqual(['stopped']);
  });

  it('stops the run and its server when the terminal is closed', async () => {
    const home = join(dir, 'may');
    const { child, server } = await aLongRun(home);
    const ended = once(child, 'exit');
    child.kill('SIGHUP');
    child.kill('SIGHUP');
    expect(await ended).toEqual([130, null]);
    expect(isAlive(server)).toBe(false);
    expect(await states(home)).toEqual(['stopped']);
  });

  it('leaves no server behind when it is killed; the next one takes the run up', async () => {
    const home = join(dir, 'ned');
    const { child, server } = await aLongRun(home);
    child.kill('SIGKILL');
    await waitFor('the server is gone', () => !isAlive(server), 60_000);
    expect(await states(home)).toEqual(['running']);
    expect(await cli(['local', 'stop', '1'], setting(home))).toMatchObject({ code: 0 });
    await waitFor('the run is stopped', async () => (await states(home))[0] === 'stopped', 60_000);
  });

  it.each<[string, (server: ChildProcess) => unknown]>([
    ['its input', ({ stdin }) => stdin?.end()],
    ['a signal, while its input goes on', (server) => server.kill('SIGTERM')],
  ])('has a server that ends with %s', async (by, end) => {
    const { server } = await aServer(join(dir, by.replaceAll(/\W/g, '')), { TRAINYARD_ENDS_WITH_INPUT: '1' });
    const ended = once(server, 'exit');
    end(server);
    expect(await ended).toEqual([0, null]);
  });

  it('leaves other servers to go on without an input', async () => {
    const { server, out } = await aServer(join(dir, 'other'), {}, 'ignore');
    expect((await fetch(`${/http:\S+/.exec(out())?.[0]}/health`)).status).toBe(200);
    expect(out()).not.toContain('stopping');
    const ended = once(server, 'exit');
    server.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(out()).toContain('stopping');
  });

  it.each([['up'], ['local', 'status'], ['db', 'check']])('refuses %j', async (...words) => {
    const { code, err } = await cli(['local', ...words], setting(join(dir, 'nobody')));
    expect(code).toBe(2);
    expect(err).toContain('is no command');
  });

  it('says why its server did not start', async () => {
    writeFileSync(join(dir, 'a-file'), '');
    const { code, err } = await cli(['local', 'status'], { ...setting(dir), env: { ...setting(dir).env, TRAINYARD_LOCAL_DIR: join(dir, 'a-file', 'below') } });
    expect(code).toBe(1);
    expect(err).toContain('did not start');
    expect(err).toContain('TRAINYARD_LOCAL_DIR');
  });
});
