import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Repository } from '@trainyard/testkit/repository.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { type ConnectionContext, type ConnectionError, type Fetched } from '../connection.ts';
import { connection } from './connection.ts';
import { gitFailure } from './git-failure.ts';

const LIMITS = { bytes: 1e9, entries: 1e6 };
let repository: Repository;
let root: string;
let into: string;
let first: string;
let second: string;
let hidden: string;
let context: ConnectionContext;

beforeAll(async () => {
  repository = await Repository.make();
  first = await repository.commit({ 'train.py': 'print(1)\n' });
  await repository.git('tag', '--annotate', '--message=one', 'v1.0');
  await repository.git('branch', 'release/1');
  await repository.git('tag', 'twice');
  second = await repository.commit({ 'train.py': 'print(2)\n' });
  await repository.git('branch', 'twice');
  hidden = await repository.commit({ 'train.py': 'print(3)\n' });
  await repository.git('update-ref', 'refs/pull/7/head', hidden);
  await repository.git('reset', '--quiet', '--hard', second);
  root = await mkdtemp(join(tmpdir(), 'trainyard-fetch-'));
  context = { env: { PATH: process.env['PATH'] ?? '', HOME: root }, signal: new AbortController().signal, localRoots: ['/'] };
});
afterAll(async () => {
  await repository.remove();
  await rm(root, { recursive: true, force: true });
});
beforeEach(async () => {
  into = join(await mkdtemp(join(root, 'into-')), 'source');
});

function fetch(reference?: string, changes: Partial<ConnectionContext> = {}): Promise<Fetched> {
  return connection.fetch({ spec: specOf(repository.url), reference, into, limits: LIMITS }, { ...context, ...changes });
}
const specOf = (uri: string, more: Partial<ConnectionSpec> = {}): ConnectionSpec => ({ type: 'git', uri, vital: false, ...more });
const failure = (work: Promise<unknown>): Promise<ConnectionError> => work.then(() => expect.unreachable('it should have failed'), (error: unknown) => error as ConnectionError);

describe('a git reference', () => {
  const references: [string, () => string | undefined, () => string][] = [
    ['the default branch', () => undefined, () => second],
    ['a branch', () => 'main', () => second],
    ['a branch with a slash', () => 'release/1', () => first],
    ['an annotated tag', () => 'v1.0', () => first],
    ['a commit', () => first, () => first],
    ['a commit in capitals', () => first.toUpperCase(), () => first],
    ['the first digits of a commit', () => first.slice(0, 7), () => first],
    ['a pull request', () => 'pull/7/head', () => hidden],
    ["a pull request as ODAHU names it", () => 'pr/7/head', () => hidden],
    ['the number of a pull request', () => 'pr/7', () => hidden],
    ['the whole name of a pull request', () => 'refs/pull/7/head', () => hidden],
    ['a branch of the remote', () => 'origin/release/1', () => first],
    ['a branch of the remote by its whole name', () => 'refs/remotes/origin/main', () => second],
    ['a tag before a branch of the same name', () => 'twice', () => first],
    ['a whole name', () => 'refs/heads/main', () => second],
  ];
  it.each(references)('may be %s', async (_, reference, commit) => {
    expect(await fetch(reference())).toEqual({ kind: 'directory', version: commit(), files: 1, sizeBytes: 9, notes: [] });
    const text = { [first]: 'print(1)\n', [second]: 'print(2)\n', [hidden]: 'print(3)\n' }[commit()];
    expect(await readFile(join(into, 'train.py'), 'utf8')).toBe(text);
    expect(await readFile(join(into, '.git', 'HEAD'), 'utf8')).toBe(`${commit()}\n`);
  });

  it('may be a commit that the server only gives with a branch', async () => {
    // what an old server does: with protocol 0 it hands out nothing but what its names point at
    const home = await mkdtemp(join(root, 'home-'));
    await writeFile(join(home, '.gitconfig'), '[protocol]\n\tversion = 0\n');
    await repository.commit({ 'train.py': 'print(4)\n' });
    await repository.git('reset', '--quiet', '--hard', second);
    expect(await fetch(first, { env: { ...context.env, HOME: home } })).toMatchObject({ version: first });
  });

  it.each([
    ['v1.1', "there is no branch, tag or commit 'v1.1'", "did you mean 'v1.0'?"],
    ['deadbeef', "'deadbeef'", 'it has main, release/1, twice, v1.0'],
    ['0123456789012345678901234567890123456789', 'there is no branch, tag or commit', ''],
  ])("that is not there is named ('%s')", async (reference, ...words) => {
    const { problem, message } = await failure(fetch(reference));
    expect(problem).toBe('not_found');
    for (const word of words) expect(message).toContain(word);
    await expect(access(into)).rejects.toThrow('ENOENT');
  });

  it.each(['--upload-pack=touch /tmp/x', '-x', 'a b', 'a..b', 'a~1', 'main@{1}', 'a:b', '*', ''])("that could mean something else is refused ('%s')", async (reference) => {
    expect((await failure(fetch(reference))).problem).toBe('refused');
  });

  it('is not found in an empty repository', async () => {
    const empty = await Repository.make();
    const error = await failure(connection.fetch({ spec: specOf(empty.url), into, limits: LIMITS }, context));
    expect(error).toMatchObject({ problem: 'not_found' });
    expect(error.message).toContain('it is empty');
    await empty.remove();
  });
});

describe('a git repository', () => {
  it.each(['ext::sh -c id', 'http://127.0.0.1/x', 'git://127.0.0.1/x', '/etc', '--upload-pack=id', 'https://'])("is not fetched from '%s'", async (url) => {
    expect((await failure(connection.fetch({ spec: specOf(url), into, limits: LIMITS }, context))).problem).toBe('refused');
  });

  it('may not lead to another transport by a rule of the machine', async () => {
    const home = await mkdtemp(join(root, 'home-'));
    await writeFile(join(home, '.gitconfig'), '[url "ext::sh -c id #"]\n\tinsteadOf = https://example.invalid/\n');
    const error = await failure(connection.check({ spec: specOf('https://example.invalid/x') }, { ...context, env: { ...context.env, HOME: home } }));
    expect(error).toMatchObject({ problem: 'refused' });
    expect(error.message).toContain('none leads to another');
  });

  it('runs no hook and no helper of the fetched repository', async () => {
    const hooks = await mkdtemp(join(root, 'hooks-'));
    const home = await mkdtemp(join(root, 'home-'));
    await writeFile(join(hooks, 'post-checkout'), `#!/bin/sh\ntouch ${join(hooks, 'ran')}\n`, { mode: 0o755 });
    await writeFile(join(home, '.gitconfig'), `[core]\n\thooksPath = ${hooks}\n`);
    await fetch('main', { env: { ...context.env, HOME: home } });
    await expect(access(join(hooks, 'ran'))).rejects.toThrow('ENOENT');
  });

  it('says which submodules it left out', async () => {
    const outer = await Repository.make();
    await outer.commit({ 'a.txt': 'a' });
    await outer.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', repository.url, 'vendor/wine');
    await outer.commit({});
    const { notes } = await connection.fetch({ spec: specOf(outer.url), into, limits: LIMITS }, context);
    expect(notes).toEqual(['submodules are not fetched: vendor/wine (submodules: true of a connection fetches them)']);
    await outer.remove();
  });

  it('cannot be fetched without git, and that is said', async () => {
    const error = await failure(fetch('main', { env: { PATH: root } }));
    expect(error).toMatchObject({ problem: 'not_installed' });
    expect(error.message).toContain('install git');
  });
});

describe('the words of git', () => {
  it.each([
    ["fatal: unable to access 'https://h/x/': Could not resolve host: h", 'unreachable'],
    ["fatal: unable to access 'https://h/x/': Failed to connect to h port 443: Connection refused", 'unreachable'],
    ["fatal: unable to access 'https://h/x/': SSL certificate problem: unable to get local issuer certificate", 'unreachable'],
    ["fatal: unable to access 'https://h/x/': The requested URL returned error: 502", 'unreachable'],
    ["fatal: unable to access 'https://h/x/': The requested URL returned error: 403", 'refused'],
    ["fatal: could not read Username for 'https://h': terminal prompts disabled", 'refused'],
    ["fatal: Authentication failed for 'https://h/x/'", 'refused'],
    ["remote: Repository not found.\nfatal: repository 'https://h/x/' not found", 'not_found'],
    ["fatal: '/x' does not appear to be a git repository", 'not_found'],
    ['error: unable to create file a: No space left on device', 'disk_full'],
    ['fatal: something new', 'unreachable'],
  ])("'%s' mean %s", (stderr, problem) => {
    const error = gitFailure('it cannot be read', { exitCode: 128, stderr: stderr.replace('https://h', 'https://me:hunter2@h') });
    expect(error.problem).toBe(problem);
    expect(error.message).toMatch(/^it cannot be read: .* git says: /);
    expect(error.message).not.toContain('hunter2');
  });
});
