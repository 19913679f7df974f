import { createHash } from 'node:crypto';
import { access, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConnectionContext, ConnectionError, Fetched, FetchRequest } from '../connection.ts';
import { connection } from './connection.ts';
import { FileServer } from './test-file-server.ts';

const CONTENT = Buffer.from('1\n');
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');
const context: ConnectionContext = { env: {}, signal: new AbortController().signal };
let server: FileServer;
let root: string;
let into: string;

beforeEach(async () => {
  server = await FileServer.start();
  server.files.set('/in.csv', { bytes: CONTENT, etag: '"1"' });
  root = await mkdtemp(join(tmpdir(), 'trainyard-http-'));
  into = join(root, 'into');
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

const specOf = (path: string, changes: Partial<ConnectionSpec> = {}): ConnectionSpec => ({ type: 'http', uri: `${server.url}${path}`, vital: false, ...changes });
const fetch = (spec: ConnectionSpec, changes: Partial<FetchRequest> = {}, more: Partial<ConnectionContext> = {}): Promise<Fetched> => connection.fetch({ spec, into, limits: { bytes: 1e9, entries: 10 }, ...changes }, { ...context, ...more });
const failure = (work: Promise<unknown>): Promise<ConnectionError> => work.then(() => expect.unreachable('it should have failed'), (error: unknown) => error as ConnectionError);

describe('a file by HTTP', () => {
  it.each([
    ['without parts', { bytes: CONTENT }],
    ['without parts or length', { bytes: CONTENT, tellsLength: false }],
    ['with a tag that proves nothing', { bytes: CONTENT, etag: 'W/"1"' }],
  ])('comes from a server %s in one piece', async (_, file) => {
    server.files.set('/whole.csv', file);
    const { version, sizeBytes } = await fetch(specOf('/whole.csv'));
    expect(sizeBytes).toBe(2);
    expect(await readFile(join(into, 'whole.csv'), 'utf8')).toBe('1\n');
    expect((await connection.check({ spec: specOf('/whole.csv') }, context)).notes[0]).toContain('in one piece only');
    expect(await fetch(specOf('/whole.csv'), { into: `${into}-again` })).toMatchObject({ version });
    expect(await readdir(root)).toEqual(['into', 'into-again']);
  });

  it('may be empty', async () => {
    server.files.set('/empty.csv', { bytes: Buffer.alloc(0), etag: '"1"' });
    expect(await fetch(specOf('/empty.csv'))).toMatchObject({ files: 1, sizeBytes: 0 });
    expect(await readdir(into)).toEqual(['empty.csv']);
  });

  it.each([['told', {}], ['not told', { tellsLength: false }]])('is limited when its length is %s', async (_, more) => {
    server.files.set('/large.csv', { bytes: Buffer.alloc(1_000_000), ...more });
    expect((await failure(fetch(specOf('/large.csv'), { limits: { bytes: 1000, entries: 1 } }))).problem).toBe('too_large');
    expect(await readdir(root)).toEqual([]);
  });

  it('is compared with its checksum', async () => {
    await fetch(specOf('/in.csv', { checksum: `sha256:${SHA256.toUpperCase()}` }));
    const error = await failure(fetch(specOf('/in.csv', { checksum: `sha256:${'0'.repeat(64)}` }), { into: `${into}-other` }));
    expect(error.problem).toBe('invalid');
    expect(error.message).toContain(SHA256);
    await expect(access(`${into}-other`)).rejects.toThrow('ENOENT');
  });

  it.each([
    ['/a%20b%C3%A4.csv?sig=hunter2', 'a bä.csv'],
    ['/', 'download'],
    ['/%2e%2e', 'download'],
  ])("of '%s' is called '%s'", async (path, name) => {
    server.files.set(decodeURIComponent(new URL(path, server.url).pathname), { bytes: CONTENT, etag: '"1"' });
    await fetch(specOf(path));
    expect(await readdir(into)).toEqual([name]);
  });

  it.each(['/..%2F..%2Fetc%2Fpasswd', '/a%00b', '/a%0Ab', '/a%5C..%5Cb'])("of '%s' has a name that no file gets", async (path) => {
    expect((await failure(fetch(specOf(path)))).problem).toBe('invalid');
    expect(server.calls).toEqual([]);
  });

  it('has no signature of its URL in a message', async () => {
    const { message } = await failure(fetch(specOf('/gone.csv?sig=hunter2hunter2')));
    expect(message).toContain('/gone.csv');
    expect(message).not.toContain('hunter2');
  });

  it('lies under a path of the place from the root of the server', async () => {
    server.files.set('/other dir/#1.csv', { bytes: CONTENT, etag: '"1"' });
    await fetch(specOf('/in.csv'), { path: 'other dir/#1.csv' });
    expect(await readdir(into)).toEqual(['#1.csv']);
    expect((await failure(fetch(specOf('/in.csv'), { path: 'other dir/' }))).problem).toBe('invalid');
  });
});

describe('a redirect', () => {
  it('is followed with the credentials on the same server', async () => {
    const authorization = 'Bearer atokenofsomebody';
    server.files.set('/in.csv', { bytes: CONTENT, etag: '"1"', authorization });
    server.files.set('/latest.csv', { bytes: CONTENT, redirect: '/in.csv', authorization });
    await fetch(specOf('/latest.csv', { token: 'atokenofsomebody' }));
    expect(await readdir(into)).toEqual(['latest.csv']);
  });

  it('is followed without them to another one', async () => {
    await using other = await FileServer.start();
    other.files.set('/in.csv', { bytes: CONTENT, etag: '"1"' });
    server.files.set('/latest.csv', { bytes: CONTENT, redirect: `${other.url.replace('//', '//me:secret@')}/in.csv` });
    await fetch(specOf('/latest.csv', { token: 'atokenofsomebody' }));
    expect(server.calls.every(({ authorization }) => authorization === 'Bearer atokenofsomebody')).toBe(true);
    expect(other.calls.length).toBeGreaterThan(0);
    expect(other.calls.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
  });

  it.each(['file:///etc/passwd', 'ftp://127.0.0.1/in.csv', 'gopher://x', ''])("is not followed to '%s'", async (redirect) => {
    server.files.set('/latest.csv', { bytes: CONTENT, redirect });
    expect((await failure(fetch(specOf('/latest.csv')))).problem).toMatch(/refused|invalid/);
  });

  it('is not followed for ever', async () => {
    server.files.set('/round.csv', { bytes: CONTENT, redirect: '/round.csv' });
    expect((await failure(fetch(specOf('/round.csv')))).message).toContain('from redirect to redirect');
    expect(server.calls.length).toBeLessThan(10);
  });

  it('does not lead past the look-up, to a name or to an address', async () => {
    const lookup: ConnectionContext['lookup'] = (host, options, callback) => {
      if (host !== 'files.example') callback(Object.assign(new Error('it is not an address of the public Internet'), { code: 'OUTBOUND_REFUSED' }), '');
      else if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
      else callback(null, '127.0.0.1', 4);
    };
    for (const target of ['http://127.0.0.1:1/', 'http://[::1]:1/', 'http://metadata.internal/']) {
      server.files.set('/latest.csv', { bytes: CONTENT, redirect: target });
      const uri = `http://files.example:${server.port}/latest.csv`;
      expect((await failure(connection.check({ spec: specOf('', { uri }) }, { ...context, lookup }))).problem).toBe('refused');
    }
    await fetch(specOf('', { uri: `http://files.example:${server.port}/in.csv` }), {}, { lookup });
    expect(await readdir(into)).toEqual(['in.csv']);
  });
});

describe('the fields of a connection by HTTP', () => {
  it.each([
    [{ uri: 'https://example.com/a.csv', checksum: `sha256:${SHA256}` }, []],
    [{ uri: 'ftp://me:secret@example.com/a.csv' }, ['http type requires that uri is an http:// or https:// URL']],
    [{ uri: 'https://me:secret@example.com/a.csv' }, ['http type requires that uri holds no password']],
    [{ uri: 'https://example.com/a.csv', checksum: 'md5:00' }, ['http type requires that checksum is sha256: and 64 hex digits']],
  ])('%j have these problems', (changes, problems) => {
    const found = connection.problems({ type: 'http', vital: false, ...changes });
    expect(found).toHaveLength(problems.length);
    for (const [i, problem] of problems.entries()) expect(found[i]).toContain(problem);
    expect(found.join(' ')).not.toContain('secret@');
  });
});
