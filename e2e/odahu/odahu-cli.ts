import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { odahuflowctl } from '@trainyard/testkit/python/odahuflowctl.ts';
import { cleanEnvironment } from '../server-process.ts';

const FORKS = join(import.meta.dirname, 'odahuflowctl.py');

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The original odahuflowctl with a home and a configuration of its own. Its libraries are loaded once for all commands, which come one after another. */
export class OdahuCli {
  readonly dir = mkdtempSync(join(tmpdir(), 'trainyard-odahuflowctl-'));
  readonly #python: ChildProcess;
  readonly #codes: Interface;
  readonly #env: Readonly<Record<string, string>>;
  #turn: Promise<unknown> = Promise.resolve();

  /** `env`: its settings, such as API_URL. */
  static async make(env: Readonly<Record<string, string>> = {}): Promise<OdahuCli> {
    return new OdahuCli((await odahuflowctl()).python, env);
  }

  private constructor(python: string, env: Readonly<Record<string, string>>) {
    this.#python = spawn(python, [FORKS], { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.#python.stdout === null) throw new Error('the program has no output');
    this.#codes = createInterface(this.#python.stdout);
    this.#env = env;
  }

  /** Writes a manifest (objects: as JSON, which the client tries first) and answers its name. */
  write(name: string, content: string | readonly object[]): string {
    const value = typeof content !== 'string' && content.length === 1 ? content[0] : content;
    writeFileSync(join(this.dir, name), typeof value === 'string' ? value : JSON.stringify(value));
    return name;
  }

  run(...argv: string[]): Promise<Said> {
    const turn = this.#turn.then(() => this.#run(argv));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** What a command printed that has to end well. */
  async ok(...argv: string[]): Promise<string> {
    const { code, out, err } = await this.run(...argv);
    if (code !== 0) throw new Error(`odahuflowctl ${argv.join(' ')} ended with ${code}:\n${out}\n${err}`);
    return out;
  }

  /** The objects a `get` finds. */
  async get(...argv: string[]): Promise<readonly Found[]> {
    return JSON.parse(await this.ok(...argv, '-o', 'json')) as Found[];
  }

  async remove(): Promise<void> {
    this.#python.stdin?.end();
    if (this.#python.exitCode === null) await once(this.#python, 'exit');
    rmSync(this.dir, { recursive: true, force: true });
  }

  async #run(argv: readonly string[]): Promise<Said> {
    const own = { HOME: this.dir, ODAHUFLOW_CONFIG: join(this.dir, 'config'), ODAHUFLOWCTL_NONINTERACTIVE: 'yes', RETRY_ATTEMPTS: '1' };
    const [out, err] = [join(this.dir, '.out'), join(this.dir, '.err')];
    const answered = once(this.#codes, 'line') as Promise<[string]>;
    this.#python.stdin?.write(`${JSON.stringify({ argv, env: { ...cleanEnvironment(), ...own, ...this.#env }, cwd: this.dir, out, err })}\n`);
    const [code] = await answered;
    return { code: Number(code), out: readFileSync(out, 'utf8'), err: readFileSync(err, 'utf8') };
  }
}

export interface Found {
  readonly id: string;
  readonly kind: string;
  readonly spec: Record<string, unknown>;
  readonly status: Record<string, unknown>;
  readonly createdAt: string;
  readonly updatedAt: string;
}
