import { mkdtempSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunnerOrder } from '@trainyard/core/training/runner-order.ts';
import { afterAll } from 'vitest';
import { aSnapshot, type TarEntry } from './a-snapshot.ts';
import { anOrder, type OrderChanges } from './an-order.ts';
import { LoopbackServer } from './loopback/server.ts';
import { type RunnerProcess, startRunner } from './runner-process.ts';

export interface AttemptFixtureOptions extends OrderChanges {
  /** The runner's door. */
  readonly main: URL;
  readonly writeOrder: (dir: string, order: RunnerOrder) => Promise<void>;
  /** Name → text of the files of the source; shorthand for `entries`. */
  readonly files?: Readonly<Record<string, string>>;
  readonly entries?: readonly TarEntry[];
  /** Directory of the attempt, when it must lie somewhere special. */
  readonly dir?: string;
}

/** One for all attempts of a test file, as on a real machine: a runner that compiles everything again costs half a second. */
const sharedCacheDir = mkdtempSync(join(tmpdir(), 'trainyard-cache-'));
afterAll(() => rm(sharedCacheDir, { recursive: true, force: true }));

/** One attempt with a server of its own, its order written, its source uploaded, and nothing started yet. */
export class AttemptFixture {
  readonly #options: AttemptFixtureOptions;
  readonly #root: string;
  readonly #runners: RunnerProcess[] = [];
  readonly order: RunnerOrder;
  readonly server: LoopbackServer;
  readonly dir: string;

  private constructor(options: AttemptFixtureOptions, root: string, order: RunnerOrder, server: LoopbackServer) {
    this.#options = options;
    this.#root = root;
    this.order = order;
    this.server = server;
    this.dir = options.dir ?? join(root, 'attempt');
  }

  static async make(options: AttemptFixtureOptions): Promise<AttemptFixture> {
    const entries = options.entries ?? Object.entries(options.files ?? {}).map(([path, content]) => ({ path, content }));
    const snapshot = aSnapshot(entries);
    const draft = anOrder({ ...options, spec: { algorithmSource: { snapshot: { digest: snapshot.digest } }, ...options.spec } });
    const server = await LoopbackServer.start(draft);
    server.snapshots.set(snapshot.digest, snapshot.bytes);
    const fixture = new AttemptFixture(options, await mkdtemp(join(tmpdir(), 'trainyard-attempt-')), { ...draft, server: server.url }, server);
    await options.writeOrder(fixture.dir, fixture.order);
    return fixture;
  }

  get mark(): string {
    return `${this.order.run}-${this.order.attempt}`;
  }

  get cacheDir(): string {
    return sharedCacheDir;
  }

  start(env: Readonly<Record<string, string>> = {}): RunnerProcess {
    // as an engine does: with the variable, not even the first file is compiled again
    const compiled = { NODE_COMPILE_CACHE: join(this.cacheDir, 'compile') };
    const runner = startRunner({ main: this.#options.main, arguments: [this.dir, this.cacheDir], mark: this.mark, env: { ...compiled, ...env } });
    this.#runners.push(runner);
    return runner;
  }

  /** Starts a runner and waits for its end; it must have had nothing to complain about. */
  async carryOut(): Promise<void> {
    const runner = this.start();
    const code = await runner.ended;
    if (code !== 0 || runner.stderr !== '') throw new Error(`the runner ended with ${code}: ${runner.stderr}`);
    this.server.assertClean();
  }

  /** Ends what a failed test may have left, and removes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const runner of this.#runners) runner.signal('SIGKILL');
    await Promise.all(this.#runners.map(({ ended }) => ended));
    await this.server.stop();
    await rm(this.#root, { recursive: true, force: true });
  }
}
