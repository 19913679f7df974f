import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client } from '@trainyard/api/client.ts';
import type { RunDetail } from '@trainyard/api/schemas/run.ts';

const BIN = resolve(import.meta.dirname, '../packages/cli/bin/trainyard.mjs');
const DEADLINE_MS = 120_000;

/** A real server process on a data directory of its own; it can be killed and started again on the same port. */
export class ServerProcess {
  readonly dataDir: string;
  readonly #env: Readonly<Record<string, string>>;
  #process: ChildProcess | undefined;
  #output = '';
  #port = 0;

  /** `env`: settings that have no flag. */
  constructor(dataDir = mkdtempSync(join(tmpdir(), 'trainyard-e2e-')), env: Readonly<Record<string, string>> = {}) {
    this.dataDir = dataDir;
    this.#env = env;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get token(): string {
    return readFileSync(join(this.dataDir, 'token'), 'utf8').trim();
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  get client(): Client {
    return new Client({ url: this.url, token: this.token });
  }

  async start(flags: readonly string[] = []): Promise<void> {
    this.#output = '';
    const child = spawn(process.execPath, [BIN, 'up', '--data-dir', this.dataDir, '--port', String(this.#port), '--look-every', '500ms', ...flags], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...cleanEnvironment(), ...this.#env } });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (this.#output += bytes.toString('utf8')));
    await waitFor('the server is ready', () => {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: ${this.#output}`);
      const port = /ready at http:\/\/127\.0\.0\.1:(\d+)/.exec(this.#output)?.[1];
      if (port !== undefined) this.#port = Number(port);
      return port !== undefined;
    });
  }

  /** As a crash or the OOM killer would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Ends it and removes everything; keeps the directory of a failed test. */
  async dispose(failed: boolean): Promise<void> {
    await this.stop();
    if (failed) process.stderr.write(`kept for a look: ${this.dataDir}\n${this.#output}\n`);
    else if (existsSync(this.dataDir)) rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  async ended(run: string | number): Promise<RunDetail> {
    let detail: RunDetail | undefined;
    await waitFor(`run ${run} has ended`, async () => {
      detail = await this.client.call('getRun', { params: { id: String(run) } });
      return ['succeeded', 'failed', 'stopped'].includes(detail.state);
    });
    if (detail === undefined) throw new Error('unreachable');
    return detail;
  }

  async log(run: string | number): Promise<string> {
    return (await this.client.call('runLog', { params: { id: String(run) } })).text();
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}

/** Polls until the condition holds; fails with its name when the deadline has passed. */
export async function waitFor(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited ${DEADLINE_MS / 1000} s in vain: ${what}`);
    await new Promise((next) => setTimeout(next, 20));
  }
}

/** This process's environment without anything of a Trainyard that runs around the tests. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TRAINYARD|MLFLOW)_/.test(name)));
}
