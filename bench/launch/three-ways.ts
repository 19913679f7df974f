import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanEnvironment, ServerProcess } from '../../e2e/server-process.ts';
import { uploadSource } from '../../e2e/source.ts';
import type { MlflowVenv } from '../mlflow/venv.ts';
import { FIRST_LINE_PROJECT } from './first-line-project.ts';

/** By then a first line has come, or something else is going on. */
const LATE_MS = 5_000;

interface FirstLine {
  /** Milliseconds since 1970, by the clock all programs of the machine share. */
  readonly at: number;
  /** The interpreter. */
  readonly python: string;
}

/** The same project started by a shell, by a Trainyard server and by `mlflow run`. Each answers the milliseconds until its first line. */
export class ThreeWays implements AsyncDisposable {
  readonly #dir: string;
  readonly #projectDir: string;
  readonly #server: ServerProcess;
  readonly #mlflow: MlflowVenv;
  #digest = '';
  #python = '';
  #count = 0;

  /** The server is up, the source uploaded, the environment built, MLflow's database made: each way has been gone once. */
  static async prepare(dir: string, mlflow: MlflowVenv): Promise<ThreeWays> {
    const ways = new ThreeWays(dir, mlflow);
    try {
      await ways.#server.start();
      ways.#digest = await uploadSource(ways.#server.client, FIRST_LINE_PROJECT);
      await ways.trainyard();
      await ways.bare();
      await ways.mlflowRun();
      return ways;
    } catch (error) {
      await ways[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(dir: string, mlflow: MlflowVenv) {
    this.#dir = dir;
    this.#mlflow = mlflow;
    this.#server = new ServerProcess(join(dir, 'server'));
    this.#projectDir = join(dir, 'project');
    mkdirSync(this.#projectDir);
    for (const [name, text] of Object.entries(FIRST_LINE_PROJECT)) writeFileSync(join(this.#projectDir, name), text);
  }

  async trainyard(): Promise<number> {
    const out = this.#newOut();
    const spec = { model: { name: 'first-line', version: '1' }, toolchain: 'mlflow', algorithmSource: { snapshot: { digest: this.#digest } }, hyperParameters: { out }, register: false };
    const began = now();
    const { status } = await this.#server.client.call('createTraining', { body: { id: `first-line-${this.#count}`, spec } });
    await this.#firstLineOrEnd(status.runId ?? '', out);
    const run = await this.#server.ended(status.runId ?? '');
    if (run.state !== 'succeeded') throw new Error(`run ${run.number} ended as ${run.state}: ${run.message ?? ''}\n${await this.#server.log(run.id)}`);
    const { at, python } = readFirstLine(out);
    // the others get the interpreter of the environment the server has built
    this.#python = python;
    return at - began;
  }

  /** The first training after a start of the server; there is no runner that has loaded everything before. */
  async firstOfTrainyard(): Promise<number> {
    await this.#server.stop();
    await this.#server.start();
    return this.trainyard();
  }

  bare(): Promise<number> {
    const out = this.#newOut();
    return this.#spawned(['bash', '-c', `python first_line.py '${out}'`], out);
  }

  mlflowRun(database = 'mlflow.db'): Promise<number> {
    const out = this.#newOut();
    return this.#spawned([this.#mlflow.mlflow, 'run', '.', '--env-manager', 'local', '-P', `out=${out}`], out, { MLFLOW_TRACKING_URI: `sqlite:///${join(this.#dir, database)}` });
  }

  /** As for whoever runs MLflow for the first time: it makes its database. */
  firstOfMlflow(): Promise<number> {
    return this.mlflowRun(`mlflow-${this.#count}.db`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
  }

  async #spawned([program, ...args]: readonly [string, ...string[]], out: string, settings: NodeJS.ProcessEnv = {}): Promise<number> {
    const env = { ...cleanEnvironment(), ...settings };
    const began = now();
    const child = spawn(program, args, { cwd: this.#projectDir, env: { ...env, PATH: `${dirname(this.#python)}:${env['PATH'] ?? ''}` }, stdio: ['ignore', 'ignore', 'pipe'] });
    let words = '';
    child.stderr.on('data', (bytes: Buffer) => (words += bytes.toString('utf8')));
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`${program} ended with ${code}: ${words}`);
    const { at, python } = readFirstLine(out);
    if (python !== this.#python) throw new Error(`${program} ran ${python} instead of ${this.#python}: that would not be the same project`);
    return at - began;
  }

  /** The server is not asked before: answering would cost it time just when it starts the run. */
  async #firstLineOrEnd(runId: string, out: string): Promise<void> {
    const lateAt = now() + LATE_MS;
    while (!existsSync(out) && now() < lateAt) await sleep(5);
    // the warm-up builds the environment first; a run that failed has no first line
    if (!existsSync(out)) await this.#server.ended(runId);
  }

  #newOut(): string {
    return join(this.#dir, `first-line-${++this.#count}`);
  }
}

function readFirstLine(path: string): FirstLine {
  const [nanoseconds = '', python = ''] = readFileSync(path, 'utf8').split(' ');
  return { at: Number(BigInt(nanoseconds) / 1000n) / 1000, python };
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
