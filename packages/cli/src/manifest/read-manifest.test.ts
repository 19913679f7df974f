import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { aDirectory } from '../test-data.ts';
import { findManifests, readManifests } from './read-manifest.ts';

const ONE = 'kind: ModelTraining\nid: one\nspec: {}\n';
const at = (cwd: string, stdin = '') => ({ cwd, stdin: Readable.from([Buffer.from(stdin)]) });

describe('findManifests', () => {
  test.each<[string, Record<string, string>, string[], string]>([
    ['train.yaml before all others', { 'train.yaml': ONE, 'other.yaml': ONE.replace('one', 'two') }, ['one'], 'train.yaml'],
    ['the only manifest among other YAML files', { 'conda.yaml': 'dependencies: []\n', 'my.yml': ONE }, ['one'], 'my.yml'],
    ['none', { 'conda.yaml': 'dependencies: []\n' }, [], ''],
  ])('%s', async (_, files, ids, where) => {
    using dir = aDirectory(files);
    const found = await findManifests(at(dir.path), '.');
    expect(found.manifests.map(({ manifest }) => manifest.id)).toEqual(ids);
    expect(found.manifests[0]?.where ?? '').toBe(where);
    expect(found.dir).toBe(dir.path);
  });

  test('one with a mistake in its kind is not passed over', async () => {
    using dir = aDirectory({ 'my.yaml': ONE.replace('ModelTraining', 'ModelTrainig'), 'other.yaml': ONE.replace('ModelTraining', 'Conection') });
    await expect(findManifests(at(dir.path), '.')).rejects.toMatchObject({ code: 'INVALID_MANIFEST', message: expect.stringContaining("did you mean 'ModelTraining'?") as string });
  });

  test('several are not guessed among', async () => {
    using dir = aDirectory({ "a.yaml": ONE, "b.json": "{\n\"kind\": \"ModelTraining\"}", "c.yaml": "x: 1" });
    await expect(findManifests(at(dir.path), '.')).rejects.toMatchObject({ code: 'USAGE', message: "'.' holds several manifests: a.yaml, b.json", hint: expect.stringContaining('train run a.yaml') as string });
  });

  test('a file is taken as it is, its directory is the source', async () => {
    using dir = aDirectory({ 'sub/x.manifest': ONE });
    expect(await findManifests(at(dir.path), 'sub/x.manifest')).toMatchObject({ dir: `${dir.path}/sub`, manifests: [{ where: 'sub/x.manifest' }] });
  });

  test('a place that is not there', async () => {
    using dir = aDirectory();
    await expect(findManifests(at(dir.path), 'nope')).rejects.toMatchObject({ code: 'USAGE', message: "there is no file or directory 'nope'" });
  });
});

describe('readManifests', () => {
  test('from stdin', async () => {
    expect(await readManifests(at('/', ONE), '-')).toMatchObject({ dir: undefined, manifests: [{ manifest: { id: 'one' }, where: 'stdin' }] });
  });

  test('too much of it', async () => {
    await expect(readManifests(at('/', 'x'.repeat(5 * 1024 * 1024)), '-')).rejects.toMatchObject({ code: 'TOO_LARGE' });
  });
});
