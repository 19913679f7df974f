import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { VERSION } from '../commands/program/version.ts';
import { cli } from '../test-cli.ts';
import { aDirectory } from '../test-data.ts';
import { refusal, TestServer } from '../test-server.ts';
import { isAtLeast } from './check.ts';
import { checkGit, checkManagers, checkNode, checkPython } from './programs.ts';

/** A PATH on which there is nothing but these programs, each printing a text. */
function machine(programs: Readonly<Record<string, string>>) {
  const dir = aDirectory();
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(path.join(dir.path, name), `#!/bin/sh\n/bin/cat <<'END'\n${text}\nEND\n`);
    chmodSync(path.join(dir.path, name), 0o755);
  }
  return { env: { PATH: dir.path }, [Symbol.dispose]: () => dir[Symbol.dispose]() };
}

const python = (version: string, { venv = true, pip = true } = {}): string => JSON.stringify([version, '/opt/python3', venv, pip]);

describe('programs', () => {
  test.each<[string, Record<string, string>, string[]]>([
    ['a good Python', { python3: python('3.12.1') }, ['ok 3.12.1  /opt/python3', 'ok pip and venv']],
    ['without venv', { python3: python('3.12.1', { venv: false }) }, ['ok 3.12.1  /opt/python3', 'ok pip']],
    ['without both', { python3: python('3.12.1', { venv: false, pip: false }) }, ['ok 3.12.1  /opt/python3', 'missing neither is there']],
    ['without both, but uv', { python3: python('3.12.1', { venv: false, pip: false }), uv: 'uv 0.9.1' }, ['ok 3.12.1  /opt/python3', 'ok neither, but uv']],
    ['an old one that hides a new one', { python3: python('3.8.10'), 'python3.11': python('3.11.2') }, ['ok 3.11.2  /opt/python3', 'ok pip and venv']],
    ['only an old one', { python3: python('3.9.2') }, ['missing 3.9.2, 3.10 or newer is needed']],
    ['none', {}, ['missing not found']],
    ['something else of that name', { python3: 'I am a snake' }, ['missing not found']],
  ])('Python: %s', async (_, programs, expected) => {
    using here = machine(programs);
    const checks = await checkPython(here.env);
    expect(checks.map(({ state, found }) => `${state} ${found}`)).toEqual(expected);
    for (const { state, hint } of checks) expect(hint === undefined).toBe(state === 'ok');
  });

  test('git, uv, conda', async () => {
    using all = machine({ git: 'git version 2.43.0 (Apple Git-1)', uv: 'uv 0.9.1 (abc)', micromamba: '2.3.0' });
    expect((await Promise.all([checkGit(all.env), checkManagers(all.env)])).flat().map(({ found }) => found)).toEqual(['2.43.0', '0.9.1', 'micromamba 2.3.0']);
    using none = machine({});
    expect((await Promise.all([checkGit(none.env), checkManagers(none.env)])).flat().map(({ state }) => state)).toEqual(['missing', 'absent', 'absent']);
  });

  test('Node', () => {
    expect([checkNode('24.0.0').state, checkNode('22.9.0').state, checkNode('100.0.0').state]).toEqual(['ok', 'missing', 'ok']);
  });

  test.each([
    ['3.10', '3.10', true],
    ['3.9.9', '3.10', false],
    ['3.11.0rc1', '3.10', true],
    ['4', '3.10', true],
  ])('%s is at least %s: %s', (found, least, expected) => {
    expect(isAtLeast(found, least)).toBe(expected);
  });
});

describe('trainyard doctor', () => {
  const good = () => machine({ python3: python('3.12.1'), git: 'git version 2.43.0' });
  const status = (version: string) => () => ({ version, startedAt: 'x', database: 'sqlite', engines: [], toolchains: [], runs: {} });

  async function diagnose(env: Record<string, string | undefined>, server?: TestServer) {
    const { code, out } = await cli(['doctor', '-o', 'json'], { env, ...(server === undefined ? {} : { server }) });
    const { ok, checks } = JSON.parse(out) as { ok: boolean; checks: { name: string; state: string; found: string; hint?: string }[] };
    const needed = checks.filter(({ name }) => name !== 'disk');
    return { code, ok, states: Object.fromEntries(needed.map(({ name, state }) => [name, state])), checks };
  }

  test('all is well', async () => {
    using here = good();
    await using server = await TestServer.start({ health: () => ({ status: 'ok' }), status: status(VERSION) });
    expect(await diagnose(here.env, server)).toMatchObject({ states: { Node: 'ok', Python: 'ok', git: 'ok', uv: 'absent', server: 'ok', token: 'ok', version: 'ok' } });
  });

  test('no server anywhere is no fault', async () => {
    using here = good();
    const server = await TestServer.start();
    await server.kill();
    const { port } = new URL(server.url);
    expect((await diagnose({ ...here.env, TRAINYARD_PORT: port })).states['server']).toBe('absent');
  });

  test('a server that was named and does not answer is one', async () => {
    using here = good();
    const server = await TestServer.start();
    await server.kill();
    expect(await diagnose(here.env, server)).toMatchObject({ code: 1, ok: false, states: { server: 'missing' } });
  });

  test('a token that is not accepted, and another version', async () => {
    using here = good();
    await using server = await TestServer.start({ health: () => ({ status: 'ok' }), status: () => refusal('UNAUTHENTICATED') });
    expect(await diagnose(here.env, server)).toMatchObject({ code: 1, states: { server: 'ok', token: 'missing' } });
    server.on('status', status('99.0.0'));
    expect((await diagnose(here.env, server)).states['version']).toBe('warning');
  });

  test('what is missing comes with how to get it', async () => {
    using here = machine({});
    const { code, out } = await cli(['doctor'], { env: here.env });
    expect(code).toBe(1);
    expect(out).toMatch(/✗ Python +not found\n +Debian, Ubuntu: apt install python3[^]*✗ git +not found\n +Debian[^]*Missing: Python, git/);
  });

  test('a private file that others can read', async () => {
    using here = good();
    using data = aDirectory({ 'cli.json': '{"url":"http://127.0.0.1:1","token":"t"}' });
    chmodSync(path.join(data.path, 'cli.json'), 0o644);
    const { checks } = await diagnose({ ...here.env, TRAINYARD_DATA_DIR: data.path });
    expect(checks.find(({ name }) => name === 'server')).toMatchObject({ state: 'missing', hint: expect.stringContaining('chmod 600') as string });
  });
});
