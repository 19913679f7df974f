import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { cp, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { ZipFile } from 'yazl';
import type { AttemptLog } from '../attempt-log.ts';
import { type RunProgram, runProgram } from '../process/run-program.ts';
import type { EnvironmentSpec, PrepareContext, ReadyEnvironment } from './environment.ts';
import { prepareEnvironment } from './prepare-environment.ts';

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

export const noProgram: RunProgram = (argv) => Promise.reject(new Error(`a program was started: ${argv.join(' ')}`));

/** Wheels made here and no index, a new cache directory per case, and uv in it, fetched once for all of them. */
export class Workbench {
  log = new Lines();
  cacheDir = '';
  readonly #held: ReadyEnvironment[] = [];
  readonly #children: ChildProcess[] = [];
  readonly shelf: string;
  readonly #stock: string;
  /** As on a machine without conda, and without settings of pip and uv. */
  readonly #machine: Readonly<Record<string, string>>;
  /** With the settings of pip that this machine needs to reach an index. */
  readonly online: Readonly<Record<string, string>>;

  private constructor(shelf: string, stock: string, env: NodeJS.ProcessEnv) {
    this.shelf = shelf;
    this.#stock = stock;
    const set = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
    this.#machine = Object.fromEntries(set.filter(([name]) => !/^(PIP|UV|CONDA|MAMBA)_|^VIRTUAL_ENV$/.test(name)));
    this.online = { ...this.#machine, ...Object.fromEntries(set.filter(([name]) => name.startsWith('PIP_'))) };
  }

  /** On the shelf: ty_probe 1.0 and 2.0, a module that knows its version, and a requirements.txt that asks for the first. */
  static async open(env: NodeJS.ProcessEnv): Promise<Workbench> {
    const bench = new Workbench(await mkdtemp(join(tmpdir(), 'shelf-')), await mkdtemp(join(tmpdir(), 'stock-')), env);
    for (const version of ['1.0', '2.0']) await putWheel(bench.shelf, 'ty_probe', version);
    await writeFile(join(bench.shelf, 'requirements.txt'), '# the probe\nty_probe==1.0  # pinned\n');
    return bench;
  }

  async close(): Promise<void> {
    await rm(this.shelf, { recursive: true });
    await rm(this.#stock, { recursive: true });
  }

  async clear(): Promise<void> {
    this.cacheDir = await mkdtemp(join(tmpdir(), 'cache-'));
    this.log = new Lines();
    if ((await readdir(this.#stock)).length > 0) await symlink(join(this.#stock, 'tools'), join(this.cacheDir, 'tools'));
  }

  /** Keeps the uv of this case for those after it. */
  async stockTools(): Promise<void> {
    await cp(join(this.cacheDir, 'tools'), join(this.#stock, 'tools'), { recursive: true });
  }

  forgetTools(): Promise<void> {
    return rm(join(this.cacheDir, 'tools'), { recursive: true, force: true });
  }

  async tidy(): Promise<void> {
    for (const child of this.#children.splice(0)) child.kill('SIGKILL');
    await this.releaseAll();
    await rm(this.cacheDir, { recursive: true });
  }

  async releaseAll(): Promise<void> {
    for (const ready of this.#held.splice(0)) await ready.release();
  }

  get offline(): Record<string, string> {
    return { ...this.#machine, PIP_NO_INDEX: '1', PIP_FIND_LINKS: `${this.shelf} /is/not/there` };
  }

  spec(dependencies: readonly string[], from = 'python_env.yaml'): EnvironmentSpec {
    return { kind: 'python', python: undefined, buildDependencies: [], dependencies, baseDir: this.shelf, from };
  }

  /** Prepares, and holds until the end of the case. */
  async prepare(wanted: EnvironmentSpec, changes: Partial<PrepareContext> = {}): Promise<ReadyEnvironment> {
    const { cacheDir, log } = this;
    const choice = { manager: 'auto', pythonMismatch: 'fail' } as const;
    const context = { cacheDir, choice, env: this.offline, limitBytes: 1e12, log, signal: new AbortController().signal, graceMs: 2000, runProgram };
    const ready = await prepareEnvironment(wanted, { ...context, ...changes });
    this.#held.push(ready);
    return ready;
  }

  /** What its Python prints. */
  python({ variables }: ReadyEnvironment, code: string): string {
    return execFileSync('python', ['-c', code], { env: { ...this.offline, ...variables }, encoding: 'utf8' }).trim();
  }

  probe(ready: ReadyEnvironment): string {
    return this.python(ready, 'import ty_probe; print(ty_probe.version)');
  }

  /** Environments on disk, also half-built ones. */
  async directories(): Promise<ReadonlySet<string>> {
    const root = join(this.cacheDir, 'environments');
    const entries = await readdir(root, { withFileTypes: true });
    return new Set(entries.filter((entry) => entry.isDirectory() && entry.name !== 'locks').map((entry) => join(root, entry.name)));
  }

  /** Another process that prepares ty_probe 1.0; `pausing`: until there is a file `go` in the cache directory, it does not install. */
  elsewhere(mode: 'pausing' | 'at once'): Elsewhere {
    const base = pathToFileURL(join(import.meta.dirname, '..', '/')).href;
    const argument = JSON.stringify([base, this.cacheDir, this.offline, mode]);
    const child = spawn(process.execPath, ['--input-type=module', '-e', CHILD, argument], { stdio: ['ignore', 'pipe', 'inherit'], env: this.#machine });
    this.#children.push(child);
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
}

export interface Elsewhere {
  readonly child: ChildProcess;
  /** Everything it said so far. */
  readonly lines: readonly string[];
  /** Reads on up to the next line like that. */
  until(words: RegExp): Promise<void>;
}

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

/** A package with one module that knows its version. */
async function putWheel(dir: string, name: string, version: string): Promise<void> {
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
  await pipeline(zip.outputStream, createWriteStream(join(dir, `${name}-${version}-py3-none-any.whl`)));
}
