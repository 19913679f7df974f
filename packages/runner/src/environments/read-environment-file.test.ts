import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { EnvironmentSpec } from './environment.ts';
import { findEnvironment } from './read-environment-file.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'environment-'));
});
afterEach(() => rm(dir, { recursive: true }));

async function find(files: Readonly<Record<string, string>>): Promise<EnvironmentSpec> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
  return findEnvironment(dir);
}

it('python_env.yaml, as it was written', async () => {
  const text = 'python: 3.10  # not 3.1\nbuild_dependencies:\n  - pip==24.0\n  - setuptools\ndependencies:\n  - -r requirements.txt\n  - six>=1\n';
  expect(await find({ 'python_env.yaml': text })).toEqual({
    kind: 'python',
    python: '3.10',
    buildDependencies: ['pip==24.0', 'setuptools'],
    dependencies: ['-r requirements.txt', 'six>=1'],
    baseDir: dir,
    from: 'python_env.yaml',
  });
});

it('conda.yaml, taken apart', async () => {
  const text = 'name: x\nchannels: [conda-forge, defaults]\ndependencies:\n- python=3.11.7=hab00c5b_0_cpython\n- pip=24\n- numpy=1.26\n- python-dateutil\n- pip-tools\n- pip:\n  - mlflow>=3\n  - -r requirements.txt\n';
  expect(await find({ 'conda.yaml': text })).toEqual({
    kind: 'conda',
    text,
    python: '=3.11.7',
    channels: ['conda-forge', 'defaults'],
    packages: ['numpy=1.26', 'python-dateutil', 'pip-tools'],
    pip: ['mlflow>=3', '-r requirements.txt'],
    baseDir: dir,
    from: 'conda.yaml',
  });
});

it.each([
  ['python', undefined],
  ['python=3.11', '=3.11'],
  ['python==3.11.7', '==3.11.7'],
  ['python >=3.10,<3.13', '>=3.10,<3.13'],
  ['python 3.11.*', '3.11.*'],
  ['conda-forge::python=3.12', '=3.12'],
])('the Python of a conda file: %s', async (entry, python) => {
  expect(await find({ 'conda.yaml': `dependencies:\n- ${entry}\n` })).toMatchObject({ python, packages: [] });
});

it('one file is enough, and the first of three counts', async () => {
  expect(await find({})).toEqual({ kind: 'none' });
  expect(await find({ 'requirements.txt': 'six' })).toMatchObject({ kind: 'python', dependencies: ['-r requirements.txt'], from: 'requirements.txt' });
  expect(await find({ 'conda.yaml': 'dependencies: []' })).toMatchObject({ kind: 'conda' });
  expect(await find({ 'python_env.yaml': '' })).toMatchObject({ kind: 'python', dependencies: [], from: 'python_env.yaml' });
});

it.each([
  ['python_env.yaml', 'dependencies: six', 'dependencies must be a list'],
  ['python_env.yaml', 'dependencies: [{pip: [six]}]', 'an entry of dependencies is no text: {"pip":["six"]}'],
  ['python_env.yaml', 'dependancies: [six]', "it has no field 'dependancies' (known: python, build_dependencies, dependencies); did you mean 'dependencies'?"],
  ['python_env.yaml', 'python: three', "'three' is not a version of Python"],
  ['python_env.yaml', 'python: [3]', "'[3]' is not a version of Python"],
  ['python_env.yaml', '- six', 'it must hold fields'],
  ['python_env.yaml', 'dependencies: [', 'is not valid YAML'],
  ['python_env.yaml', 'dependencies: !!python/name:os.system ', 'is not valid YAML'],
  ['conda.yaml', 'dependencies: [{npm: [x]}]', "neither a package nor a list 'pip:'"],
  ['conda.yaml', 'dependencies:\n- python=3.11|3.12', "'=3.11|3.12' is not a version of Python"],
])('%s: %j is refused', async (name, text, message) => {
  await expect(find({ [name]: text })).rejects.toMatchObject({ reason: 'bad_spec', message: expect.stringContaining(message) });
  await expect(find({ [name]: text })).rejects.toThrow(new RegExp(`^${name} is `));
});

it('what is no file is refused', async () => {
  await mkdir(join(dir, 'python_env.yaml'));
  await expect(find({})).rejects.toMatchObject({ reason: 'bad_spec', message: 'python_env.yaml is no file' });
});

it('a file of a size that nobody writes is refused', async () => {
  await expect(find({ 'conda.yaml': '#'.repeat(2_000_000) })).rejects.toThrow('conda.yaml has 2000000 bytes');
});
