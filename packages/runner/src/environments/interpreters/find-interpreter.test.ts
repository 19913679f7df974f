import { chmod, mkdir, mkdtemp, realpath, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RunProgram } from '../../process/run-program.ts';
import type { PrepareContext } from '../environment.ts';
import { findInterpreter } from './find-interpreter.ts';

let home = '';
let asked: string[] = [];
let warned: string[] = [];

beforeEach(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'pythons-')));
  [asked, warned] = [[], []];
});
afterEach(() => rm(home, { recursive: true }));

/** A file whose content is the version it will answer with. */
async function python(path: string, version: string): Promise<string> {
  const full = join(home, path);
  await mkdir(dirname(full), { recursive: true });
  await writeFile(full, `\x7fELF ${version}`);
  await chmod(full, 0o755);
  versions.set(full, version);
  return full;
}

const versions = new Map<string, string>();

/** Pythons of this machine answer nothing, so that only those made here count. */
const answering: RunProgram = async ([path = ''], { log }) => {
  asked.push(path);
  const version = versions.get(path);
  if (version === undefined) return { exitCode: 1, signal: null, tail: '' };
  log.write(Buffer.from(JSON.stringify(version === 'prerelease' ? null : { version, abi: 'cpython-x' })), 'stdout');
  return { exitCode: 0, signal: null, tail: '' };
};

function context(path: readonly string[], changes: Partial<PrepareContext> = {}): PrepareContext {
  return {
    cacheDir: join(home, 'cache'),
    choice: { manager: 'auto', pythonMismatch: 'fail' },
    env: { PATH: path.map((dir) => join(home, dir)).join(':'), HOME: home },
    limitBytes: 1,
    log: { write() {}, say() {}, warn: (line) => void warned.push(line) },
    signal: new AbortController().signal,
    graceMs: 1,
    runProgram: answering,
    ...changes,
  };
}

const find = (wish: string | undefined, where: PrepareContext): Promise<{ readonly path: string; readonly version: string }> => findInterpreter({ python: wish, from: 'python_env.yaml' }, where);

it('any: the first of PATH that is new enough', async () => {
  await python('old/python3', '3.8.18');
  const first = await python('a/python3', '3.11.7');
  await python('b/python3', '3.12.1');
  expect((await find(undefined, context(['missing', 'old', 'a', 'b']))).path).toBe(first);
});

it('a version: also under its own name, and among those that pyenv has', async () => {
  await python('a/python3', '3.11.7');
  const other = await python('a/python3.12', '3.12.1');
  const pyenv = await python('.pyenv/versions/3.10.13/bin/python3', '3.10.13');
  expect((await find('3.12', context(['a']))).path).toBe(other);
  expect((await find('3.10.13', context(['a']))).path).toBe(pyenv);
});

it('instead of the shims of pyenv, what they would start', async () => {
  await python('a/python3', '3.11.7');
  const chosen = await python('.pyenv/versions/3.12.1/bin/python3', '3.12.1');
  await mkdir(join(home, '.pyenv/shims'));
  await writeFile(join(home, '.pyenv/shims/python3'), '#!/bin/sh\n', { mode: 0o755 });
  await writeFile(join(home, '.pyenv/version'), '3.12\n');
  expect((await find(undefined, context(['.pyenv/shims', 'a']))).path).toBe(chosen);
});

it('other shims and preliminary releases are left out', async () => {
  await mkdir(join(home, 'shims'), { recursive: true });
  await writeFile(join(home, 'shims/python3'), '#!/bin/sh\n', { mode: 0o755 });
  await python('next/python3', 'prerelease');
  const real = await python('a/python3', '3.11.7');
  expect((await find(undefined, context(['shims', 'next', 'a']))).path).toBe(real);
  expect(asked).not.toContain(join(home, 'shims/python3'));
});

it('asks each file once, and again when it has changed', async () => {
  const path = await python('a/python3.11', '3.11.7');
  await symlink('python3.11', join(home, 'a/python3'));
  await find(undefined, context(['a']));
  await find(undefined, context(['a']));
  expect(asked).toEqual([path]);
  versions.set(path, '3.11.8');
  await utimes(path, new Date(), new Date((await stat(path)).mtimeMs + 5000));
  expect((await find(undefined, context(['a']))).version).toBe('3.11.8');
});

it('forgets a broken cache', async () => {
  await python('a/python3', '3.11.7');
  await mkdir(join(home, 'cache'));
  await writeFile(join(home, 'cache/interpreters.json'), '{"format":1,"entr');
  expect((await find(undefined, context(['a']))).version).toBe('3.11.7');
});

it('a version that is not there: what was asked, what there is, what to do', async () => {
  await python('a/python3', '3.11.7');
  await python('a/python3.10', '3.10.13');
  await expect(find('3.12.4', context(['a']))).rejects.toMatchObject({
    reason: 'bad_spec',
    message:
      'python_env.yaml asks for Python 3.12.4, and this machine has 3.10.13, 3.11.7. Install that Python (for example with pyenv), change the version in python_env.yaml, or allow another one with: environment: {pythonMismatch: nearest}',
  });
  await expect(find('3.8', context(['a']))).rejects.toThrow('(Python before 3.10 is not supported)');
});

it('nearest: goes on with a warning', async () => {
  await python('a/python3', '3.13.0');
  const nearest = await python('a/python3.11', '3.11.7');
  const found = await find('3.10', context(['a'], { choice: { manager: 'auto', pythonMismatch: 'nearest' } }));
  expect(found.path).toBe(nearest);
  expect(warned).toEqual(['python_env.yaml asks for Python 3.10, which is not on this machine (3.11.7, 3.13.0): using 3.11.7, the nearest']);
});

it('no Python, and none that is new enough', async () => {
  await expect(find(undefined, context([]))).rejects.toMatchObject({ reason: 'bad_spec', message: expect.stringContaining('there is no Python on this machine. Install one') });
  await python('a/python3', '3.8.18');
  await expect(find('3.8', context(['a'], { choice: { manager: 'auto', pythonMismatch: 'nearest' } }))).rejects.toThrow('this machine has Python 3.8.18 only');
});
