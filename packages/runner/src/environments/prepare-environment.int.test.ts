import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import type { AttemptLog } from '../attempt-log.ts';
import { type RunProgram, runProgram } from '../process/run-program.ts';
import type { EnvironmentSpec, PrepareContext, ReadyEnvironment } from './environment.ts';
import { prepareEnvironment } from './prepare-environment.ts';

/** Everything uv and pip may take; one directory of wheels made here, and no index. */
let shelf = '';
/** A cache with uv in it, fetched once for all cases. */
let stocked = '';
let cacheDir = '';

class Lines implements AttemptLog {
  readonly said: string[] = [];
  readonly warned: string[] = [];
  output = '';
  write(bytes: Uint8Array): void {
    this.output += Buffer.from(bytes).toString();
  }
  say(line: string): void {
    this.said.push(line);
  }
  warn(line: string): void {
    this.warned.push(line);
  }
}

let log = new Lines();
const held: ReadyEnvironment[] = [];
const children: ChildProcess[] = [];

/** As on a machine without uv and conda, whatever this one has. */
const machine = Object.fromEntries(Object.entries(process.env).filter(([name, value]) => value !== undefined && !/^(PIP|UV|CONDA|MAMBA)_|^VIRTUAL_ENV$/.test(name))) as Record<string, string>;
const offline = (): Record<string, string> => ({ ...machine, PIP_NO_INDEX: '1', PIP_FIND_LINKS: `${shelf} /is/not/there` });

const forbidden: RunProgram = (argv) => Promise.reject(new Error(`a program was started: ${argv.join(' ')}`));

function context(changes: Partial<PrepareContext> = {}): PrepareContext {
  const choice = { manager: 'auto', pythonMismatch: 'fail' } as const;
  return { cacheDir, choice, env: offline(), limitBytes: 1e12, log, signal: new AbortController().signal, graceMs: 2000, runProgram, ...changes };
}

function spec(dependencies: readonly string[], changes: Partial<Extract<EnvironmentSpec, { kind: 'python' }>> = {}): EnvironmentSpec {
  return { kind: 'python', python: undefined, buildDependencies: [], dependencies, baseDir: shelf, from: 'python_env.yaml', ...changes };
}

async function prepare(wanted: EnvironmentSpec, changes: Partial<PrepareContext> = {}): Promise<ReadyEnvironment> {
  const ready = await prepareEnvironment(wanted, context(changes));
  held.push(ready);
  return ready;
}

function python({ variables }: ReadyEnvironment, code: string): string {
  return execFileSync('python', ['-c', code], { env: { ...offline(), ...variables }, encoding: 'utf8' }).trim();
}

/** A package with one module that knows its version. */
async function putOnShelf(name: string, version: string): Promise<void> {
  const info = `${name}-${version}.dist-info`;
  const files = {
    [`${name}.py`]: `version = '${version}'\n`,
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`,
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
  };
  const zip = new ZipFile();
  for (const [path, text] of Object.entries(files)) zip.addBuffer(Buffer.from(text), path);
  const record = [...Object.keys(files), `${info}/RECORD`].map((path) => `${path},,\n`).join('');
  zip.addBuffer(Buffer.from(record), `${info}/RECORD`);
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(join(shelf, `${name}-${version}-py3-none-any.whl`)));
}

beforeAll(async () => {
  shelf = await mkdtemp(join(tmpdir(), 'shelf-'));
  stocked = await mkdtemp(join(tmpdir(), 'stocked-'));
  await putOnShelf('ty_probe', '1.0');
  await putOnShelf('ty_probe', '2.0');
  await writeFile(join(shelf, 'requirements.txt'), '# the probe\nty_probe==1.0  # pinned\n');
});

beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'cache-'));
  log = new Lines();
  if ((await readdir(stocked)).length > 0) await symlink(join(stocked, 'tools'), join(cacheDir, 'tools'));
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const ready of held.splice(0)) await ready.release();
  await rm(cacheDir, { recursive: true });
});

afterAll(async () => {
  await rm(shelf, { recursive: true });
  await rm(stocked, { recursive: true });
});

/** Names of environments on disk, also of half-built ones. */
async function directories(): Promise<readonly string[]> {
  const entries = await readdir(join(cacheDir, 'environments'), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory() && entry.name !== 'locks').map((entry) => entry.name);
}

it('fetches uv with the pip that is there, and installs a package of the index', async () => {
  const ready = await prepare(spec(['six']), { env: withPipOf(process.env) });
  expect(python(ready, 'import six, sys; print(six.__name__, sys.prefix)')).toBe(`six ${ready.variables['VIRTUAL_ENV']}`);
  expect(log.said[0]).toMatch(/^uv \d[\d.]+: fetching with pip of Python 3\.\d+\.\d+$/);
  expect(log.said[1]).toMatch(/^environment [0-9a-f]{12}: building with uv \d[\d.]+ for Python 3\.\d+\.\d+ \(1 requirements\)$/);
  expect(log.said[2]).toMatch(/^environment [0-9a-f]{12}: ready in \d+ s, \d+ MB$/);
  await cp(join(cacheDir, 'tools'), join(stocked, 'tools'), { recursive: true });
});

function withPipOf(env: NodeJS.ProcessEnv): Record<string, string> {
  return { ...machine, ...Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[0].startsWith('PIP_') && entry[1] !== undefined)) };
}

it('takes pip settings over to uv: a directory of wheels and no index', async () => {
  const ready = await prepare(spec(['-r requirements.txt']));
  expect(python(ready, 'import ty_probe; print(ty_probe.version)')).toBe('1.0');
  expect(ready.cached).toBe(false);
});

it('a warm environment starts no program, whatever the order and comments of its requirements', async () => {
  const first = await prepare(spec(['ty_probe==1.0', 'ty-probe<2']));
  log.said.length = 0;
  const again = await prepare(spec(['# a comment', 'Ty.Probe < 2', 'ty_probe == 1.0']), { runProgram: forbidden });
  expect(again).toMatchObject({ id: first.id, cached: true, python: first.python, variables: first.variables });
  expect(log.said).toEqual([`environment ${first.id.slice(0, 12)}: cached`]);
});

it('another content is another environment', async () => {
  const first = await prepare(spec(['-r requirements.txt']));
  await writeFile(join(shelf, 'other.txt'), 'ty_probe==2.0\n');
  const second = await prepare(spec(['-r other.txt']));
  expect(second.id).not.toBe(first.id);
  expect([first, second].map((ready) => python(ready, 'import ty_probe; print(ty_probe.version)'))).toEqual(['1.0', '2.0']);
});

const CHILD = `
  const [base, cacheDir, env, mode] = JSON.parse(process.argv[1]);
  const { existsSync } = await import('node:fs');
  const { setTimeout: sleep } = await import('node:timers/promises');
  const { prepareEnvironment } = await import(base + 'environments/prepare-environment.ts');
  const { runProgram } = await import(base + 'process/run-program.ts');
  const say = (kind) => (line) => console.log(kind + ' ' + line);
  const log = { write() {}, say: say('said'), warn: say('warned') };
  const pausing = async (argv, options) => {
    if (argv.includes('install')) console.log('installing');
    while (argv.includes('install') && !existsSync(cacheDir + '/go')) await sleep(20);
    return runProgram(argv, options);
  };
  const context = { cacheDir, choice: { manager: 'auto', pythonMismatch: 'fail' }, env, limitBytes: 1e12, log, signal: new AbortController().signal, graceMs: 1000, runProgram: mode === 'pausing' ? pausing : runProgram };
  const spec = { kind: 'python', python: undefined, buildDependencies: [], dependencies: ['ty_probe==1.0'], baseDir: cacheDir, from: 'x' };
  const ready = await prepareEnvironment(spec, context);
  console.log('ready ' + ready.cached);
  await ready.release();
`;

interface Elsewhere {
  readonly child: ChildProcess;
  /** Everything it said so far. */
  readonly lines: string[];
  /** Reads on up to the next line like that. */
  until(words: RegExp): Promise<void>;
}

/** Another process that prepares the same environment; `pausing`: until the file `go` is there, it does not install. */
function elsewhere(mode: 'pausing' | 'at once'): Elsewhere {
  const base = pathToFileURL(join(import.meta.dirname, '..', '/')).href;
  const child = spawn(process.execPath, ['--input-type=module', '-e', CHILD, JSON.stringify([base, cacheDir, offline(), mode])], { stdio: ['ignore', 'pipe', 'inherit'], env: machine });
  children.push(child);
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const until = async (words: RegExp): Promise<void> => {
    for (;;) {
      const { value, done } = await reader.next();
      if (done === true) throw new Error(`it ended without ${words}: ${lines.join('\n')}`);
      lines.push(value);
      if (words.test(value)) return;
    }
  };
  return { child, lines, until };
}

it('who wants what another process is building waits for it, and says so', async () => {
  const first = elsewhere('pausing');
  await first.until(/^installing$/);
  const second = elsewhere('at once');
  await second.until(/is building it, waiting/);
  await writeFile(join(cacheDir, 'go'), '');
  await Promise.all([first.until(/^ready false$/), second.until(/^ready true$/)]);
  expect(second.lines.join('\n')).not.toContain('building with');
  expect(await directories()).toHaveLength(1);
});

it('of three that start together one builds', async () => {
  const three = [elsewhere('at once'), elsewhere('at once'), elsewhere('at once')];
  await Promise.all(three.map(({ until }) => until(/^ready /)));
  const all = three.flatMap(({ lines }) => lines);
  expect(all.filter((line) => line.includes('building with'))).toHaveLength(1);
  expect(all.filter((line) => line.startsWith('ready')).toSorted()).toEqual(['ready false', 'ready true', 'ready true']);
});

it('kill -9 in the middle of a build: the next one takes over, and sweeps what was left', async () => {
  const { child, until } = elsewhere('pausing');
  await until(/^installing$/);
  expect(await directories()).toHaveLength(2); // the environment, and what its builder reads
  child.kill('SIGKILL');
  await new Promise((done) => child.once('exit', done));
  const ready = await prepare(spec(['ty_probe==1.0']));
  expect(python(ready, 'import ty_probe; print(ty_probe.version)')).toBe('1.0');
  expect((await directories()).map((name) => join(cacheDir, 'environments', name))).toEqual([ready.variables['VIRTUAL_ENV']]);
});

it('removes what was used longest ago, and nothing that is in use', async () => {
  const oldest = await prepare(spec(['ty_probe==1.0']));
  const middle = await prepare(spec(['ty_probe==2.0']));
  await held.splice(held.indexOf(middle), 1)[0]?.release();
  log.said.length = 0;
  const newest = await prepare(spec([]), { limitBytes: 1 });
  const left = (await directories()).map((name) => join(cacheDir, 'environments', name));
  expect(new Set(left)).toEqual(new Set([oldest, newest].map(({ variables }) => variables['VIRTUAL_ENV'])));
  expect(log.said.filter((line) => line.includes('removed'))).toEqual([expect.stringContaining(`environment ${middle.id.slice(0, 12)}: removed to stay under 0 MB`)]);
  expect(log.said.at(-1)).toMatch(/^the cache of uv was emptied to stay under 0 MB/);
  expect(python(oldest, 'import ty_probe; print(ty_probe.version)')).toBe('1.0');
  expect((await prepare(spec(['ty_probe==2.0']))).cached).toBe(false);
});

it('what cannot be resolved fails in the words of the resolver, and leaves nothing', async () => {
  const wanted = prepare(spec(['ty_probe==9.9'], { from: 'requirements.txt' }));
  await expect(wanted).rejects.toMatchObject({
    reason: 'environment_failed',
    exitCode: 1,
    message: expect.stringMatching(/^the requirements of requirements\.txt could not be installed \(exit code 1\):\n(.*\n)*.*there is no version of ty-probe==9\.9/),
  });
  expect(log.output).toContain('there is no version of ty-probe==9.9');
  expect(await directories()).toEqual([]);
});

it('a full disk is told from the resolver’s own failures, and leaves nothing', async () => {
  const full: RunProgram = async (argv, options) => {
    const end = await runProgram(argv, options);
    return argv.includes('install') ? { ...end, exitCode: 2, tail: 'error: Failed to install: x.whl\n  cause: No space left on device (os error 28)\n' } : end;
  };
  await expect(prepare(spec(['ty_probe']), { runProgram: full })).rejects.toMatchObject({ reason: 'disk_full', message: expect.stringContaining('No space left on device') });
  expect(await directories()).toEqual([]);
});

it('a stop in the middle of a build ends it, and leaves nothing', async () => {
  const stop = new AbortController();
  const stopping: RunProgram = (argv, options) => {
    if (argv.includes('install')) stop.abort(new Error('stopped on request'));
    return runProgram(argv, options);
  };
  await expect(prepare(spec(['ty_probe']), { runProgram: stopping, signal: stop.signal })).rejects.toThrow('stopped on request');
  expect(await directories()).toEqual([]);
});

it('without uv, venv and pip do it', async () => {
  const withoutUv: RunProgram = async (argv, options) => {
    if (!argv.some((word) => word.startsWith('uv=='))) return runProgram(argv, options);
    return { exitCode: 1, signal: null, tail: 'ERROR: No matching distribution found for uv' };
  };
  await rm(join(cacheDir, 'tools'), { recursive: true });
  const ready = await prepare(spec(['ty_probe==1.0']), { runProgram: withoutUv });
  expect(python(ready, 'import ty_probe; print(ty_probe.version)')).toBe('1.0');
  expect(log.said.join('\n')).toMatch(/uv could not be fetched: (.*\n)+going on with venv and pip/);
  expect(log.said.join('\n')).toMatch(/building with venv and pip for Python 3/);
  // and is found again without another try to fetch uv
  expect(await prepare(spec(['ty_probe==1.0']), { runProgram: forbidden })).toMatchObject({ id: ready.id, cached: true });
  const onlyUv = prepare(spec(['ty_probe==2.0']), { runProgram: withoutUv, choice: { manager: 'uv', pythonMismatch: 'fail' } });
  await expect(onlyUv).rejects.toMatchObject({ reason: 'environment_failed', message: expect.stringContaining('Install uv, or pip') });
});

it('a Python without pip fetches uv with the pip of a venv', async () => {
  const withoutPip: RunProgram = async (argv, options) => (argv.join(' ').endsWith('-m pip --version') ? { exitCode: 1, signal: null, tail: 'No module named pip' } : runProgram(argv, options));
  await rm(join(cacheDir, 'tools'), { recursive: true });
  const ready = await prepare(spec(['six']), { env: withPipOf(process.env), runProgram: withoutPip });
  expect(log.said.join('\n')).toMatch(/building with uv/);
  expect(python(ready, 'import six; print(six.__name__)')).toBe('six');
});

it('a local directory serves one attempt: what its build reads cannot be known', async () => {
  await mkdir(join(shelf, 'own'), { recursive: true });
  await writeFile(join(shelf, 'own', 'pyproject.toml'), '[project]\nname = "own"\nversion = "1"\n');
  const [first, second] = [await prepare(spec(['ty_probe==1.0', './own ; python_version < "3"'])), await prepare(spec(['ty_probe==1.0', './own ; python_version < "3"']))];
  expect([first.cached, second.cached]).toEqual([false, false]);
  expect(first.variables['VIRTUAL_ENV']).not.toBe(second.variables['VIRTUAL_ENV']);
  for (const ready of held.splice(0)) await ready.release();
  expect(await directories()).toEqual([]);
});

it('an environment whose directory was damaged by hand is built again', async () => {
  const first = await prepare(spec([]));
  await rm(join(first.variables['VIRTUAL_ENV'] ?? '', 'bin', 'python'));
  const second = await prepare(spec([]));
  expect(second).toMatchObject({ id: first.id, cached: false });
  expect(python(second, 'print(1)')).toBe('1');
});

it('a conda file without conda: by name from the index, with a warning', async () => {
  const conda: EnvironmentSpec = { kind: 'conda', text: '', python: '3', channels: ['conda-forge'], packages: ['conda-forge::ty_probe=1'], pip: [], baseDir: shelf, from: 'conda.yaml' };
  const ready = await prepare(conda);
  expect(python(ready, 'import ty_probe; print(ty_probe.version)')).toBe('1.0');
  expect(log.warned).toEqual(['conda.yaml is resolved without conda: ty_probe==1.* comes from the Python package index']);
  await expect(prepare({ ...conda, packages: ['cudatoolkit=11.8', 'gcc_linux-64', 'six'] })).rejects.toMatchObject({
    reason: 'bad_spec',
    message: 'conda.yaml asks for cudatoolkit=11.8, gcc_linux-64: pip does not have that, and there is no conda on this machine. Install micromamba or conda, or take it out of conda.yaml',
  });
});

it('with conda in PATH a conda file is given to it, and the environment is found again', async () => {
  const bin = join(cacheDir, 'fake-bin');
  await mkdir(bin, { recursive: true });
  const script = `#!/bin/sh\nwhile [ $# -gt 0 ]; do case $1 in --prefix) p=$2;; --file) f=$2;; esac; shift; done\nmkdir -p "$p/conda-meta" && cp "$f" "$p/conda-meta/asked.yml"\n`;
  await writeFile(join(bin, 'micromamba'), script, { mode: 0o755 });
  const env = { ...offline(), PATH: `${bin}:${machine['PATH'] ?? ''}` };
  const conda: EnvironmentSpec = { kind: 'conda', text: '', python: '3.11', channels: ['conda-forge'], packages: ['r-base=4'], pip: ['-r requirements.txt'], baseDir: shelf, from: 'conda.yaml' };
  const ready = await prepare(conda, { env });
  const asked = await readFile(join(ready.variables['CONDA_PREFIX'] ?? '', 'conda-meta', 'asked.yml'), 'utf8');
  expect(asked).toBe('channels:\n  - conda-forge\ndependencies:\n  - python=3.11\n  - r-base=4\n  - pip\n  - pip:\n      - ty_probe==1.0\n');
  expect(await prepare(conda, { env, runProgram: forbidden })).toMatchObject({ id: ready.id, cached: true });
});
