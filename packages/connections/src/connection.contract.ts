import { createHash } from 'node:crypto';
import { lstat, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { secretsOf } from '@trainyard/core/connection/connection-spec.ts';
import { closedPort, SilentServer } from '@trainyard/testkit/silent-server.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { type Connection, type ConnectionContext, ConnectionError, type FetchRequest, type Place } from './connection.ts';
import type { ContractPlace } from './place.contract.ts';
import { linkStaysInside } from './link-stays-inside.ts';

const UNLIMITED = { bytes: 1e12, entries: 1e6 };
const HASH_OF = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** The laws of connection.ts, for every connection. */
export function connectionContract(connection: Connection, makePlace: () => Promise<ContractPlace>): void {
  let place: ContractPlace;
  let root: string;
  let into: string;

  beforeAll(async () => {
    place = await makePlace();
  });
  afterAll(() => place.remove());
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'trainyard-connection-'));
    into = join(root, 'deep', 'source');
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const fetch = (of: Place, changes: Partial<FetchRequest> = {}, context: Partial<ConnectionContext> = {}): ReturnType<Connection['fetch']> =>
    connection.fetch({ ...of, into, limits: UNLIMITED, ...changes }, { ...place.context, ...context });
  const check = (of: Place): ReturnType<Connection['check']> => connection.check(of, place.context);
  /** The error of law 4, which keeps law 6. */
  const failureOf = async (work: Promise<unknown>, of: Place): Promise<ConnectionError> => {
    const failure = await work.then(() => expect.unreachable('it should have failed'), (error: unknown) => error);
    expect(failure).toBeInstanceOf(ConnectionError);
    for (const secret of linesOf(secretsOf(of.spec))) expect((failure as ConnectionError).message).not.toContain(secret);
    return failure as ConnectionError;
  };
  /** Neither `into` nor anything half-done beside it. */
  const expectNothingThere = async (): Promise<void> => {
    const left = await readdir(dirname(into)).catch(() => []);
    expect(left).toEqual([]);
  };

  describe(`the connection ${connection.type}`, () => {
    it('finds nothing wrong with a spec that is right, and says so when there is no uri', () => {
      const right = [place.directory, place.file?.place, place.large?.place, place.output].flatMap((one) => one?.spec ?? []);
      for (const spec of right) expect(connection.problems(spec)).toEqual([]);
      expect(connection.problems({ type: connection.type, uri: '', vital: false })[0]).toBe('empty uri');
    });

    it('is used for what it can', async () => {
      expect(connection.put !== undefined).toBe(connection.uses.includes('output'));
      if (connection.uses.length > 0) return;
      const nothing = { spec: { type: connection.type, uri: 'registry.example.com/wine', vital: false } };
      expect((await failureOf(fetch(nothing), nothing)).problem).toBe('invalid');
    });

    it('1. fills a directory that was not there, and counts what it brought', async (test) => {
      const fetched = await fetch(given(place.directory, test));
      expect(await readFile(join(into, 'train.py'), 'utf8')).toBe('print(1)\n');
      expect(await readdir(join(into, 'data'))).toEqual(['in.csv']);
      expect(fetched).toMatchObject({ kind: 'directory' });
      expect(fetched.files).toBeGreaterThanOrEqual(2);
      expect(fetched.sizeBytes).toBeGreaterThanOrEqual(11);
    });

    it('1. brings one file under its own name', async (test) => {
      const { place: file, name } = given(place.file, test);
      expect(await fetch(file)).toMatchObject({ kind: 'file', files: 1, sizeBytes: 2 });
      expect(await readdir(into)).toEqual([name]);
      expect(await readFile(join(into, name), 'utf8')).toBe('1\n');
    });

    it('1. tells what it has found before it fetches that, and goes no further when that is not wanted', async (test) => {
      const found = given(place.directory ?? place.file?.place, test);
      const onKind = (kind: string): never => {
        throw new Error(`a ${kind} is not wanted`);
      };
      await expect(fetch(found, { onKind })).rejects.toThrow(place.directory === undefined ? 'a file is not wanted' : 'a directory is not wanted');
      await expectNothingThere();
    });

    it('2. gives the same files the same version', async (test) => {
      const same = given(place.directory ?? place.file?.place, test);
      const { version } = await fetch(same);
      expect(version).toMatch(/^[0-9a-f]{40}([0-9a-f]{24})?$/);
      expect(await fetch(same, { into: `${into}-again` })).toMatchObject({ version });
    });

    it('2. fetches a version again although the place has moved on', async (test) => {
      const good = given(place.directory, test);
      const other = given(place.other, test);
      const { version } = await fetch(good);
      await fetch(other, { into: `${into}-other` });
      expect(await readFile(join(`${into}-other`, 'train.py'), 'utf8')).not.toBe('print(1)\n');
      expect(await fetch({ ...good, reference: version }, { into: `${into}-again` })).toMatchObject({ version });
      expect(await readFile(join(`${into}-again`, 'train.py'), 'utf8')).toBe('print(1)\n');
    });

    it('3. gives nothing that leads out', async (test) => {
      await fetch(given(place.directory ?? place.file?.place, test));
      for (const path of await pathsIn(into)) {
        const entry = await lstat(join(into, path));
        const isInside = entry.isSymbolicLink() ? linkStaysInside(path, await readlink(join(into, path))) : entry.isFile() || entry.isDirectory();
        expect({ path, isInside }).toEqual({ path, isInside: true });
      }
    });

    it('3. refuses what would lead out', async (test) => {
      for (const out of given(place.leadsOut, test)) expect(await failureOf(fetch(out), out)).toMatchObject({ problem: 'invalid' });
      await expectNothingThere();
    });

    it('4. names what is not there, for check and for fetch', async () => {
      for (const { place: missing, word } of place.missing) {
        for (const work of [fetch, check]) {
          const failure = await failureOf(work(missing), missing);
          expect({ word, problem: failure.problem }).toEqual({ word, problem: 'not_found' });
          expect(failure.message).toContain(word);
        }
      }
      await expectNothingThere();
    });

    it('4. checks what is there', async (test) => {
      const { notes } = await check(given(place.directory ?? place.file?.place, test));
      for (const note of notes) expect(note).not.toBe('');
    });

    it('4. is refused with wrong credentials', async (test) => {
      for (const denied of given(place.denied, test)) {
        for (const work of [fetch, check]) expect((await failureOf(work(denied), denied)).problem).toBe('refused');
      }
      await expectNothingThere();
    });

    it('4. refuses what is larger than allowed', async (test) => {
      for (const limits of place.directory === undefined ? [{ bytes: 1, entries: 1e6 }] : [{ bytes: 3, entries: 1e6 }, { bytes: 1e9, entries: 1 }]) {
        const large = given(place.directory ?? place.file?.place, test);
        const failure = await failureOf(fetch(large, { limits }), large);
        expect(failure.problem).toBe('too_large');
        expect(failure.message).toMatch(/\d/);
        await expectNothingThere();
      }
    });

    it('4. says that nobody listens there', async (test) => {
      const nobody = given(place.at, test)('127.0.0.1', await closedPort());
      for (const work of [fetch, check]) expect((await failureOf(work(nobody), nobody)).problem).toBe('unreachable');
      expect(secretsOf(nobody.spec), 'a place of the suite has a secret').not.toEqual([]);
      await expectNothingThere();
    });

    it('4. ends a check that nobody answers', async (test) => {
      const at = given(place.at, test);
      await using silent = await SilentServer.start();
      const unanswered = at('127.0.0.1', silent.port);
      expect((await failureOf(check(unanswered), unanswered)).problem).toBe('unreachable');
    });

    it('5. ends when it is told to', async (test) => {
      const stop = new AbortController();
      const fetching = fetch(given(place.directory ?? place.file?.place, test), {}, { signal: stop.signal });
      stop.abort(new Error('stopped'));
      await expect(fetching).rejects.toThrow('stopped');
      await expectNothingThere();
    });

    it('5. ends while nobody answers', async (test) => {
      const at = given(place.at, test);
      await using silent = await SilentServer.start();
      const stop = new AbortController();
      const fetching = fetch(at('127.0.0.1', silent.port), {}, { signal: stop.signal });
      await Promise.race([silent.called, fetching]);
      stop.abort(new Error('stopped'));
      await expect(fetching).rejects.toThrow('stopped');
      await silent.hungUp;
      await expectNothingThere();
    });

    it('6. leaves no credential in what it fetched', async (test) => {
      const good = given(place.directory ?? place.file?.place, test);
      await fetch(good);
      for (const path of await pathsIn(into)) {
        const entry = await lstat(join(into, path));
        const text = entry.isFile() ? await readFile(join(into, path), 'latin1') : '';
        expect({ path, secrets: linesOf(secretsOf(good.spec)).filter((secret) => text.includes(secret)) }).toEqual({ path, secrets: [] });
      }
    });

    it('7. goes on where it was broken off', async (test) => {
      const large = given(place.large, test);
      const resumeDir = join(root, 'resume');
      await breakOff(resumeDir, large.place, large.sizeBytes / 2);
      await expectNothingThere();
      const before = large.sentBytes();
      const { sizeBytes } = await fetch(large.place, { resumeDir });
      expect(large.sentBytes() - before).toBeLessThan(0.9 * large.sizeBytes);
      expect(sizeBytes).toBe(large.sizeBytes);
      expect(await contentOf(into)).toEqual(await large.content());
    });

    it('7. begins anew with what has changed in between', async (test) => {
      const large = given(place.large, test);
      const resumeDir = join(root, 'resume');
      const { version } = await fetch(large.place, { into: `${into}-before` });
      await rm(`${into}-before`, { recursive: true });
      await breakOff(resumeDir, large.place, large.sizeBytes / 2);
      await large.change();
      expect((await fetch(large.place, { resumeDir })).version).not.toBe(version);
      expect(await contentOf(into)).toEqual(await large.content());
    });

    it('7. tells how far it is', async (test) => {
      const large = given(place.large, test);
      let last = 0;
      await fetch(large.place, {}, {
        progress: ({ bytes, totalBytes }) => {
          expect(bytes).toBeGreaterThanOrEqual(last);
          expect(bytes).toBeLessThanOrEqual(totalBytes > 0 ? totalBytes : large.sizeBytes);
          last = bytes;
        },
      });
      expect(last).toBeGreaterThan(0);
    });

    it('8. puts a file under its name, and over one that is there', async (test) => {
      const { spec, read } = given(place.output, test);
      for (const text of ['first\n', 'second and longer\n', '']) {
        const stored = await put(spec, 'wine 1.0-ä.zip', Buffer.from(text));
        expect((await read('wine 1.0-ä.zip'))?.toString()).toBe(text);
        expect(stored.uri).toContain('wine');
        for (const secret of linesOf(secretsOf(spec))) expect(stored.uri).not.toContain(secret);
      }
    });

    it('8. leaves what was there before when a put is broken off', async (test) => {
      const { spec, read } = given(place.output, test);
      await put(spec, 'broken.zip', Buffer.from('before'));
      const stop = new AbortController();
      const large = Buffer.alloc(24 * 1024 * 1024, 'x');
      const putting = put(spec, 'broken.zip', large, { signal: stop.signal, progress: () => stop.abort(new Error('stopped')) });
      // a quick place may have the whole file before it hears of it
      const outcome = await putting.then(() => large.toString(), () => 'before');
      expect((await read('broken.zip'))?.toString() === outcome, 'the whole file, or what was there').toBe(true);
    });

    it('8. puts nothing under a name that leads elsewhere', async (test) => {
      const { spec } = given(place.output, test);
      for (const name of ['', '.', '..', '../evil', 'a/../../evil', '/evil', 'a/b', 'a\0b', 'a\nb']) {
        expect((await failureOf(put(spec, name, Buffer.from('x')), { spec })).problem).toBe('invalid');
      }
    });
  });

  async function put(spec: Place['spec'], name: string, content: Buffer, context: Partial<ConnectionContext> = {}): Promise<{ readonly uri: string }> {
    const file = join(root, 'to-put');
    await writeFile(file, content);
    if (connection.put === undefined) throw new Error(`${connection.type} has a place for outputs and no put`);
    return connection.put({ spec, name, file, sizeBytes: content.length }, { ...place.context, ...context });
  }

  async function breakOff(resumeDir: string, large: Place, atBytes: number): Promise<void> {
    const stop = new AbortController();
    const broken = fetch(large, { resumeDir }, { signal: stop.signal, progress: ({ bytes }) => bytes >= atBytes && stop.abort(new Error('broken off')) });
    await expect(broken).rejects.toThrow('broken off');
  }
}

/** What the type knows; a case about something else is skipped. */
function given<T>(value: T | undefined, test: TestContext): T {
  return value ?? test.skip('this type knows no such place');
}

/** A key of many lines must not appear by one of them either. */
function linesOf(secrets: readonly string[]): string[] {
  return secrets.flatMap((secret) => secret.split('\n')).filter((line) => line.length >= 8 && !line.startsWith('-----'));
}

/** Relative paths of everything below a directory. */
async function pathsIn(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries.map((entry) => relative(dir, join(entry.parentPath, entry.name)));
}

async function contentOf(dir: string): Promise<ReadonlyMap<string, string>> {
  const content = new Map<string, string>();
  for (const path of (await pathsIn(dir)).toSorted()) {
    if ((await lstat(join(dir, path))).isFile()) content.set(path, HASH_OF(await readFile(join(dir, path))));
  }
  return content;
}
