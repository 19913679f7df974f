import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const BIN = resolve(import.meta.dirname, '../../../cli/bin/trainyard.mjs');
const running: ChildProcess[] = [];
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'trainyard-commands-'));
});
afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(dir, { recursive: true, force: true });
});

interface Program {
  readonly child: ChildProcess;
  readonly text: () => string;
}

function start(args: readonly string[], env: Record<string, string> = {}, cwd?: string): Program {
  const child = spawn(process.execPath, [BIN, ...args], { ...(cwd === undefined ? {} : { cwd }), env: { PATH: process.env['PATH'] ?? '', HOME: dir, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (text += bytes.toString()));
  return { child, text: () => text };
}

async function run(args: readonly string[], env: Record<string, string> = {}, cwd?: string): Promise<{ code: number; text: string }> {
  const program = start(args, env, cwd);
  const [code] = (await once(program.child, 'close')) as [number];
  return { code, text: program.text() };
}

async function up(args: readonly string[] = [], env: Record<string, string> = {}): Promise<Program & { url: string }> {
  const program = start(['up', '--data-dir', dir, '--port', '0', ...args], env);
  await expect.poll(() => program.text(), { timeout: 60_000, interval: 20 }).toMatch(/ready at \S+/);
  return { ...program, url: /ready at (\S+)/.exec(program.text())?.[1] ?? '' };
}

const call = (url: string, token: string, init: RequestInit = {}): Promise<Response> => fetch(url, { ...init, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } });

describe('trainyard up', () => {
  it('makes a token at its first start, in a private file, and keeps it', async () => {
    const first = await up();
    const token = readFileSync(join(dir, 'token'), 'utf8').trim();
    for (const file of ['token', 'cli.json', 'keys.json']) expect(statSync(join(dir, file)).mode & 0o077).toBe(0);
    expect(first.text()).not.toContain(token);
    expect(readFileSync(join(dir, 'trainyard.db')).includes(token)).toBe(false);
    expect((await call(`${first.url}/api/v1/runs`, token)).status).toBe(200);
    first.child.kill('SIGTERM');
    expect(await once(first.child, 'exit')).toEqual([0, null]);
    expect(existsSync(join(dir, 'cli.json'))).toBe(false);
    const second = await up();
    expect((await call(`${second.url}/api/v1/runs`, token)).status).toBe(200);
  });

  it('takes the first token from the environment', async () => {
    const token = 'a-token-that-I-chose';
    const { url } = await up([], { TRAINYARD_TOKEN: token });
    expect((await call(`${url}/api/v1/runs`, token)).status).toBe(200);
    expect((await call(`${url}/api/v1/runs`, 'another-token-not-it')).status).toBe(401);
  });

  it('refuses an open address without authentication', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1']) {
      const { code, text } = await run(['up', '--data-dir', dir, '--auth', 'off', '--host', host]);
      expect([code, text]).toEqual([1, expect.stringContaining('refusing to listen')]);
    }
  });

  it('says who has the data directory, and takes over that of a server that was killed', async () => {
    const first = await up();
    const second = await run(['up', '--data-dir', dir, '--port', '0']);
    expect([second.code, second.text]).toEqual([1, expect.stringContaining(`process ${first.child.pid}`)]);
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    await up();
  });

  it('says which port is taken', async () => {
    const first = await up();
    const other = mkdtempSync(join(tmpdir(), 'trainyard-commands-'));
    const { code, text } = await run(['up', '--data-dir', other, '--port', new URL(first.url).port]);
    rmSync(other, { recursive: true });
    expect([code, text]).toEqual([1, expect.stringMatching(/port \d+ on 127\.0\.0\.1 is taken[^]*--port 0/)]);
  });

  it('refuses a setting it does not know, before it makes anything', async () => {
    const { code, text } = await run(['up', '--data-dir', join(dir, 'new'), '--prot', '1']);
    expect([code, text]).toEqual([2, expect.stringContaining("did you mean 'port'")]);
    expect(existsSync(join(dir, 'new'))).toBe(false);
  });
});

describe('trainyard db', () => {
  it('checks and backs up beside a running server; the backup is a whole database', async () => {
    const { url } = await up();
    const token = readFileSync(join(dir, 'token'), 'utf8').trim();
    const spec = { model: { name: 'm', version: '1' }, toolchain: 'command', args: ['true'], algorithmSource: { git: { url: 'file:///none' } } };
    await call(`${url}/api/v1/trainings`, token, { method: 'POST', body: JSON.stringify({ id: 'kept', spec }) });
    expect(await run(['db', 'check', '--data-dir', dir])).toEqual({ code: 0, text: expect.stringMatching(/sqlite, 1 run\(s\): ok/) });
    const file = join(dir, 'backup.db');
    expect((await run(['db', 'backup', file, '--data-dir', dir])).code).toBe(0);
    expect((await run(['db', 'backup', file, '--data-dir', dir])).text).toContain('exists already');
    expect((await run(['db', 'check', '--data-dir', dir, '--database-url', `sqlite://${file}`])).text).toMatch(/1 run\(s\): ok/);
  });
});

describe('a command on the data of a server', () => {
  it('makes nothing where there is none, and says where it looked', async () => {
    const nowhere = join(dir, 'nowhere');
    const file = join(dir, 'backup.db');
    for (const args of [['db', 'check'], ['db', 'backup', file], ['db', 'backup', '--data-dir', nowhere, file], ['secret', 'rotate-key']]) {
      const { code, text } = await run(args, { TRAINYARD_DATA_DIR: nowhere });
      expect([args, code, text]).toEqual([args, 2, expect.stringMatching(/error: there is no (database of Trainyard|key file) (at|in) [^\n]*\/nowhere[^]*hint: [^\n]*--data-dir/)]);
    }
    expect([existsSync(nowhere), existsSync(file)]).toEqual([false, false]);
  });

  it('finds the nearest .trainyard above the working directory, and does not take an empty file for a database', async () => {
    const yard = join(dir, 'clone/.trainyard');
    mkdirSync(join(dir, 'clone/sub'), { recursive: true });
    const { child } = await up(['--data-dir', yard]);
    const found = await run(['db', 'check'], {}, join(dir, 'clone/sub'));
    expect(found).toEqual({ code: 0, text: `sqlite, 0 run(s): ok, in ${join(yard, 'trainyard.db')}\n` });
    expect((await run(['secret', 'rotate-key'], {}, join(dir, 'clone/sub'))).text).toContain('uses the data directory');
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(await run(['secret', 'rotate-key'], {}, join(dir, 'clone/sub'))).toEqual({ code: 0, text: expect.stringMatching(new RegExp(`^0 secret\\(s\\) sealed again [^\\n]*, in ${yard}\\n$`)) });
    writeFileSync(join(dir, 'empty.db'), '');
    expect((await run(['db', 'check', '--database-url', `sqlite://${join(dir, 'empty.db')}`])).code).toBe(2);
  });
});

describe('trainyard secrets rotate-key', () => {
  it('seals every secret again, and only while no server runs', async () => {
    const { url, child } = await up();
    const token = readFileSync(join(dir, 'token'), 'utf8').trim();
    await call(`${url}/api/v1/secrets/key`, token, { method: 'PUT', body: JSON.stringify({ value: 'very secret text' }) });
    const webhook = { name: 'hook', url: 'https://1.1.1.1/', events: [{ entity: 'REGISTERED_MODEL', action: 'CREATED' }], secret: 'very secret text' };
    expect((await call(`${url}/api/2.0/mlflow/webhooks`, token, { method: 'POST', body: JSON.stringify(webhook) })).status).toBe(200);
    expect((await run(['secrets', 'rotate-key', '--data-dir', dir])).text).toContain('uses the data directory');
    child.kill('SIGTERM');
    await once(child, 'exit');
    const before = readFileSync(join(dir, 'keys.json'), 'utf8');
    expect(await run(['secrets', 'rotate-key', '--data-dir', dir])).toEqual({ code: 0, text: expect.stringContaining('2 secret(s) sealed again') });
    expect(readFileSync(join(dir, 'keys.json'), 'utf8')).not.toBe(before);
    const bytes = ['trainyard.db', 'trainyard.db-wal'].map((name) => join(dir, name)).filter((path) => existsSync(path)).map((path) => readFileSync(path));
    expect(bytes.some((content) => content.includes('very secret text'))).toBe(false);
  });
});
