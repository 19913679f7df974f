import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { flattenRequirements, type Requirements } from './flatten-requirements.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'requirements-'));
});
afterEach(() => rm(dir, { recursive: true }));

async function flatten(lines: readonly string[], files: Readonly<Record<string, string>> = {}, baseDir = dir): Promise<Requirements> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(baseDir, name)), { recursive: true });
    await writeFile(join(baseDir, name), text);
  }
  return flattenRequirements(lines, baseDir, 'python_env.yaml');
}

const fingerprint = async (...lines: string[]): Promise<string> => (await flatten(lines)).fingerprint;

it('writes out the files that are referred to, relative to the file that refers', async () => {
  const files = { 'requirements.txt': 'a==1  # why\n\n# b\n-r sub/more.txt\n--constraint=c.txt\n', 'sub/more.txt': 'b>=2 \\\n  ; python_version >= "3"\n-rlast.txt', 'sub/last.txt': 'c\n', 'c.txt': 'd<3\n' };
  expect(await flatten(['-r requirements.txt', 'e'], files)).toMatchObject({
    requirements: ['a==1', 'b>=2   ; python_version >= "3"', 'c', 'e'],
    constraints: ['d<3'],
    options: [],
    shareable: true,
  });
});

it('keeps options in their order, with absolute directories', async () => {
  const flat = await flatten(['-i https://one.example/simple', '--extra-index-url https://two.example/x#y', '-f wheels', '--pre', 'a --hash=sha256:00']);
  expect(flat.options).toEqual(['-i https://one.example/simple', '--extra-index-url https://two.example/x#y', `--find-links ${join(dir, 'wheels')}`, '--pre']);
  expect(flat.requirements).toEqual(['a --hash=sha256:00']);
});

it('the same content has the same fingerprint', async () => {
  const one = await fingerprint('Scikit_Learn >= 1.4', 'b[x, y]==2 ; python_version < "4"', 'c');
  expect(await fingerprint('c', 'b[x,y] == 2; python_version < "4"', '# comment', 'scikit-learn>=1.4', 'c')).toBe(one);
});

it('another content has another one', async () => {
  const prints = [
    await fingerprint('a==1'),
    await fingerprint('a==1.0'),
    await fingerprint('a==1', 'b'),
    await fingerprint('a==1 ; python_version < "3.11"'),
    await fingerprint('a @ https://h.example/A.whl'),
    await fingerprint('a @ https://h.example/a.whl'),
    await fingerprint('a==1', '--pre'),
    await fingerprint('-i https://x.example', '--extra-index-url https://y.example'),
    await fingerprint('-i https://y.example', '--extra-index-url https://x.example'),
    (await flatten(['a==1', '-c c.txt'], { 'c.txt': 'b==1' })).fingerprint,
    (await flatten(['a==1', '-c c.txt'], { 'c.txt': 'b==2' })).fingerprint,
  ];
  expect(new Set(prints).size).toBe(prints.length);
});

it('a local file counts by its content, not by its place', async () => {
  const wheel = { 'w/x-1-py3-none-any.whl': 'one' };
  const here = await flatten(['./w/x-1-py3-none-any.whl', 'y'], wheel);
  const there = await flatten(['./w/x-1-py3-none-any.whl', 'y'], wheel, join(dir, 'other'));
  expect(here.requirements[0]).toBe(join(dir, 'w/x-1-py3-none-any.whl'));
  expect([here.shareable, here.fingerprint]).toEqual([true, there.fingerprint]);
  const changed = await flatten(['./w/x-1-py3-none-any.whl', 'y'], { 'w/x-1-py3-none-any.whl': 'two' });
  expect(changed.fingerprint).not.toBe(here.fingerprint);
});

it.each([
  ['a directory', './pkg', (base: string) => join(base, 'pkg')],
  ['the project itself', '.[train]', (base: string) => `${base}[train]`],
  ['an editable one', '-e ./pkg', (base: string) => `--editable ${join(base, 'pkg')}`],
  ['a list behind a URL', '-r https://h.example/r.txt', () => '--requirement https://h.example/r.txt'],
])('%s is not shared', async (_, line, expected) => {
  const flat = await flatten([line], { 'pkg/pyproject.toml': '' });
  expect(flat).toMatchObject({ shareable: false, requirements: [expected(dir)] });
});

it.each([
  ['a missing file', ['-r nope.txt'], {}, "there is no file 'nope.txt', which python_env.yaml refers to"],
  ['a missing one behind another', ['-r a.txt'], { 'a.txt': '-c b/c.txt' }, "there is no file 'b/c.txt', which a.txt refers to"],
  ['a circle', ['-r a.txt'], { 'a.txt': '-r b.txt', 'b.txt': '-r a.txt' }, 'a file refers to itself'],
  ['a missing wheel', ['./w.whl'], {}, "python_env.yaml asks for './w.whl', and there is no such file or directory"],
])('%s is named', async (_, lines, files, message) => {
  await expect(flatten(lines, files)).rejects.toMatchObject({ reason: 'bad_spec', message: expect.stringContaining(message) });
});
