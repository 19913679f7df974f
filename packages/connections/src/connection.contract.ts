import { access, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Connection, type ConnectionContext, ConnectionError, type FetchRequest, type Place } from './connection.ts';
import { linkStaysInside } from './link-stays-inside.ts';

/** A real place of this type, made for the suite. */
export interface ContractPlace {
  /** Holds `train.py` with the text "print(1)\n", and `data/in.csv`. */
  readonly good: Place;
  /** The same place in another state, where `train.py` has another text. */
  readonly other: Place;
  /** A state of the place that does not exist. */
  readonly missingState: Place;
  readonly missingPlace: Place;
  /** Holds a symbolic link to a file outside, where the type knows links. */
  readonly leadsOut?: Place;
  /** A place that cannot be reached, and a text in it that must not appear in any message. */
  readonly withSecret: { readonly place: Place; readonly secret: string };
  readonly context: ConnectionContext;
  remove(): Promise<void>;
}

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

  const request = (of: Place, changes: Partial<FetchRequest> = {}): FetchRequest => ({ ...of, into, limits: { bytes: 1e9, entries: 1e6 }, ...changes });
  const failureOf = (work: Promise<unknown>): Promise<ConnectionError> => work.then(
    () => expect.unreachable('it should have failed'),
    (error: unknown) => {
      expect(error).toBeInstanceOf(ConnectionError);
      return error as ConnectionError;
    },
  );
  const expectNothingThere = (): Promise<void> => expect(access(into)).rejects.toThrow('ENOENT');

  describe(`the connection ${connection.type}`, () => {
    it('1. fills a directory that was not there', async () => {
      await connection.fetch(request(place.good), place.context);
      expect(await readFile(join(into, 'train.py'), 'utf8')).toBe('print(1)\n');
      expect(await readdir(join(into, 'data'))).toEqual(['in.csv']);
    });

    it('2. names what it fetched, and fetches that again although the place has moved on', async () => {
      const { version } = await connection.fetch(request(place.good), place.context);
      await connection.fetch(request(place.other, { into: `${into}-other` }), place.context);
      expect(await readFile(join(`${into}-other`, 'train.py'), 'utf8')).not.toBe('print(1)\n');
      const again = await connection.fetch(request({ url: place.good.url, reference: version }, { into: `${into}-again` }), place.context);
      expect(again.version).toBe(version);
      expect(await readFile(join(`${into}-again`, 'train.py'), 'utf8')).toBe('print(1)\n');
    });

    it('3. gives nothing that leads out', async () => {
      await connection.fetch(request(place.good), place.context);
      for (const entry of await readdir(into, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        const isInside = entry.isSymbolicLink() ? linkStaysInside(relative(into, path), await readlink(path)) : entry.isFile() || entry.isDirectory();
        expect({ path, isInside }).toEqual({ path, isInside: true });
      }
      if (place.leadsOut === undefined) return;
      await rm(into, { recursive: true });
      expect(await failureOf(connection.fetch(request(place.leadsOut), place.context))).toMatchObject({ problem: 'invalid' });
      await expectNothingThere();
    });

    it('4. names a state and a place that are not there, for check and for fetch', async () => {
      for (const [missing, word] of [[place.missingState, place.missingState.reference], [place.missingPlace, place.missingPlace.url]] as const) {
        for (const work of [() => connection.fetch(request(missing), place.context), () => connection.check(missing, place.context)]) {
          const failure = await failureOf(work());
          expect(failure.problem).toBe('not_found');
          expect(failure.message).toContain(word);
        }
      }
      await expectNothingThere();
      await expect(connection.check(place.good, place.context)).resolves.toBeUndefined();
    });

    it('4. refuses what is larger than allowed', async () => {
      for (const limits of [{ bytes: 3, entries: 1e6 }, { bytes: 1e9, entries: 1 }]) {
        expect(await failureOf(connection.fetch(request(place.good, { limits }), place.context))).toMatchObject({ problem: 'too_large' });
        await expectNothingThere();
      }
    });

    it('5. ends when it is told to', async () => {
      const stop = new AbortController();
      const fetching = connection.fetch(request(place.good), { ...place.context, signal: stop.signal });
      stop.abort(new Error('stopped'));
      await expect(fetching).rejects.toThrow('stopped');
      await expectNothingThere();
    });

    it('6. tells nobody a credential, also when it cannot get there', async () => {
      const { place: unreachable, secret } = place.withSecret;
      for (const work of [() => connection.fetch(request(unreachable), place.context), () => connection.check(unreachable, place.context)]) {
        const failure = await failureOf(work());
        expect(failure.problem).toBe('unreachable');
        expect(failure.message).not.toContain(secret);
      }
    });
  });
}
