import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@trainyard/core/errors.ts';
import { isAlive, MARK_VARIABLE } from '@trainyard/runner/process/process-tree.ts';

export interface RunnerProcessOptions {
  readonly cacheDir: string;
  readonly runnerFile: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A spare that nobody needed for so long gives its memory back. */
const SPARE_IDLE_MS = 5 * 60_000;
/** The training that was just started should not have to share the processor with the loading of the next spare. */
const SPARE_AFTER_MS = 250;

/**
 * Starts runner processes, each the leader of its own group and not tied to this one. Once there was something to run, one
 * is kept ready that has loaded everything, so that the next attempt does not wait for that.
 */
export class RunnerProcesses {
  readonly #options: RunnerProcessOptions;
  #spare: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RunnerProcessOptions) {
    this.#options = options;
  }

  /** The pid of the runner that now has the attempt in `dir`. Throws when no process can be started. */
  async start(key: string, dir: string): Promise<number> {
    const pid = (await this.#handOver(dir)) ?? (await this.#spawnFor(key, dir));
    this.#later(SPARE_AFTER_MS, () => this.#makeSpare());
    return pid;
  }

  /** Without a server a spare ends by itself, however the server went: its input is closed. */
  close(): void {
    clearTimeout(this.#timer);
    this.#dismiss();
  }

  async #handOver(dir: string): Promise<number | undefined> {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare?.pid === undefined || spare.stdin === null || spare.exitCode !== null || spare.signalCode !== null) return undefined;
    const { pid, stdin } = spare;
    // it is known by its pid before it can claim anything; if it is gone by now, the attempt is submitted again
    const sent = new Promise<boolean>((resolve) => {
      stdin.end(`${dir}\n`, (error?: Error | null) => resolve(error === undefined || error === null));
    });
    // one that just died looks alive until its end is told, and its input is open while the last of its threads ends
    return (await sent) && isAlive(pid) ? pid : undefined;
  }

  async #spawnFor(key: string, dir: string): Promise<number> {
    // its own words, when it cannot even begin, go to a file: no pipe ties it to us
    const words = await open(join(dir, 'runner.log'), 'a', 0o600);
    try {
      const child = this.#spawn(dir, { cwd: dir, mark: key, stdio: ['ignore', words.fd, words.fd] });
      await once(child, 'spawn');
      return child.pid ?? 0;
    } catch (error) {
      throw new Error(`the runner could not be started: ${messageOf(error)}`, { cause: error });
    } finally {
      await words.close();
    }
  }

  async #makeSpare(): Promise<void> {
    if (this.#spare !== undefined) return;
    await mkdir(this.#options.cacheDir, { recursive: true, mode: 0o700 });
    const words = await open(join(this.#options.cacheDir, 'spare-runner.log'), 'w', 0o600);
    const spare = this.#spawn('--spare', { cwd: this.#options.cacheDir, mark: undefined, stdio: ['pipe', words.fd, words.fd] });
    await words.close();
    // whatever goes wrong with it: the next attempt then starts a runner of its own
    spare.on('error', () => undefined);
    spare.stdin?.on('error', () => undefined);
    this.#spare = spare;
    this.#later(SPARE_IDLE_MS, () => Promise.resolve(this.#dismiss()));
  }

  #dismiss(): void {
    this.#spare?.stdin?.destroy();
    this.#spare = undefined;
  }

  #spawn(what: string, { cwd, mark, stdio }: { cwd: string; mark: string | undefined; stdio: StdioOptions }): ChildProcess {
    const { cacheDir, runnerFile, env } = this.#options;
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', runnerFile, what, cacheDir], {
      cwd,
      // compiled once: without it every start strips and compiles the runner's sources again (some 40 ms)
      env: { ...env, NODE_COMPILE_CACHE: join(cacheDir, 'compile'), ...(mark === undefined ? {} : { [MARK_VARIABLE]: mark }) },
      detached: true,
      stdio,
    });
    child.unref();
    return child;
  }

  #later(ms: number, work: () => Promise<void>): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void work().catch(() => this.#dismiss()), ms);
    this.#timer.unref();
  }
}
