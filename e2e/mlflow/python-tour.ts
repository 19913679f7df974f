import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ServerProcess } from '../server-process.ts';
import { quietMlflow } from './quiet-mlflow.ts';

/** What became of a chapter: `done`, or how it failed. */
export type Outcome = string;

/** A Python process that goes through the chapters of `tour/`. Between the two halves of each the server is restarted under it. */
export class PythonTour {
  readonly #process: ChildProcess;
  readonly #outcomes = new Map<string, Outcome>();
  readonly #watchers = new Set<() => void>();
  #said: string[] = [];
  #ended = false;

  /** `restart` is called when a chapter has written and before it reads. */
  constructor(python: string, server: ServerProcess, tour: { readonly chapters: readonly string[]; readonly restart: (chapter: string) => Promise<void> }) {
    const env = quietMlflow({ MLFLOW_TRACKING_URI: server.url, MLFLOW_TRACKING_TOKEN: server.token });
    const child = spawn(python, [join(import.meta.dirname, 'tour', 'run.py'), ...tour.chapters], { cwd: server.dataDir, env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process = child;
    child.stderr.on('data', (bytes: Buffer) => this.#said.push(bytes.toString('utf8')));
    createInterface({ input: child.stdout }).on('line', (line) => void this.#hear(line, tour.restart).catch((error: unknown) => this.#conclude(`the server was not restarted: ${String(error)}`)));
    child.once('error', (error) => this.#conclude(String(error)));
    child.once('close', (code) => this.#conclude(`Python ended with ${code}`));
  }

  /** Waits for the end of a chapter. */
  async outcome(chapter: string): Promise<Outcome> {
    while (!this.#outcomes.has(chapter) && !this.#ended) await new Promise<void>((resolve) => this.#watchers.add(resolve));
    return this.#outcomes.get(chapter) ?? `not reached: ${this.#said.join('')}`;
  }

  stop(): void {
    this.#process.kill('SIGKILL');
  }

  async #hear(line: string, restart: (chapter: string) => Promise<void>): Promise<void> {
    const [, what, chapter = ''] = /^(written|done|failed) (\w+)$/.exec(line) ?? [];
    if (what === undefined) {
      this.#said.push(`${line}\n`);
      return;
    }
    if (what === 'written') {
      await restart(chapter);
      this.#process.stdin?.write('\n');
      return;
    }
    this.#outcomes.set(chapter, what === 'done' ? 'done' : this.#said.join(''));
    this.#said = [];
    this.#wake();
  }

  #conclude(why: string): void {
    this.#said.push(why);
    this.#ended = true;
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#watchers) wake();
    this.#watchers.clear();
  }
}
