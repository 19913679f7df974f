import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type RunProgram, runProgram } from '../process/run-program.ts';
import type { EnvironmentSpec } from './environment.ts';
import { noProgram, Workbench } from './workbench.int.ts';

let bench: Workbench;
beforeAll(async () => {
  bench = await Workbench.open(process.env);
});
beforeEach(() => bench.clear());
afterEach(() => bench.tidy());
afterAll(() => bench.close());

it('fetches uv with the pip that is there, and installs a package of the index', async () => {
  const ready = await bench.prepare(bench.spec(['six']), { env: bench.online });
  expect(bench.python(ready, 'import six, sys; print(six.__name__, sys.prefix)')).toBe(`six ${ready.variables['VIRTUAL_ENV']}`);
  expect(bench.log.said[0]).toMatch(/^uv \d[\d.]+: fetching with pip of Python 3\.\d+\.\d+$/);
  expect(bench.log.said[1]).toMatch(/^environment [0-9a-f]{12}: building with uv \d[\d.]+ for Python 3\.\d+\.\d+ \(1 requirement\)$/);
  expect(bench.log.said[2]).toMatch(/^environment [0-9a-f]{12}: ready in \d+ s, \d+ MB$/);
  await bench.stockTools();
});

it('takes pip settings over to uv: a directory of wheels and no index', async () => {
  const ready = await bench.prepare(bench.spec(['-r requirements.txt']));
  expect(bench.probe(ready)).toBe('1.0');
  expect(ready.cached).toBe(false);
});

it('a warm environment starts no program, whatever the order and comments of its requirements', async () => {
  const first = await bench.prepare(bench.spec(['ty_probe==1.0', 'ty-probe<2']));
  bench.log.said.length = 0;
  const again = await bench.prepare(bench.spec(['# a comment', 'Ty.Probe < 2', 'ty_probe == 1.0']), { runProgram: noProgram });
  expect(again).toMatchObject({ id: first.id, cached: true, python: first.python, variables: first.variables });
  expect(bench.log.said).toEqual([`environment ${first.id.slice(0, 12)}: cached`]);
});

it('another content is another environment', async () => {
  const first = await bench.prepare(bench.spec(['-r requirements.txt']));
  await writeFile(join(bench.shelf, 'other.txt'), 'ty_probe==2.0\n');
  const second = await bench.prepare(bench.spec(['-r other.txt']));
  expect(second.id).not.toBe(first.id);
  expect([first, second].map((ready) => bench.probe(ready))).toEqual(['1.0', '2.0']);
});

it('who wants what another process is building waits for it, and says so', async () => {
  const first = bench.elsewhere('pausing');
  await first.until(/^installing$/);
  const second = bench.elsewhere('at once');
  await second.until(/is building it, waiting/);
  await writeFile(join(bench.cacheDir, 'go'), '');
  await Promise.all([first.until(/^ready false$/), second.until(/^ready true$/)]);
  expect(second.lines.join('\n')).not.toContain('building with');
  expect(await bench.directories()).toHaveProperty('size', 1);
});

it('of three that start together one builds', async () => {
  const three = [bench.elsewhere('at once'), bench.elsewhere('at once'), bench.elsewhere('at once')];
  await Promise.all(three.map(({ until }) => until(/^ready /)));
  const all = three.flatMap(({ lines }) => lines);
  expect(all.filter((line) => line.includes('building with'))).toHaveLength(1);
  expect(all.filter((line) => line.startsWith('ready')).toSorted()).toEqual(['ready false', 'ready true', 'ready true']);
});

it('kill -9 in the middle of a build: the next one takes over, and sweeps what was left', async () => {
  const { child, until } = bench.elsewhere('pausing');
  await until(/^installing$/);
  expect(await bench.directories()).toHaveProperty('size', 2); // the environment, and what its builder reads
  child.kill('SIGKILL');
  await new Promise((done) => child.once('exit', done));
  const ready = await bench.prepare(bench.spec(['ty_probe==1.0']));
  expect(bench.probe(ready)).toBe('1.0');
  expect(await bench.directories()).toEqual(new Set([ready.variables['VIRTUAL_ENV']]));
});

it('removes what was used longest ago, and nothing that is in use', async () => {
  const oldest = await bench.prepare(bench.spec(['ty_probe==1.0']));
  const middle = await bench.prepare(bench.spec(['ty_probe==2.0']));
  await middle.release();
  bench.log.said.length = 0;
  const newest = await bench.prepare(bench.spec([]), { limitBytes: 1 });
  expect(await bench.directories()).toEqual(new Set([oldest, newest].map(({ variables }) => variables['VIRTUAL_ENV'])));
  expect(bench.log.said.filter((line) => line.includes('removed'))).toEqual([expect.stringContaining(`environment ${middle.id.slice(0, 12)}: removed to stay under 0 MB`)]);
  expect(bench.log.said.at(-1)).toMatch(/^the cache of uv was emptied to stay under 0 MB/);
  expect(bench.probe(oldest)).toBe('1.0');
  expect((await bench.prepare(bench.spec(['ty_probe==2.0']))).cached).toBe(false);
});

it('what cannot be resolved fails in the words of the resolver, and leaves nothing', async () => {
  const wanted = bench.prepare(bench.spec(['ty_probe==9.9'], 'requirements.txt'));
  await expect(wanted).rejects.toMatchObject({
    reason: 'environment_failed',
    exitCode: 1,
    message: expect.stringMatching(/^the requirements of requirements\.txt could not be installed \(exit code 1\):\n(.*\n)*.*there is no version of ty-probe==9\.9/),
  });
  expect(bench.log.output).toContain('there is no version of ty-probe==9.9');
  expect(await bench.directories()).toEqual(new Set());
});

it('a full disk is told from the resolver’s own failures, and leaves nothing', async () => {
  const full: RunProgram = async (argv, options) => {
    const end = await runProgram(argv, options);
    return argv.includes('install') ? { ...end, exitCode: 2, tail: 'error: Failed to install: x.whl\n  cause: No space left on device (os error 28)\n' } : end;
  };
  await expect(bench.prepare(bench.spec(['ty_probe']), { runProgram: full })).rejects.toMatchObject({ reason: 'disk_full', message: expect.stringContaining('No space left on device') });
  expect(await bench.directories()).toEqual(new Set());
});

it('a stop in the middle of a build ends it, and leaves nothing', async () => {
  const stop = new AbortController();
  const stopping: RunProgram = (argv, options) => {
    if (argv.includes('install')) stop.abort(new Error('stopped on request'));
    return runProgram(argv, options);
  };
  await expect(bench.prepare(bench.spec(['ty_probe']), { runProgram: stopping, signal: stop.signal })).rejects.toThrow('stopped on request');
  expect(await bench.directories()).toEqual(new Set());
});

it('without uv, venv and pip do it', async () => {
  const withoutUv: RunProgram = async (argv, options) => {
    if (!argv.some((word) => word.startsWith('uv=='))) return runProgram(argv, options);
    return { exitCode: 1, signal: null, tail: 'ERROR: No matching distribution found for uv' };
  };
  await bench.forgetTools();
  const ready = await bench.prepare(bench.spec(['ty_probe==1.0']), { runProgram: withoutUv });
  expect(bench.probe(ready)).toBe('1.0');
  expect(bench.log.said.join('\n')).toMatch(/uv could not be fetched: (.*\n)+going on with venv and pip/);
  expect(bench.log.said.join('\n')).toMatch(/building with venv and pip for Python 3/);
  // and is found again without another try to fetch uv
  expect(await bench.prepare(bench.spec(['ty_probe==1.0']), { runProgram: noProgram })).toMatchObject({ id: ready.id, cached: true });
  const onlyUv = bench.prepare(bench.spec(['ty_probe==2.0']), { runProgram: withoutUv, choice: { manager: 'uv', pythonMismatch: 'fail' } });
  await expect(onlyUv).rejects.toMatchObject({ reason: 'environment_failed', message: expect.stringContaining('Install uv, or pip') });
});

it('a Python without pip fetches uv with the pip of a venv', async () => {
  const withoutPip: RunProgram = async (argv, options) => (argv.join(' ').endsWith('-m pip --version') ? { exitCode: 1, signal: null, tail: 'No module named pip' } : runProgram(argv, options));
  await bench.forgetTools();
  await bench.prepare(bench.spec([]), { env: bench.online, runProgram: withoutPip });
  expect(bench.log.said.join('\n')).toMatch(/building with uv/);
});

it('a local directory serves one attempt: what its build reads cannot be known', async () => {
  await mkdir(join(bench.shelf, 'own'), { recursive: true });
  await writeFile(join(bench.shelf, 'own', 'pyproject.toml'), '[project]\nname = "own"\nversion = "1"\n');
  const [first, second] = [await bench.prepare(bench.spec(['ty_probe==1.0', './own ; python_version < "3"'])), await bench.prepare(bench.spec(['ty_probe==1.0', './own ; python_version < "3"']))];
  expect([first.cached, second.cached]).toEqual([false, false]);
  expect(first.variables['VIRTUAL_ENV']).not.toBe(second.variables['VIRTUAL_ENV']);
  await bench.releaseAll();
  expect(await bench.directories()).toEqual(new Set());
});

it('an environment whose directory was damaged by hand is built again', async () => {
  const first = await bench.prepare(bench.spec([]));
  await rm(join(first.variables['VIRTUAL_ENV'] ?? '', 'bin', 'python'));
  const second = await bench.prepare(bench.spec([]));
  expect(second).toMatchObject({ id: first.id, cached: false });
  expect(bench.python(second, 'print(1)')).toBe('1');
});

it('a conda file without conda: by name from the index, with a warning', async () => {
  const conda: EnvironmentSpec = { kind: 'conda', text: '', python: '3', channels: ['conda-forge'], packages: ['conda-forge::ty_probe=1'], pip: [], baseDir: bench.shelf, from: 'conda.yaml' };
  const ready = await bench.prepare(conda);
  expect(bench.probe(ready)).toBe('1.0');
  expect(bench.log.warned).toEqual(['conda.yaml is resolved without conda: ty_probe==1.* comes from the Python package index']);
  await expect(bench.prepare({ ...conda, packages: ['cudatoolkit=11.8', 'gcc_linux-64', 'six'] })).rejects.toMatchObject({
    reason: 'bad_spec',
    message: 'conda.yaml asks for cudatoolkit=11.8, gcc_linux-64: pip does not have that, and there is no conda on this machine. Install micromamba or conda, or take it out of conda.yaml',
  });
});

it('with conda in PATH a conda file is given to it, and the environment is found again', async () => {
  const bin = join(bench.cacheDir, 'fake-bin');
  await mkdir(bin, { recursive: true });
  const script = `#!/bin/sh\nwhile [ $# -gt 0 ]; do case $1 in --prefix) p=$2;; --file) f=$2;; esac; shift; done\nmkdir -p "$p/conda-meta" && cp "$f" "$p/conda-meta/asked.yml"\n`;
  await writeFile(join(bin, 'micromamba'), script, { mode: 0o755 });
  const env = { ...bench.offline, PATH: `${bin}:${bench.offline['PATH'] ?? ''}` };
  const conda: EnvironmentSpec = { kind: 'conda', text: '', python: '3.11', channels: ['conda-forge'], packages: ['r-base=4'], pip: ['-r requirements.txt'], baseDir: bench.shelf, from: 'conda.yaml' };
  const ready = await bench.prepare(conda, { env });
  const asked = await readFile(join(ready.variables['CONDA_PREFIX'] ?? '', 'conda-meta', 'asked.yml'), 'utf8');
  expect(asked).toBe('channels:\n  - conda-forge\ndependencies:\n  - python=3.11\n  - r-base=4\n  - pip\n  - pip:\n      - ty_probe==1.0\n');
  expect(await bench.prepare(conda, { env, runProgram: noProgram })).toMatchObject({ id: ready.id, cached: true });
});
