import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { waitFor } from '@trainyard/testkit/wait-for.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ROOT } from './install.mjs';

/** Stands for the command line and the server: `up` serves what the quickstart asks for, the others write down that they ran. */
const PROGRAM = `
import { appendFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
const [command, ...rest] = process.argv.slice(2);
const { BEHAVIOUR = '', TRAINYARD_DATA_DIR: dir, TRAINYARD_URL: url } = process.env;
appendFileSync('calls.log', [command, ...rest.slice(0, 2)].join(' ') + (url ? ' at ' + url : '') + '\\n');
const option = (name) => rest[rest.indexOf(name) + 1];
if (command === 'up') {
  if (BEHAVIOUR === 'no-start') { console.error('error: the database is on fire'); process.exit(1); }
  const port = Number(option('--port'));
  const status = { state: BEHAVIOUR === 'failed' ? 'failed' : 'succeeded', runNumber: 1, ...(BEHAVIOUR === 'no-model' ? {} : { model: { name: 'wine', version: '1' } }) };
  const server = createServer((request, response) => {
    const known = request.url === '/health' || request.headers.authorization === 'Bearer t';
    response.writeHead(known ? 200 : 401).end(JSON.stringify(request.url === '/health' ? { status: 'ok' } : { status }));
  });
  const file = option('--data-dir') + '/cli.json';
  server.listen(port, '127.0.0.1', () => writeFileSync(file, JSON.stringify({ url: 'http://127.0.0.1:' + port, token: 't', pid: process.pid })));
  process.on('SIGTERM', () => { rmSync(file); appendFileSync('calls.log', 'up ended\\n'); process.exit(0); });
  if (BEHAVIOUR === 'crash') setInterval(() => { if (existsSync('training')) { console.error('fatal: out of luck'); process.exit(9); } }, 20);
} else if (command === 'train') {
  console.log('training', rest.join(' '), 'with', dir);
  writeFileSync('training', '');
  const end = (code) => process.exit(code);
  process.on('SIGTERM', () => end(130));
  process.on('SIGINT', () => end(130));
  if (BEHAVIOUR === 'slow' || BEHAVIOUR === 'crash') setInterval(() => {}, 1000);
  else end(BEHAVIOUR === 'failed' ? 3 : 0);
}
`;

/** A machine that has everything, and answers at once. */
const TOOLS = { npm: '11.0.0', git: 'git version 2.43.0', python3: 'Python 3.12.1' };

let root: string;
let other: Server | undefined;
const children: ChildProcess[] = [];

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'trainyard-quickstart-'));
  for (const dir of ['packages/cli/bin', 'node_modules/.bin', 'scripts']) mkdirSync(path.join(root, dir), { recursive: true });
  cpSync(path.join(ROOT, 'scripts'), path.join(root, 'scripts'), { recursive: true });
  for (const lock of ['package-lock.json', 'node_modules/.package-lock.json']) writeFileSync(path.join(root, lock), '{"packages":{}}');
  writeFileSync(path.join(root, 'packages/cli/bin/trainyard.mjs'), PROGRAM);
  machine(TOOLS);
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await new Promise((resolve) => (other === undefined ? resolve(undefined) : other.close(resolve)));
  other = undefined;
  rmSync(root, { recursive: true });
});

function machine(tools: Readonly<Record<string, string>>): void {
  rmSync(path.join(root, 'tools'), { recursive: true, force: true });
  mkdirSync(path.join(root, 'tools'));
  for (const [name, text] of Object.entries(tools)) writeFileSync(path.join(root, 'tools', name), `#!/bin/sh\necho '${text}'\n`, { mode: 0o755 });
}

interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly code: Promise<number | null>;
}

function quickstart(behaviour: string, { argv = ['--once'], env = {} }: { argv?: string[]; env?: Record<string, string> } = {}): Started {
  const child = spawn(process.execPath, ['scripts/quickstart.mjs', ...argv], { cwd: root, env: { PATH: path.join(root, 'tools'), TRAINYARD_PORT: '0', BEHAVIOUR: behaviour, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += String(chunk)));
  return { child, output: () => text, code: new Promise((resolve) => child.on('close', resolve)) };
}

/** What ran, in order, without addresses. */
function calls(): string[] {
  return readFileSync(path.join(root, 'calls.log'), 'utf8').trim().split('\n').map((line) => line.replace(/ --data-dir.*| at http.*/, ''));
}

function serverPid(): number {
  return (JSON.parse(readFileSync(path.join(root, '.trainyard/cli.json'), 'utf8')) as { pid: number }).pid;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('quickstart --once', () => {
  test('starts, trains, checks the model, stops', async () => {
    const { code, output } = quickstart('');
    expect([await code, calls()]).toEqual([0, ['up', 'train run examples/wine', 'up ended']]);
    expect(output()).toMatch(/✓ machine[^]*✓ dependencies +0\.\d s {3}there already\n {2}✓ server [^]*training run examples\/wine with [^\n]*\.trainyard\n[^]*run 1 left the registered model wine version 1\n {2}✓ stop/);
  });

  test.each([
    ['no-model', 1, /no model is registered/],
    ['failed', 3, /run 1 failed, and no model is registered/],
  ])('exit code of %s is %i', async (behaviour, expected, said) => {
    const { code, output } = quickstart(behaviour);
    expect([await code, calls().at(-1)]).toEqual([expected, 'up ended']);
    expect(output()).toMatch(said);
  });

  test('a server that does not start: its own last words', async () => {
    const { code, output } = quickstart('no-start');
    expect(await code).toBe(1);
    expect(output()).toMatch(/error: the server ended with exit code 1\n {2}the end of its log:\n {4}error: the database is on fire\n {2}all of it: .*quickstart\.log/);
  });

  test('a server that dies while it trains ends everything', async () => {
    const { code, output } = quickstart('crash');
    expect(await code).toBe(1);
    expect(output()).toMatch(/error: the server ended with exit code 9\n[^]*fatal: out of luck/);
  });

  test('a port that another program has: any other, and it says so', async () => {
    other = createServer((_, response) => response.end('not Trainyard')).listen(0, '127.0.0.1');
    await waitFor('the other program listens', () => other?.listening);
    const { port } = other.address() as AddressInfo;
    const { code, output } = quickstart('', { env: { TRAINYARD_PORT: String(port) } });
    expect(await code).toBe(0);
    expect(output()).toContain(`port ${port} is taken by another program, using `);
  });

  test('an own data directory', async () => {
    const dir = path.join(root, 'elsewhere');
    expect(await quickstart('', { env: { TRAINYARD_DATA_DIR: dir } }).code).toBe(0);
    expect([existsSync(path.join(dir, 'quickstart.log')), existsSync(path.join(root, '.trainyard'))]).toEqual([true, false]);
  });

  test.each([[['--onec'], {}, 2], [['--once'], { TRAINYARD_PORT: 'x' }, 1]])('refuses %j %j', async (argv, env, expected) => {
    const { code, output } = quickstart('', { argv, env: env as Record<string, string> });
    expect(await code).toBe(expected);
    expect(output()).toMatch(/error: ('--onec' is not known here|TRAINYARD_PORT is 'x')/);
  });
});

describe('quickstart that is interrupted', () => {
  test('Ctrl-C when all is done: the server goes, the exit code is 0', async () => {
    const { child, code, output } = quickstart('', { argv: [] });
    await waitFor('it stays up', () => output().includes('Ctrl-C stops it.'));
    const pid = serverPid();
    expect(isAlive(pid)).toBe(true);
    child.kill('SIGINT');
    expect([await code, calls().at(-1), isAlive(pid)]).toEqual([0, 'up ended', false]);
    expect(output()).toMatch(/Trainyard is up at http:[^]*npx trainyard runs/);
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s while it trains: the training and the server are stopped', async (signal) => {
    const { child, code } = quickstart('slow');
    await waitFor('the training runs', () => existsSync(path.join(root, 'training')));
    const pid = serverPid();
    child.kill(signal);
    expect([await code, calls(), isAlive(pid)]).toEqual([130, ['up', 'train run examples/wine', 'stop wine --wait', 'up ended'], false]);
  });
});

describe('quickstart beside a running Trainyard', () => {
  test('uses it, and leaves it running', async () => {
    const first = quickstart('', { argv: [] });
    await waitFor('it stays up', () => first.output().includes('Ctrl-C stops it.'));
    const pid = serverPid();
    const second = quickstart('');
    expect(await second.code).toBe(0);
    expect(second.output()).toMatch(/✓ server +[\d.]+ s {3}already running: http/);
    expect(isAlive(pid)).toBe(true);
    expect(calls().filter((call) => call === 'up')).toHaveLength(1);
    first.child.kill('SIGTERM');
    expect(await first.code).toBe(0);
  });
});

describe('quickstart on a machine that lacks something', () => {
  test('says everything that is missing at once, and how to get it', async () => {
    machine({});
    const { code, output } = quickstart('');
    expect(await code).toBe(1);
    expect(output()).toMatch(/error: this machine lacks something\n {2}install\n {4}npm: [^\n]+\n {4}Python 3\.10 or newer: [^\n]+\n {4}git: [^\n]+\n {2}and start/);
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ['an old Python', { ...TOOLS, python3: 'Python 3.9.2' }, /Python 3\.10 or newer: [^\n]+\(found 3\.9\.2\)/],
    ['an old Python before a new one', { ...TOOLS, python3: 'Python 3.9.2', 'python3.11': 'Python 3.11.4' }, /✓ machine .* Python 3\.11\.4/],
  ])('%s', async (_, tools, said) => {
    machine(tools);
    const { code, output } = quickstart('');
    await code;
    expect(output()).toMatch(said);
  });

  test('a Python with neither pip nor venv, unless there is uv', async () => {
    machine(TOOLS);
    const bare = '#!/bin/sh\nif [ "$1" = -c ]; then echo none; else echo Python 3.12.1; fi\n';
    writeFileSync(path.join(root, 'tools/python3'), bare, { mode: 0o755 });
    const without = quickstart('');
    expect([await without.code, without.output()]).toEqual([1, expect.stringContaining('pip or venv for that Python: Debian, Ubuntu: apt install python3-venv')]);
    writeFileSync(path.join(root, 'tools/uv'), '#!/bin/sh\necho uv 0.9.1\n', { mode: 0o755 });
    expect(await quickstart('').code).toBe(0);
  });
});
