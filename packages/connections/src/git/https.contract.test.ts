import { spawn } from 'node:child_process';
import { access, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { HttpsGitServer, type HttpsGitServerOptions } from '@trainyard/testkit/git/https-git-server.ts';
import { Repository } from '@trainyard/testkit/repository.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectionContract } from '../connection.contract.ts';
import type { ConnectionContext, ConnectionError, Fetched, Place } from '../connection.ts';
import { connection } from './connection.ts';

const PASSWORD = 'hunter2:hunter2 ä';
const basic = (user: string, password: string): string => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
let repository: Repository;
let server: HttpsGitServer;
let root: string;
let context: ConnectionContext;

beforeAll(async () => {
  repository = await Repository.make();
  await repository.commit({ 'train.py': 'print(1)\n', 'data/in.csv': '1\n' });
  await repository.git('tag', 'v1');
  await repository.commit({ 'train.py': 'print(2)\n' });
  root = await mkdtemp(join(tmpdir(), 'trainyard-https-'));
  server = await start({ authorization: basic('trainyard', PASSWORD) });
  context = { env: { PATH: process.env['PATH'] ?? '', HOME: root, TMPDIR: root, GIT_SSL_CAINFO: server.caFile }, signal: new AbortController().signal };
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await repository.remove();
  await rm(root, { recursive: true, force: true });
});

const start = (options: Partial<HttpsGitServerOptions> = {}): Promise<HttpsGitServer> => HttpsGitServer.start({ root: dirname(repository.root), ...options });
const specAt = (of: HttpsGitServer, changes: Partial<ConnectionSpec> = {}): ConnectionSpec => ({ type: 'git', uri: `${of.url}/${basename(repository.root)}`, vital: false, ...changes });
const at = (reference: string, changes: Partial<ConnectionSpec> = {}): Place => ({ spec: specAt(server, { username: 'trainyard', password: PASSWORD, ...changes }), reference });

connectionContract(connection, () => Promise.resolve({
  context,
  directory: at('v1'),
  other: at('main'),
  missing: [{ place: at('v11'), word: 'v11' }, { place: at('main', { uri: `${server.url}/no-such-repository` }), word: 'no-such-repository' }],
  denied: [at('v1', { password: 'hunter3hunter3' }), at('v1', { token: 'atokenofsomebody' }), at('v1', { credentials: 'anonymous' })],
  at: (host, port) => at('v1', { uri: `https://${host}:${port}/wine.git` }),
  remove: () => Promise.resolve(),
}));

describe('git over HTTPS', () => {
  const check = (spec: ConnectionSpec): Promise<unknown> => connection.check({ spec }, context);
  const failure = (spec: ConnectionSpec): Promise<ConnectionError> => check(spec).then(() => expect.unreachable('it should have failed'), (error: unknown) => error as ConnectionError);

  it('shows a token as a password', async () => {
    await using tokens = await start({ authorization: basic('x-access-token', 'glpat-0123456789') });
    expect(await check(specAt(tokens, { token: 'glpat-0123456789\n' }))).toEqual({ notes: [], publicKey: undefined });
    await using named = await start({ authorization: basic('oauth2', 'glpat-0123456789') });
    expect(await check(specAt(named, { token: 'glpat-0123456789', username: 'oauth2' }))).toEqual({ notes: [], publicKey: undefined });
  });

  it('takes what stands in the URL out of it', async () => {
    const uri = `${server.url}/${basename(repository.root)}`.replace('https://', `https://trainyard:${encodeURIComponent(PASSWORD)}@`);
    const into = join(root, 'from-url');
    await connection.fetch({ spec: specAt(server, { uri }), into, limits: { bytes: 1e9, entries: 100 } }, context);
    expect(await readFile(join(into, '.git', 'config'), 'utf8')).not.toContain('hunter2');
    expect(connection.problems(specAt(server, { uri }))[0]).toContain('holds no password');
  });

  it('shows the credentials to no other host', async () => {
    await using other = await start({ authorization: basic('trainyard', PASSWORD) });
    await using redirecting = await start({ redirect: other.url.replace('127.0.0.1', 'localhost') });
    const error = await failure(specAt(redirecting, { username: 'trainyard', password: PASSWORD }));
    expect(error.problem).toBe('refused');
    expect(other.authorizations.length).toBeGreaterThan(0);
    expect(other.authorizations.filter((header) => header !== undefined)).toEqual([]);
  });

  it('is not led to http', async () => {
    await using redirecting = await start({ redirect: 'http://127.0.0.1:1' });
    expect((await failure(specAt(redirecting))).problem).toBe('refused');
  });

  it('trusts no unknown certificate', async () => {
    const { GIT_SSL_CAINFO: _, ...env } = context.env;
    await expect(connection.check(at('v1'), { ...context, env })).rejects.toMatchObject({ problem: 'unreachable' });
  });

  it('refuses a token with a line break inside', async () => {
    const error = await failure(specAt(server, { token: 'glpat\nhost=evil.example' }));
    expect(error.problem).toBe('refused');
    expect(error.message).not.toContain('evil');
  });

  it('goes to the address it was given for a name', async () => {
    const uri = at('v1').spec.uri.replace('127.0.0.1', 'localhost');
    const to = (address: string): Promise<unknown> => connection.check(at('v1', { uri }), { ...context, lookup: (_host, _options, callback) => callback(null, address, 4) });
    await to('127.0.0.1');
    // nothing listens there, although the name has another address
    await expect(to('127.0.0.2')).rejects.toMatchObject({ problem: 'unreachable' });
  });

  it('follows no redirect where it was given the address', async () => {
    await using inside = await start();
    await using redirecting = await start({ redirect: inside.url });
    const lookup: ConnectionContext['lookup'] = (_host, _options, callback) => callback(null, '127.0.0.1', 4);
    const checked = connection.check({ spec: specAt(redirecting) }, { ...context, lookup });
    await expect(checked).rejects.toMatchObject({ problem: 'refused', message: expect.stringContaining('write the address it ends at as the uri of the connection') as string });
    expect(inside.authorizations).toEqual([]);
    // a runner decides nothing about addresses, and git goes where it is sent
    expect(await check(specAt(redirecting))).toEqual({ notes: [], publicKey: undefined });
    expect(inside.authorizations.length).toBeGreaterThan(0);
  });

  it('has no credential in the arguments of any program', async () => {
    const seen = new Set<string>();
    const watching = watchArguments(seen);
    await connection.fetch({ ...at('v1'), into: join(root, 'watched'), limits: { bytes: 1e9, entries: 100 } }, context);
    watching.kill();
    expect([...seen].filter((line) => line.includes('git')).length).toBeGreaterThan(0);
    expect([...seen].filter((line) => line.includes('hunter2'))).toEqual([]);
  });
});

describe('submodules', () => {
  const limits = { bytes: 1e9, entries: 100 };
  const fetch = (from: HttpsGitServer, into: string, changes: Partial<ConnectionSpec> = {}): Promise<Fetched> =>
    connection.fetch({ spec: specAt(from, { username: 'trainyard', password: PASSWORD, submodules: true, ...changes }), into: join(root, into), limits }, context);
  const outerAt = async (url: string, path = 'vendor/wine'): Promise<Repository> => {
    const outer = await Repository.make();
    const commit = await repository.git('rev-parse', 'v1');
    await outer.commit({ '.gitmodules': `[submodule "wine"]\n\tpath = ${path}\n\turl = ${url}\n`, 'train.py': 'print(0)\n' });
    await outer.git('update-index', '--add', '--cacheinfo', `160000,${commit},${path}`);
    await outer.git('commit', '--quiet', '--message=submodule');
    return outer;
  };
  const fetchOuter = async (url: string, into: string, changes: Partial<ConnectionSpec> = {}): Promise<Fetched> => {
    const outer = await outerAt(url);
    try {
      return await fetch(server, into, { uri: `${server.url}/${basename(outer.root)}`, ...changes });
    } finally {
      await outer.remove();
    }
  };

  it('come with the credentials of the connection from the same host', async () => {
    const fetched = await fetchOuter(`../${basename(repository.root)}`, 'relative');
    expect(fetched).toMatchObject({ files: 4, notes: [] });
    expect(await readFile(join(root, 'relative', 'vendor/wine/train.py'), 'utf8')).toBe('print(1)\n');
    const absolute = await fetchOuter(`${server.url}/${basename(repository.root)}`, 'absolute');
    expect(absolute).toMatchObject({ files: 4 });
  });

  it('count for the limits', async () => {
    const outer = await outerAt(`../${basename(repository.root)}`);
    const tight = connection.fetch({ spec: specAt(server, { username: 'trainyard', password: PASSWORD, submodules: true, uri: `${server.url}/${basename(outer.root)}` }), into: join(root, 'tight'), limits: { bytes: 1e9, entries: 3 } }, context);
    await expect(tight).rejects.toMatchObject({ problem: 'too_large' });
    await expect(access(join(root, 'tight'))).rejects.toThrow('ENOENT');
    await outer.remove();
  });

  it('come without credentials from another host', async () => {
    await using other = await start({ authorization: basic('trainyard', PASSWORD) });
    await expect(fetchOuter(`${other.url.replace('127.0.0.1', 'localhost')}/${basename(repository.root)}`, 'other')).rejects.toMatchObject({ problem: 'refused' });
    expect(other.authorizations.filter((header) => header !== undefined)).toEqual([]);
  });

  it.each([['a directory of this machine', () => `file://${repository.root}`], ['a path', () => repository.root], ['a program', () => 'ext::sh -c id'], ['an option', () => '--upload-pack=id'], ['nothing', () => '']])('do not lead to %s', async (_, url) => {
    await expect(fetchOuter(url(), 'astray')).rejects.toMatchObject({ problem: 'invalid' });
    expect(await readdir(root)).not.toContain('astray');
  });

  it('need a line in .gitmodules', async () => {
    const outer = await Repository.make();
    await outer.git('update-index', '--add', '--cacheinfo', `160000,${await repository.git('rev-parse', 'v1')},vendor/wine`);
    await outer.git('commit', '--quiet', '--message=submodule');
    await expect(fetch(server, 'no-line', { uri: `${server.url}/${basename(outer.root)}` })).rejects.toMatchObject({ problem: 'invalid', message: expect.stringContaining("'vendor/wine'") as string });
    await outer.remove();
  });

  it('are named when they are not fetched', async () => {
    const { notes } = await fetchOuter(`../${basename(repository.root)}`, 'left-out', { submodules: false });
    expect(notes).toEqual(['submodules are not fetched: vendor/wine (submodules: true of a connection fetches them)']);
  });
});

/** Looks at every process of the machine again and again. */
function watchArguments(seen: Set<string>): { kill(): void } {
  const watcher = spawn('sh', ['-c', 'while :; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " "; echo; done'], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  watcher.stdout.on('data', (bytes: Buffer) => seen.add(bytes.toString()));
  return { kill: () => process.kill(-(watcher.pid ?? 0), 'SIGKILL') };
}
