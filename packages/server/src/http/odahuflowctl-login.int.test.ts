import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { odahuflowctl } from '@trainyard/testkit/python/odahuflowctl.ts';
import { OidcIssuer } from '@trainyard/testkit/oidc-issuer.ts';
import { waitFor } from '@trainyard/testkit/wait-for.ts';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestServer } from './test-server.ts';

const INSTALL_MS = 900_000;

let argv: readonly [string, ...string[]];
beforeAll(async () => void ({ argv } = await odahuflowctl()), INSTALL_MS);

let dir: string;
let issuer: OidcIssuer;
let server: TestServer;
let url: string;
const running: ChildProcess[] = [];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'trainyard-login-'));
  issuer = await OidcIssuer.start();
  await serve('--oidc-issuer', issuer.url, '--oidc-audience', 'legion-cli,robot', '--oidc-client-id', 'legion-cli', '--odahu-login-redirect', 'on');
});
afterEach(async () => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  await server.close();
  await issuer.down();
  rmSync(dir, { recursive: true, force: true });
});

async function serve(...flags: string[]): Promise<void> {
  server = await TestServer.open(flags);
  const listening = new URL((await server.listen()).url);
  // of another name than the issuer: that is what the client looks at
  url = `http://localhost:${listening.port}`;
}

interface Printed {
  code: number | null | undefined;
  out: string;
}

/** Starts the original client with a configuration of its own. */
function start(...rest: string[]): Printed {
  const [program, ...first] = argv;
  const env = { PATH: process.env['PATH'] ?? '', HOME: dir, ODAHUFLOW_CONFIG: join(dir, 'config'), RETRY_ATTEMPTS: '1', PYTHONUNBUFFERED: '1' };
  const child = spawn(program, [...first, ...rest], { cwd: dir, env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  const printed: Printed = { code: undefined, out: '' };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (printed.out += chunk.toString()));
  child.once('close', (code) => (printed.code = code));
  return printed;
}

async function run(...rest: string[]): Promise<Printed> {
  const printed = start(...rest);
  await waitFor(`the end of ${rest.join(' ')}`, () => printed.code !== undefined, 120_000);
  return printed;
}
const config = (): string => readFileSync(join(dir, 'config'), 'utf8');

/** The token that the client keeps is one that was good until a minute ago. */
function expire(sub: string): void {
  const token = issuer.token({ sub, roles: ['odahu_admin'] }, { changes: { exp: Math.floor(Date.now() / 1000) - 60 } });
  writeFileSync(join(dir, 'config'), config().replace(/^api_token = .*$/m, `api_token = ${token}`));
}

describe('the original odahuflowctl', () => {
  it('logs in with a token of this server, and is told when it is wrong', async () => {
    expect(await run('login', '--url', url, '--token', server.token)).toMatchObject({ code: 0, out: expect.stringContaining('Success! Credentials have been saved.') as string });
    expect(await run('train', 'get', '-o', 'json')).toMatchObject({ code: 0, out: expect.stringContaining('[]') as string });
    expect(await run('login', '--url', url, '--token', 'wrong')).toMatchObject({ code: 1, out: expect.stringContaining('Credentials are not correct') as string });
  }, 300_000);

  it('logs in as a client of the provider, and gets a new token when the old one is refused', async () => {
    issuer.clients.set('robot', { secret: 'beep', person: { sub: 'robot-1', name: 'Robot', email: 'robot@example.org', roles: ['odahu_data_scientist'] } });
    const login = await run('login', '--url', url, '--client_id', 'robot', '--client_secret', 'beep', '--issuer', issuer.url);
    expect(login).toMatchObject({ code: 0, out: expect.stringContaining('Success! Credentials have been saved.') as string });
    expire('robot-1');
    expect(await run('conn', 'get', '-o', 'json')).toMatchObject({ code: 0 });
    expect(issuer.calls.filter((call) => call === 'POST /token').length).toBe(2);
    expect(await run('conn', 'delete', '--id', 'nothing')).toMatchObject({ code: 1, out: expect.stringMatching(/may not change connections or toolchains.*403/s) as string });
  }, 300_000);

  it('sends somebody to the login page, and uses and refreshes the token that comes back', async () => {
    issuer.loggedIn = { sub: 'u-1', name: 'Ann', email: 'ann@example.org', roles: ['odahu_admin'] };
    const login = start('login', '--url', url);
    const [page] = await waitFor('the address of the login page', () => /http:\/\/127\.0\.0\.1:\S+\/authorize\?\S+/.exec(login.out), 120_000);
    expect(page).toContain('client_id=legion-cli');
    await (await fetch(page)).text();
    await waitFor('the end of the login', () => login.code !== undefined, 120_000);
    expect(login).toMatchObject({ code: 0, out: expect.stringContaining('Ann / ann@example.org') as string });
    expect(config()).toContain('api_refresh_token');
    expire('u-1');
    expect(await run('train', 'get', '-o', 'json')).toMatchObject({ code: 0, out: expect.stringContaining('[]') as string });
    expect(issuer.calls.filter((call) => call === 'POST /token').length).toBe(2);
  }, 300_000);

  it('is refused in words by a server that has no login page', async () => {
    await server.close();
    await serve();
    const asked = await run('conn', '--url', url, 'get');
    expect(asked).toMatchObject({ code: 1, out: expect.stringContaining('(status: 403)') as string });
  }, 300_000);
});
