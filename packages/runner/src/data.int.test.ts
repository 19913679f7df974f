import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import type { AttemptFixture, AttemptFixtureOptions } from '@trainyard/testkit/attempt-fixture.ts';
import { Repository } from '@trainyard/testkit/repository.ts';
import { closedPort } from '@trainyard/testkit/silent-server.ts';
import { waitFor } from '@trainyard/testkit/wait-for.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aProgram } from './an-attempt.int.ts';

const LIST = "import { readdirSync } from 'node:fs'; for (const e of readdirSync('.', { recursive: true }).toSorted()) console.log('file', e);";
let root: string;

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'trainyard-data-')));
  await put({ 'wine/red.csv': '1\n', 'wine/white.csv': '22\n', 'wine/more/rose.csv': '333\n' });
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function put(files: Readonly<Record<string, string | Buffer>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

const local = (changes: Partial<ConnectionSpec> = {}): ConnectionSpec => ({ type: 'local', uri: join(root, 'wine'), vital: false, ...changes });

function training(data: readonly Record<string, unknown>[], options: Partial<AttemptFixtureOptions> = {}): Promise<AttemptFixture> {
  return aProgram(LIST, { connections: { wine: local() }, localRoots: [root], ...options, spec: { data, ...options.spec } });
}

/** What the directories for the next attempt remember. */
async function keptIn(dir: string): Promise<string> {
  const texts = (await readdir(dir)).map((name) => readFile(join(dir, name, 'journal'), 'utf8').catch(() => ''));
  return (await Promise.all(texts)).join('');
}

const filesOf = ({ server }: AttemptFixture): string[] => [...server.log.toString().matchAll(/^file (.*)$/gm)].map(([, name]) => name ?? '');

describe('data of a training', () => {
  it('lies in the workspace, one binding after the other, and what was fetched is kept on the run', async () => {
    await using attempt = await training([
      { connection: 'wine', localPath: 'data/' },
      { connection: 'wine', localPath: 'one/', remotePath: 'red.csv' },
      { connection: 'wine', localPath: 'two/a.csv', remotePath: 'more/rose.csv' },
      { connection: 'wine', localPath: 'data/red.csv', remotePath: 'white.csv' },
    ]);
    await attempt.carryOut();
    expect(filesOf(attempt)).toEqual(['data', 'data/more', 'data/more/rose.csv', 'data/red.csv', 'data/white.csv', 'one', 'one/red.csv', 'train.mjs', 'two', 'two/a.csv']);
    expect(attempt.server.outcome).toMatchObject({ ok: true });
    const [all, one, ...others] = attempt.server.facts['data'] as Record<string, unknown>[];
    expect(all).toMatchObject({ connection: 'wine', localPath: 'data/', files: 3, sizeBytes: 9, version: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    expect(one).toMatchObject({ localPath: 'one/', files: 1, sizeBytes: 2 });
    expect(others).toHaveLength(2);
    expect(attempt.server.log.toString()).toContain('data: wine → data/: 3 files, 9 bytes, version ');
    expect(await readdir(join(attempt.cacheDir, 'transfers'))).toEqual([]);
  });

  it.each([
    ['a directory that is bound to a file', { connection: 'wine', localPath: 'data' }, 'local path (data) points to a file, but remote path ('],
    ['what is not there', { connection: 'wine', localPath: 'data/', remotePath: 'gone' }, 'gone'],
    ['a connection that was deleted', { connection: 'beer', localPath: 'data/' }, "there is no connection 'beer' any more"],
    ['what is outside of the allowed roots', { connection: 'etc', localPath: 'data/' }, 'may not be used'],
  ])('fails for good with %s', async (_, binding, words) => {
    await using attempt = await training([binding], { connections: { wine: local(), etc: local({ uri: '/etc' }) } });
    await attempt.carryOut();
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'bad_spec', step: 'data', message: expect.stringContaining(words) as string });
  });

  it('is limited in bytes and files over all bindings', async () => {
    for (const limits of [{ dataBytes: 15 }, { dataEntries: 5 }]) {
      await using attempt = await training([{ connection: 'wine', localPath: 'a/' }, { connection: 'wine', localPath: 'b/' }], { limits });
      await attempt.carryOut();
      expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'bad_spec', step: 'data', message: expect.stringContaining('allowed') as string });
    }
  });

  it('that cannot be reached is a reason to try again', async () => {
    const uri = `http://127.0.0.1:${await closedPort()}/wine.csv`;
    await using attempt = await training([{ connection: 'web', localPath: 'a.csv' }], { connections: { web: { type: 'http', uri, password: 'hunter2hunter2', vital: false } } });
    await attempt.carryOut();
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'data_unavailable', step: 'data' });
  });

  it('has no secret of its connection in the log', async () => {
    const secret = 'hunter2hunter2';
    await using attempt = await aProgram(`console.log('the password is ${secret}')`, { connections: { wine: local({ password: secret }) }, localRoots: [root], spec: { data: [{ connection: 'wine', localPath: 'a/' }] } });
    await attempt.carryOut();
    expect(attempt.server.log.toString()).toContain('the password is *****');
  });
});

describe('data that breaks off', () => {
  const SIZE = 64 * 1024 * 1024;
  const content = randomBytes(SIZE);
  let server: Server;
  let sentBytes: number;
  let stopAfter: number;

  beforeEach(async () => {
    [sentBytes, stopAfter] = [0, SIZE / 2];
    server = createServer(({ headers }, response) => {
      const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
      const part = content.subarray(Number(first), Number(last) + 1);
      response.writeHead(206, { etag: '"wine"', 'content-length': part.length, 'content-range': `bytes ${String(first)}-${Number(first) + part.length - 1}/${SIZE}` });
      const next = (at: number): void => {
        // it goes silent: the attempt has to be ended from outside
        if (sentBytes >= stopAfter || response.destroyed) return;
        if (at >= part.length) return void response.end();
        response.write(part.subarray(at, at + 65_536), () => {
          sentBytes += Math.min(65_536, part.length - at);
          next(at + 65_536);
        });
      };
      next(0);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  it('is gone on with by the next attempt of the run', async () => {
    const web: ConnectionSpec = { type: 'http', uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/wine.bin`, vital: false };
    const options = { run: randomBytes(16).toString('hex'), connections: { web }, spec: { data: [{ connection: 'web', localPath: 'wine.bin' }] } };
    await using first = await aProgram(LIST, options);
    const killed = first.start();
    await waitFor('half of it is sent', () => sentBytes >= stopAfter);
    await waitFor('some of it is kept', async () => (await keptIn(join(first.cacheDir, 'transfers'))).includes('"to":'));
    killed.signal('SIGKILL');
    await killed.ended;
    [sentBytes, stopAfter] = [0, Infinity];
    await using second = await aProgram(LIST, { ...options, attempt: 2 });
    await second.carryOut();
    expect(second.server.outcome).toMatchObject({ ok: true });
    expect(filesOf(second)).toContain('wine.bin');
    expect(second.server.facts['data']).toMatchObject([{ files: 1, sizeBytes: SIZE }]);
    expect(sentBytes).toBeLessThan(SIZE);
    expect(await readdir(join(second.cacheDir, 'transfers'))).toEqual([]);
  });
});

describe('the source of a training', () => {
  it('may be a repository behind a connection, whose reference counts when the training names none', async () => {
    const repository = await Repository.make();
    const first = await repository.commit({ 'train.mjs': "console.log('first')" });
    await repository.git('tag', 'v1');
    const second = await repository.commit({ 'train.mjs': "console.log('second')" });
    const connections = { code: { type: 'git', uri: repository.url, reference: 'v1', vital: false } };
    for (const [reference, commit, text] of [[undefined, first, 'first'], ['', first, 'first'], ['main', second, 'second']] as const) {
      await using attempt = await aProgram('', { connections, localRoots: [repository.root], spec: { algorithmSource: { vcs: { connection: 'code', ...(reference === undefined ? {} : { reference }) } } } });
      await attempt.carryOut();
      expect(attempt.server.facts).toMatchObject({ commit });
      expect(attempt.server.log.toString()).toContain(`${text}\n`);
    }
    await repository.remove();
  });

  it('may be a directory of a store', async () => {
    await put({ 'code/train.mjs': LIST, 'code/lib/a.mjs': '' });
    await using attempt = await aProgram('', { connections: { store: local({ uri: root }) }, localRoots: [root], spec: { algorithmSource: { objectStorage: { connection: 'store', path: 'code/' } } } });
    await attempt.carryOut();
    expect(filesOf(attempt)).toEqual(['lib', 'lib/a.mjs', 'train.mjs']);
    expect(attempt.server.facts).toMatchObject({ sourceDigest: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
  });

  it('that cannot be reached is a reason to try again', async () => {
    const uri = `https://127.0.0.1:${await closedPort()}/wine.git`;
    await using attempt = await aProgram('', { connections: { code: { type: 'git', uri, token: 'hunter2hunter2', vital: false } }, spec: { algorithmSource: { vcs: { connection: 'code' } } } });
    await attempt.carryOut();
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'source_unavailable', step: 'source' });
    expect(attempt.server.log.toString()).not.toContain('hunter2');
  });
});
