import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import type { FaultOf } from '@trainyard/testkit/clouds/http-gate.ts';
import { waitFor } from '@trainyard/testkit/wait-for.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Connection, type ConnectionContext, ConnectionError, type FetchRequest } from '../connection.ts';
import { connectionContract } from '../connection.contract.ts';

const MIB = 1024 * 1024;
const LARGE_BYTES = 33 * MIB;

/** A bucket of a real store or emulator, made for the suite. */
export interface TestBucket {
  /** With credentials that are right; the path is in the uri. */
  spec(path: string): ConnectionSpec;
  /** Where buckets can be missing. */
  readonly missingBucket?: ConnectionSpec;
  readonly denied: readonly ConnectionSpec[];
  at(host: string, port: number): ConnectionSpec;
  /** Past the connection. */
  write(key: string, bytes: Buffer): Promise<void>;
  read(key: string): Promise<Buffer | undefined>;
  remove(key: string): Promise<void>;
  /** Of the store's answers, up to now. */
  sentBytes(): number;
  /** Everything the store was asked. */
  readonly calls: readonly string[];
  /** Is it a call for the bytes of this object? */
  isRead(call: string, key: string): boolean;
  setFault(fault: FaultOf | undefined): void;
  /** How many are written for the case of many small files. */
  readonly smallFiles?: number;
  /** Breaks every connection after so many bytes, and lets new ones through at once. */
  breakAfter(bytes: number): void;
  stop(): Promise<void>;
}

/** The laws of connection.ts, and those of transfers, for every object store. */
export function objectConnectionContract(connection: Connection, start: () => Promise<TestBucket>): void {
  let bucket: TestBucket;
  const context: ConnectionContext = { env: {}, signal: new AbortController().signal };
  let large = randomBytes(LARGE_BYTES);

  beforeAll(async () => {
    bucket = await start();
  });
  afterAll(() => bucket.stop());

  connectionContract(connection, async () => {
    const files = { 'good/train.py': 'print(1)\n', 'good/data/in.csv': '1\n', 'single/one.csv': '1\n', 'single/one.csv.bak': '2\n' };
    for (const [key, text] of Object.entries(files)) await bucket.write(key, Buffer.from(text));
    await bucket.write('large/a.bin', large);
    return {
      context,
      directory: { spec: bucket.spec('good') },
      file: { place: { spec: bucket.spec(''), path: 'single/one.csv' }, name: 'one.csv' },
      missing: [{ place: { spec: bucket.spec('good'), path: 'nothing/here' }, word: 'nothing/here' }, { place: { spec: bucket.spec('good'), path: 'goo' }, word: 'goo' }, ...(bucket.missingBucket === undefined ? [] : [{ place: { spec: bucket.missingBucket }, word: 'nowhere' }])],
      denied: bucket.denied.map((spec) => ({ spec })),
      at: (host, port) => ({ spec: bucket.at(host, port) }),
      large: {
        place: { spec: bucket.spec('large/') },
        sizeBytes: LARGE_BYTES,
        content: async () => new Map([['a.bin', sha256(large)]]),
        sentBytes: () => bucket.sentBytes(),
        change: () => bucket.write('large/a.bin', (large = randomBytes(LARGE_BYTES))),
      },
      output: { spec: bucket.spec('models/out'), read: (name) => bucket.read(`models/out/${name}`) },
      remove: async () => undefined,
    };
  });

  describe(`transfers of ${connection.type}`, () => {
    let root: string;
    let into: string;

    beforeEach(async () => {
      root = await mkdtemp(join(tmpdir(), 'trainyard-transfer-'));
      into = join(root, 'into');
    });
    afterEach(async () => {
      bucket.setFault(undefined);
      await rm(root, { recursive: true, force: true });
    });

    const fetch = (path: string, changes: Partial<FetchRequest> = {}, more: Partial<ConnectionContext> = {}): ReturnType<Connection['fetch']> =>
      connection.fetch({ spec: bucket.spec(''), path, into, limits: { bytes: 1e12, entries: 1e6 }, ...changes }, { ...context, ...more });
    const failureOf = async (work: Promise<unknown>): Promise<ConnectionError> => {
      const failure = await work.then(() => expect.unreachable('it should have failed'), (error: unknown) => error);
      expect(failure).toBeInstanceOf(ConnectionError);
      return failure as ConnectionError;
    };
    const readsOf = (key: string, from = 0): readonly string[] => bucket.calls.slice(from).filter((call) => bucket.isRead(call, key));

    it('brings many small files, each by one call', async () => {
      const names = Array.from({ length: bucket.smallFiles ?? 200 }, (_, index) => `many/${index % 7}/file ${index} ä+%2f&.txt`);
      await Promise.all(names.map((name) => bucket.write(name, Buffer.from(name))));
      const before = bucket.calls.length;
      expect(await fetch('many')).toMatchObject({ kind: 'directory', files: names.length });
      for (const name of names) expect(await readFile(join(into, name.slice('many/'.length)), 'utf8')).toBe(name);
      expect(bucket.calls.length - before).toBeLessThan(3.2 * names.length + 40);
    });

    it('takes a path for a directory where nothing has exactly its name', async () => {
      await bucket.write('prefix/data.csv', Buffer.from('1'));
      await bucket.write('prefix-other/data.csv', Buffer.from('2'));
      for (const [index, path] of ['prefix', 'prefix/', '/prefix'].entries()) {
        await fetch(path, { into: `${into}-${index}` });
        expect(await readdir(`${into}-${index}`)).toEqual(['data.csv']);
      }
    });

    it('goes on by itself when connections break at any byte', async () => {
      const bytes = randomBytes(20 * MIB);
      await bucket.write('broken/a.bin', bytes);
      bucket.breakAfter(MIB + Math.floor(Math.random() * 16 * MIB));
      await fetch('broken/a.bin');
      expect(sha256(await readFile(join(into, 'a.bin')))).toBe(sha256(bytes));
      expect(readsOf('broken/a.bin').length).toBeGreaterThan(2);
    });

    it('waits for a store that is too busy', async () => {
      await bucket.write('busy/a.csv', Buffer.from('1'));
      let refusals = 3;
      bucket.setFault((call) => (bucket.isRead(call, 'busy/a.csv') && refusals-- > 0 ? { status: 503 } : undefined));
      await fetch('busy');
      expect(readsOf('busy/a.csv')).toHaveLength(4);
    });

    it('does not fetch again what had arrived when the store went away', async () => {
      await bucket.write('resumed/a.csv', Buffer.from('a'));
      await bucket.write('resumed/b.csv', Buffer.from('b'));
      const resumeDir = join(root, 'resume');
      bucket.setFault(async (call) => {
        if (!bucket.isRead(call, 'resumed/b.csv')) return undefined;
        await waitFor('a.csv has arrived', async () => (await readFile(join(resumeDir, 'journal'), 'utf8')).includes('a.csv'));
        return { status: 403 };
      });
      expect(await failureOf(fetch('resumed', { resumeDir }))).toMatchObject({ problem: 'refused' });
      bucket.setFault(undefined);
      const before = bucket.calls.length;
      expect(await fetch('resumed', { resumeDir })).toMatchObject({ files: 2 });
      expect([readsOf('resumed/a.csv', before).length, readsOf('resumed/b.csv', before).length]).toEqual([0, 1]);
      expect(await readdir(into)).toEqual(['a.csv', 'b.csv']);
    });

    it('leaves out what was deleted between two attempts', async () => {
      await bucket.write('shrunk/a/a.csv', Buffer.from('a'));
      await bucket.write('shrunk/b.csv', Buffer.from('b'));
      const resumeDir = join(root, 'resume');
      bucket.setFault(async (call) => {
        if (!bucket.isRead(call, 'shrunk/b.csv')) return undefined;
        await waitFor('a.csv has arrived', async () => (await readFile(join(resumeDir, 'journal'), 'utf8')).includes('a.csv'));
        return { status: 403 };
      });
      await failureOf(fetch('shrunk', { resumeDir }));
      bucket.setFault(undefined);
      await bucket.remove('shrunk/a/a.csv');
      await fetch('shrunk/', { resumeDir: join(root, 'other') });
      await fetch('shrunk', { resumeDir, into: `${into}-again` });
      expect(await readdir(`${into}-again`)).toEqual(await readdir(into));
    });

    it.each([['deleted', 'not_found'], ['changed', 'invalid']] as const)('fails clearly when an object is %s meanwhile', async (what, problem) => {
      const key = `unsteady-${what}/a.bin`;
      await bucket.write(key, randomBytes(17 * MIB));
      let isDone = false;
      // one read of several comes back when the object has another state
      bucket.setFault(async (call) => {
        if (!bucket.isRead(call, key) || isDone) return undefined;
        isDone = true;
        await (what === 'deleted' ? bucket.remove(key) : bucket.write(key, randomBytes(17 * MIB)));
        return { status: 503 };
      });
      const failure = await failureOf(fetch(`unsteady-${what}`));
      expect(failure).toMatchObject({ problem });
      expect(failure.message).toContain(key);
      expect(await readdir(root)).toEqual([]);
    });

    it('fetches a state again only while it is there', async () => {
      await bucket.write('pinned/a.csv', Buffer.from('1'));
      const { version } = await fetch('pinned');
      expect(await fetch('pinned', { reference: version, into: `${into}-again` })).toMatchObject({ version });
      await bucket.write('pinned/a.csv', Buffer.from('2'));
      expect(await failureOf(fetch('pinned', { reference: version, into: `${into}-third` }))).toMatchObject({ problem: 'not_found' });
    });

    it('counts while it lists, and asks for no object that is past a limit', async () => {
      await bucket.write('counted/a.bin', Buffer.alloc(10));
      await bucket.write('counted/b.bin', Buffer.alloc(10));
      const failure = await failureOf(fetch('counted', { limits: { bytes: 19, entries: 5 } }));
      expect(failure).toMatchObject({ problem: 'too_large' });
      expect([...readsOf('counted/a.bin'), ...readsOf('counted/b.bin')]).toEqual([]);
    });

    it('asks the look-up it is given, and nobody when that refuses', async () => {
      const asked: string[] = [];
      const spec = bucket.at('store.example.com', 80);
      const lookup: ConnectionContext['lookup'] = (host, _options, callback) => {
        asked.push(host);
        callback(Object.assign(new Error('it is a private address'), { code: 'FORBIDDEN' }), '', 4);
      };
      const failure = await failureOf(connection.check({ spec }, { ...context, lookup }));
      expect(failure).toMatchObject({ problem: 'refused' });
      expect(failure.message).toContain('private address');
      expect(asked.length).toBeGreaterThan(0);
      expect(asked.every((host) => host.endsWith('store.example.com'))).toBe(true);
    });

    it('puts a large file that is the same when it is fetched', async () => {
      const bytes = randomBytes(17 * MIB + 1);
      await writeFile(join(root, 'model.zip'), bytes);
      const stored = await connection.put?.({ spec: bucket.spec('put/here/'), name: 'model.zip', file: join(root, 'model.zip'), sizeBytes: bytes.length }, context);
      expect(stored?.uri).toContain('put/here/model.zip');
      await fetch('put/here/model.zip');
      expect(sha256(await readFile(join(into, 'model.zip')))).toBe(sha256(bytes));
    });
  });
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
