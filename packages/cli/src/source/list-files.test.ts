import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { aDirectory } from '../test-data.ts';
import { listFiles } from './list-files.ts';

async function names(dir: string): Promise<string[]> {
  const { entries } = await listFiles(dir);
  return entries.filter(({ kind }) => kind === 'file').map(({ name }) => name);
}

function gitNames(dir: string): string[] {
  execFileSync('git', ['init', '-q', dir], { env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' } });
  return execFileSync('git', ['-C', dir, '-c', 'core.excludesFile=', 'ls-files', '-z', '--others', '--exclude-standard'], { encoding: 'utf8' }).split('\0').filter((name) => name !== '').toSorted();
}

describe('listFiles leaves out what git leaves out', () => {
  const tree = Object.fromEntries(
    ['a.log', 'keep.log', 'src/a.log', 'src/a.py', 'src/deep/a.log', 'src/deep/b.py', 'build/out.bin', 'src/build/out.bin', 'src/build/keep.bin', 'data/raw/x.csv', 'data/raw/keep.csv', 'data/x.csv', 'top', 'src/top', 'a b.txt', '#hash', '!bang', 'näme.txt', 'x[1].txt', 'x1.txt'].map((name) => [name, name]),
  );

  test.each([
    ['a plain pattern at every depth', { '.gitignore': '*.log\n' }],
    ['a negation', { '.gitignore': '*.log\n!keep.log\n' }],
    ['an anchored name', { '.gitignore': '/top\n' }],
    ['a directory only', { '.gitignore': 'build/\n' }],
    ['a directory that an inner file opens again', { '.gitignore': 'build/\n', 'src/.gitignore': '!build/\n' }],
    ['nothing below a closed directory comes back', { '.gitignore': 'build/\n', 'src/build/.gitignore': '!keep.bin\n' }],
    ['contents but one', { '.gitignore': 'data/raw/*\n!data/raw/keep.csv\n' }],
    ['inner rules over outer ones', { '.gitignore': '!*.log\n', 'src/.gitignore': '*.log\n', 'src/deep/.gitignore': '!a.log\n' }],
    ['an inner anchored path', { 'src/.gitignore': '/deep/*.py\n' }],
    ['an inner path with a slash in it', { 'src/.gitignore': 'deep/a.log\n' }],
    ['two stars', { '.gitignore': '**/deep/**\n' }],
    ['escapes and spaces', { '.gitignore': '\\#hash\n\\!bang\na\\ b.txt\nx\\[1\\].txt\n' }],
    ['trailing blanks and comments', { '.gitignore': '# all logs\n*.log   \n\n' }],
    ['Windows line ends', { '.gitignore': '*.log\r\nbuild/\r\n' }],
    ['case counts', { '.gitignore': '*.LOG\nTOP\n' }],
    ['everything but Python', { '.gitignore': '*\n!*/\n!*.py\n' }],
    ['a name in brackets as directory of rules', { 'w[1]/.gitignore': '*.tmp\n', 'w[1]/a.tmp': '', 'w[1]/a.py': '', 'w1/a.tmp': '' }],
  ])('%s', async (_, rules) => {
    using dir = aDirectory({ ...tree, ...rules });
    const byGit = gitNames(dir.path);
    expect(await names(dir.path)).toEqual(byGit);
    expect(byGit.length).toBeGreaterThan(1);
  });

  test('rules of the repository around the directory count too', async () => {
    using repository = aDirectory({ '.gitignore': '*.tmp\n/examples/wine/local.csv\n', 'examples/wine/a.py': '', 'examples/wine/a.tmp': '', 'examples/wine/local.csv': '' });
    gitNames(repository.path);
    expect(await names(path.join(repository.path, 'examples/wine'))).toEqual(['a.py']);
  });

  test('a directory that the repository ignores is still what was asked for', async () => {
    using repository = aDirectory({ '.gitignore': 'scratch/\n*.tmp\n', 'scratch/a.py': '', 'scratch/.gitignore': '*.csv\n', 'scratch/a.csv': '' });
    gitNames(repository.path);
    expect(await names(path.join(repository.path, 'scratch'))).toEqual(['.gitignore', 'a.py']);
  });

  test('counts what was left out, a directory once', async () => {
    using dir = aDirectory({ '.gitignore': 'build/\n*.log\n', 'build/a': '', 'build/b': '', 'x.log': '', 'a.py': '' });
    expect((await listFiles(dir.path)).ignored.toSorted()).toEqual(['build', 'x.log']);
  });
});

describe('listFiles never packs', () => {
  test('history, the private files of a server, caches and virtual environments', async () => {
    using dir = aDirectory({ 'a.py': '', '.git/config': '', '.trainyard/cli.json': '{}', '.trainyard-applied.json': '{}', '__pycache__/a.pyc': '', 'sub/__pycache__/b.pyc': '', '.DS_Store': '', 'env/pyvenv.cfg': '', 'env/bin/python': '' });
    const listing = await listFiles(dir.path);
    expect(listing.entries.map(({ name }) => name)).toEqual(['a.py', 'sub']);
    expect(listing.notes).toEqual(['left out env: a virtual environment']);
  });
});

describe('symbolic links', () => {
  test('one that points outside is refused and named', async () => {
    using outside = aDirectory({ 'secret.txt': 'x' });
    using dir = aDirectory({ 'a.py': '', 'sub/': '' });
    symlinkSync(path.join(outside.path, 'secret.txt'), path.join(dir.path, 'sub/data.txt'));
    symlinkSync('../..', path.join(dir.path, 'sub/up'));
    const error = await listFiles(dir.path).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'SOURCE_REFUSED', message: expect.stringContaining(`2 symbolic links point outside of it: sub/data.txt -> ${outside.path}/secret.txt, sub/up -> `) as string });
  });

  test('one that a .gitignore leaves out may point anywhere', async () => {
    using dir = aDirectory({ 'a.py': '', '.gitignore': 'python\n' });
    symlinkSync('/usr/bin/env', path.join(dir.path, 'python'));
    expect(await names(dir.path)).toEqual(['.gitignore', 'a.py']);
  });

  test('one that stays inside is packed as what it points to', async () => {
    using dir = aDirectory({ 'v2/model.txt': 'two' });
    symlinkSync('v2', path.join(dir.path, 'latest'));
    symlinkSync('v2/model.txt', path.join(dir.path, 'best.txt'));
    const { entries } = await listFiles(dir.path);
    expect(entries.map(({ name, kind }) => `${kind} ${name}`)).toEqual(['file best.txt', 'directory latest', 'file latest/model.txt', 'directory v2', 'file v2/model.txt']);
  });

  test('circles, dangling links and links to what is never packed are left out with a word', async () => {
    using dir = aDirectory({ 'a/b/x': '', '.trainyard/cli.json': '{"token":"t"}' });
    symlinkSync('../..', path.join(dir.path, 'a/b/top'));
    symlinkSync('nobody@nowhere.1', path.join(dir.path, '.#x'));
    symlinkSync('.trainyard/cli.json', path.join(dir.path, 'innocent.json'));
    const { entries, notes } = await listFiles(dir.path);
    expect(entries.map(({ name }) => name)).toEqual(['a', 'a/b', 'a/b/x']);
    expect(notes).toEqual([
      'left out .#x: a link to something that is not there',
      'left out a/b/top: a link to a directory it lies in',
      'left out innocent.json: a link to .trainyard/cli.json, which is never packed',
    ]);
  });

  test('the directory itself may be named through a link', async () => {
    using dir = aDirectory({ 'real/a.py': '' });
    symlinkSync('real', path.join(dir.path, 'link'));
    expect(await names(path.join(dir.path, 'link'))).toEqual(['a.py']);
  });
});

describe('what cannot be listed', () => {
  test('a directory that is not there', async () => {
    await expect(listFiles('/nonexistent/x')).rejects.toMatchObject({ code: 'SOURCE_REFUSED', message: expect.stringContaining('there is no such directory') as string });
  });

  test('a file', async () => {
    using dir = aDirectory({ 'a.py': '' });
    await expect(listFiles(path.join(dir.path, 'a.py'))).rejects.toThrow('it is not a directory');
  });

  test('a pipe is left out', async () => {
    using dir = aDirectory({ 'a.py': '' });
    execFileSync('mkfifo', [path.join(dir.path, 'pipe')]);
    const { entries, notes } = await listFiles(dir.path);
    expect([entries.map(({ name }) => name), notes]).toEqual([['a.py'], ['left out pipe: neither a file nor a directory']]);
  });

  test('sizes, kinds and the executable bit', async () => {
    using dir = aDirectory();
    mkdirSync(path.join(dir.path, 'bin'));
    writeFileSync(path.join(dir.path, 'bin/run.sh'), '12345', { mode: 0o755 });
    const { entries } = await listFiles(dir.path);
    expect(entries.map(({ name, kind, sizeBytes, executable }) => ({ name, kind, sizeBytes, executable }))).toEqual([
      { name: 'bin', kind: 'directory', sizeBytes: 0, executable: true },
      { name: 'bin/run.sh', kind: 'file', sizeBytes: 5, executable: true },
    ]);
  });
});
