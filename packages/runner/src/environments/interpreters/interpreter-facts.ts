import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttemptLog } from '../../attempt-log.ts';
import { StepFailure } from '../../step-failure.ts';
import type { PrepareContext } from '../environment.ts';

export interface Interpreter {
  readonly path: string;
  /** Like 3.11.7. */
  readonly version: string;
  /** Which compiled packages fit: names version, kind (free-threaded, debug), processor and C library. */
  readonly abi: string;
}

interface Entry {
  readonly mtimeMs: number;
  readonly sizeBytes: number;
  /** null: no Python that environments can be made with. */
  readonly facts: { readonly version: string; readonly abi: string } | null;
}

type Entries = Record<string, Entry>;

const FORMAT = 1;
const QUESTION = [
  'import json, sys, sysconfig',
  'final = sys.version_info[3] == "final" and sys.implementation.name == "cpython"',
  'abi = sysconfig.get_config_var("SOABI") or sys.implementation.cache_tag',
  'print(json.dumps({"version": "%d.%d.%d" % sys.version_info[:3], "abi": abi + "-" + sysconfig.get_platform()} if final else None))',
].join('\n');

/**
 * What is known of Pythons, asked once per file (real path, time of change, size) and kept in `<cacheDir>/interpreters.json`:
 * an environment that is there must be found without starting a program.
 */
export class InterpreterFacts {
  readonly #file: string;
  readonly #context: PrepareContext;
  #entries: Entries | undefined;

  constructor(context: PrepareContext) {
    this.#context = context;
    this.#file = join(context.cacheDir, 'interpreters.json');
  }

  /** Of a real path; undefined when it is no released CPython that starts. */
  async of(path: string): Promise<Interpreter | undefined> {
    const { mtimeMs, size: sizeBytes } = await stat(path);
    const entries = await this.#load();
    const known = entries[path];
    if (known !== undefined && known.mtimeMs === mtimeMs && known.sizeBytes === sizeBytes) return known.facts === null ? undefined : { path, ...known.facts };
    const facts = await ask(path, this.#context);
    entries[path] = { mtimeMs, sizeBytes, facts };
    await this.#save(entries);
    return facts === null ? undefined : { path, ...facts };
  }

  async #load(): Promise<Entries> {
    this.#entries ??= await readEntries(this.#file);
    return this.#entries;
  }

  /** Who writes at the same time may undo our answer; then it is asked again. */
  async #save(entries: Entries): Promise<void> {
    await mkdir(this.#context.cacheDir, { recursive: true });
    const aside = `${this.#file}.${process.pid}-${randomBytes(4).toString('hex')}`;
    await writeFile(aside, JSON.stringify({ format: FORMAT, entries }));
    await rename(aside, this.#file);
  }
}

async function readEntries(file: string): Promise<Entries> {
  try {
    const stored = JSON.parse(await readFile(file, 'utf8')) as { readonly format?: unknown; readonly entries?: Entries };
    return stored.format === FORMAT ? (stored.entries ?? {}) : {};
  } catch {
    return {}; // not there yet, or cut by a crash: only answers that can be asked for again
  }
}

async function ask(path: string, { cacheDir, env, runProgram, signal, graceMs }: PrepareContext): Promise<Entry['facts']> {
  // a shim answers as another Python in another directory, so what it says cannot be kept
  if (await isScript(path)) return null;
  const output: Uint8Array[] = [];
  const log: AttemptLog = { write: (bytes, stream) => void (stream === 'stderr' || output.push(bytes)), say() {}, warn() {} };
  await mkdir(cacheDir, { recursive: true });
  try {
    const { exitCode } = await runProgram([path, '-I', '-c', QUESTION], { cwd: cacheDir, env, log, signal, graceMs });
    if (exitCode !== 0) return null;
    return JSON.parse(Buffer.concat(output).toString()) as Entry['facts'];
  } catch (error) {
    if (signal.aborted) throw error;
    if (error instanceof StepFailure || error instanceof SyntaxError) return null; // it does not start, or is no Python
    throw error;
  }
}

async function isScript(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return buffer.toString('latin1', 0, bytesRead) === '#!';
  } finally {
    await file.close();
  }
}
