import { Readable } from 'node:stream';
import type { ArtifactPlace } from '@trainyard/core/tracking/artifact-place.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ArtifactStore } from './artifact-store.ts';

const run: ArtifactPlace = { experimentId: '1', kind: 'run', id: 'a'.repeat(32) };
const model: ArtifactPlace = { experimentId: '1', kind: 'model', id: `m-${'a'.repeat(32)}` };

/** The shapes of paths that got out of MLflow's artifact roots over the years, and a few neighbours. */
export const HOSTILE_PATHS = [
  '../secret', 'a/../../secret', '..\\secret', 'a\\..\\..\\secret', '%2e%2e/secret', '%2e%2e%2fsecret', '%252e%252e/secret', '%252e%252e%252fsecret',
  'a#/../../secret', 'a?/../../secret', 'file:///etc/passwd', 'C:/secret', 'c:\\secret', '\\\\?\\C:\\secret', '/etc/passwd', '//etc/passwd',
  'a//b', './a', 'a/.', 'a/..', '..', '.', 'a/', 'a\u0000b', 'a%00b', 'a\nb', '%5c..%5csecret', `%${'25'.repeat(9)}2e%2e/secret`, 'x'.repeat(3000),
];

export interface OpenedStore {
  readonly store: ArtifactStore;
  /** Every artifact file that exists anywhere, also half ones. */
  readonly files: () => Promise<readonly string[]>;
}

/** The laws of artifact-store.ts; every store runs this. `open` gives an empty store with a limit of `maxBytes`. */
export function artifactStoreContract(name: string, open: (maxBytes: number) => Promise<OpenedStore>): void {
  describe(`artifacts on ${name}`, () => {
    let store: ArtifactStore;
    let files: OpenedStore['files'];
    beforeEach(async () => void ({ store, files } = await open(10_000_000)));

    const put = (path: string, text: string, place = run) => store.put(place, path, Readable.from([Buffer.from(text)]));
    async function read(path: string, range?: { firstByte: number; lastByte: number }, place = run): Promise<string | undefined> {
      const artifact = await store.open(place, path);
      return artifact === undefined ? undefined : Buffer.concat(await artifact.read(range).toArray()).toString();
    }

    it('gives back what was put, whole and in parts, and the new bytes after another put', async () => {
      expect(await put('dir/sub/a.txt', 'hello')).toEqual({ sizeBytes: 5 });
      expect(await read('dir/sub/a.txt')).toBe('hello');
      expect(await read('dir/sub/a.txt', { firstByte: 1, lastByte: 3 })).toBe('ell');
      await put('dir/sub/a.txt', 'other');
      expect(await read('dir/sub/a.txt')).toBe('other');
    });

    it('keeps an empty artifact and says its size', async () => {
      await put('empty', '');
      const artifact = await store.open(run, 'empty');
      expect(artifact?.sizeBytes).toBe(0);
      await artifact?.close();
      expect(await read('empty')).toBe('');
    });

    it('keeps the places of runs and models apart', async () => {
      await put('a', 'run');
      await put('a', 'model', model);
      expect([await read('a'), await read('a', undefined, model)]).toEqual(['run', 'model']);
      expect(await read('a', undefined, { ...run, experimentId: '2' })).toBeUndefined();
    });

    it('lists one level by name, sizes on files only', async () => {
      for (const path of ['b.txt', 'a/x', 'a/y/z', 'Z', 'dog%step%20%1.png', 'größe+1.txt']) await put(path, path);
      expect(await store.list(run, '')).toEqual([
        { name: 'Z', sizeBytes: 1 },
        { name: 'a', sizeBytes: undefined },
        { name: 'b.txt', sizeBytes: 5 },
        { name: 'dog%step%20%1.png', sizeBytes: 17 },
        { name: 'größe+1.txt', sizeBytes: 13 },
      ]);
      expect(await store.list(run, 'a')).toEqual([{ name: 'x', sizeBytes: 3 }, { name: 'y', sizeBytes: undefined }]);
    });

    it('lists and deletes more than a store answers at once', async () => {
      const names = Array.from({ length: 1010 }, (_, index) => String(index).padStart(4, '0'));
      for (let first = 0; first < names.length; first += 50) await Promise.all(names.slice(first, first + 50).map((name) => put(name, '1')));
      expect((await store.list(run, '')).map((entry) => entry.name)).toEqual(names);
      await store.delete(run, '');
      expect([await store.list(run, ''), await files()]).toEqual([[], []]);
    });

    it('names other bytes by another version, the same by the same', async () => {
      const versionOf = async () => {
        const artifact = await store.open(run, 'a');
        await artifact?.close();
        return artifact?.version;
      };
      await put('a', 'one');
      const [first, again] = [await versionOf(), await versionOf()];
      await put('a', 'two');
      expect([again, first?.match(/^\w+$/) !== null, (await versionOf()) === first]).toEqual([first, true, false]);
    });

    it('has nothing to open or list where nothing is, and a directory is no file', async () => {
      await put('a/x', '1');
      expect([await read('none'), await read('a'), await read('a/x/y')]).toEqual([undefined, undefined, undefined]);
      expect([await store.list(run, 'none'), await store.list(run, 'a/x'), await store.list(model, '')]).toEqual([[], [], []]);
    });

    it('deletes a file, a directory and a whole place, and again', async () => {
      for (const path of ['a/x', 'a/y', 'b']) await put(path, '1');
      for (const path of ['b', 'b', 'a', 'none/none']) await store.delete(run, path);
      expect(await store.list(run, '')).toEqual([]);
      await put('c', '1');
      await store.delete(run, '');
      expect(await files()).toEqual([]);
    });

    it('refuses a file where a directory is and the other way round', async () => {
      await put('a/x', '1');
      await expect(put('a', '2')).rejects.toMatchObject({ code: 'INVALID_PATH' });
      await expect(put('a/x/y', '2')).rejects.toMatchObject({ code: 'INVALID_PATH' });
      await expect(put('y'.repeat(300), '2')).rejects.toMatchObject({ code: 'INVALID_PATH' });
      expect(await files()).toHaveLength(1);
    });

    it.each(HOSTILE_PATHS)('refuses the path %j for everything', async (path) => {
      for (const call of [() => put(path, 'x'), () => store.open(run, path), () => store.list(run, path), () => store.delete(run, path)]) await expect(call()).rejects.toMatchObject({ code: 'INVALID_PATH' });
      expect(await files()).toEqual([]);
    });

    it('refuses more than the limit and leaves nothing', async () => {
      const small = await open(4);
      await expect(small.store.put(run, 'a', Readable.from([Buffer.from('abc'), Buffer.from('de')]))).rejects.toMatchObject({ code: 'TOO_LARGE' });
      expect(await small.files()).toEqual([]);
      await small.store.put(run, 'a', Readable.from([Buffer.from('abcd')]));
      expect(await small.files()).toHaveLength(1);
    });

    it('leaves the old bytes and nothing else when an upload breaks off', async () => {
      await put('a', 'old');
      async function* breaking() {
        yield Buffer.from('new');
        throw new Error('connection reset');
      }
      await expect(store.put(run, 'a', breaking())).rejects.toThrow('connection reset');
      expect(await read('a')).toBe('old');
      expect(await files()).toHaveLength(1);
    });

    it('keeps one of two uploads to the same path, whole', async () => {
      await Promise.all(['1', '2', '3', '4'].map((digit) => put('a/b', digit.repeat(100_000))));
      expect(await read('a/b')).toMatch(/^(1+|2+|3+|4+)$/);
      expect(await files()).toHaveLength(1);
    });
  });
}
