import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Observation } from '@trainyard/core/training/decide.ts';
import type { Report } from '@trainyard/core/training/outcome.ts';
import { attemptPaths, type Claim, isClaimAlive, logSizeBytes, readClaim, readOutcome, readReports, writeOrder } from '@trainyard/runner/attempt-dir.ts';
import { killTree, processStart, signalMarked, signalProcess } from '@trainyard/runner/process/process-tree.ts';
import { writePrivate } from '../../platform/write-private.ts';
import type { Assignment, Capabilities, Engine } from '../engine.ts';
import { AttemptCgroup } from './cgroup.ts';
import { RunnerProcesses } from './runner-processes.ts';

export interface LocalEngineConfig {
  /** One directory per attempt. */
  readonly attemptsDir: string;
  /** Shared by all attempts: environments, sources, tools. */
  readonly cacheDir: string;
  /** The runner's file: its main.ts, or the bundle. */
  readonly runnerFile: string;
  /** What a runner may see of the server's environment; already cut to an allowlist. */
  readonly env: Readonly<Record<string, string>>;
}

const KEY = /^[0-9a-f]{32}-[1-9]\d{0,8}$/;
/** A runner that has reported its end exits by itself; one that has not by then is in the way. */
const EXIT_PATIENCE_MS = 15_000;

/**
 * Runs attempts as processes of this machine. Everything it knows lies in the attempt's directory, so a server that was
 * killed adopts its attempts by looking again.
 */
export class LocalEngine implements Engine {
  readonly name = 'local';
  readonly can: Capabilities = { commands: true, notebooks: false, remoteRunners: false, gpu: true, containers: false, resourceLimits: false, survivesServer: true };
  readonly #config: LocalEngineConfig;
  readonly #runners: RunnerProcesses;

  constructor(config: LocalEngineConfig) {
    this.#config = config;
    this.#runners = new RunnerProcesses(config);
  }

  async submit(key: string, { order }: Assignment): Promise<void> {
    const dir = this.#dir(key);
    // a runner that took the attempt already has it; the claim in the directory refuses every other one
    if ((await readClaim(dir)) !== undefined) return;
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await writeOrder(dir, order);
    await this.#start(key, dir);
  }

  async observe(key: string): Promise<Observation> {
    const dir = this.#dir(key);
    // the outcome before the claim: a runner writes it before it ends
    const claim = await this.#runnerOf(key);
    const alive = claim !== undefined && isClaimAlive(claim);
    const outcome = await readOutcome(dir);
    // a living runner delivers its log and its outcome itself
    if (alive) return { kind: 'active' };
    if (outcome !== undefined) return { kind: 'exited', outcome };
    if (claim === undefined) return { kind: 'missing' };
    const started = (await readClaim(dir)) !== undefined;
    return started ? { kind: 'exited' } : { kind: 'exited', reason: 'could_not_start', message: `the runner ended before it took the attempt: ${await lastWords(dir)}` };
  }

  async *logs(key: string, fromByte: number): AsyncIterable<Uint8Array> {
    const dir = this.#dir(key);
    const size = await logSizeBytes(dir);
    if (size > fromByte) yield* createReadStream(attemptPaths(dir).log, { start: fromByte, end: size - 1 }) as AsyncIterable<Buffer>;
  }

  reports(key: string): Promise<readonly Report[]> {
    return readReports(this.#dir(key));
  }

  async stop(key: string, _graceMs: number): Promise<void> {
    const claim = await this.#runnerOf(key);
    // the runner stops its program and keeps the grace period; it may end between the look and the signal
    if (claim !== undefined && isClaimAlive(claim) && signalProcess(claim.pid, 'SIGTERM')) return;
    signalMarked(key, 'SIGTERM', []);
  }

  async kill(key: string): Promise<void> {
    const runner = await this.#runnerOf(key);
    new AttemptCgroup(key).kill();
    // the runner leads a group of its own; a spare one was started before it could have the mark
    const group = runner !== undefined && isClaimAlive(runner) ? runner.pid : undefined;
    const left = await killTree({ mark: key, group, exceptPids: [process.pid] }, 0);
    if (left.length > 0) throw new Error(`processes ${left.join(', ')} of attempt ${key} cannot be killed`);
  }

  async reap(key: string): Promise<void> {
    const dir = this.#dir(key);
    const claim = await readClaim(dir);
    const deadline = performance.now() + EXIT_PATIENCE_MS;
    while (claim !== undefined && isClaimAlive(claim) && performance.now() < deadline) await new Promise((next) => setTimeout(next, 50));
    await this.kill(key);
    await new AttemptCgroup(key).remove();
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  }

  async keys(): Promise<readonly string[]> {
    await mkdir(this.#config.attemptsDir, { recursive: true, mode: 0o700 });
    return (await readdir(this.#config.attemptsDir)).filter((name) => KEY.test(name));
  }

  close(): Promise<void> {
    this.#runners.close();
    return Promise.resolve();
  }

  /** The process that has the attempt, or was started for it. */
  async #runnerOf(key: string): Promise<Claim | undefined> {
    const dir = this.#dir(key);
    return (await readClaim(dir)) ?? (await readSpawned(dir));
  }

  async #start(key: string, dir: string): Promise<void> {
    const pid = await this.#runners.start(key, dir);
    new AttemptCgroup(key).adopt(pid);
    writePrivate(join(dir, 'spawned'), JSON.stringify({ pid, processStart: processStart(pid) } satisfies Claim));
  }

  #dir(key: string): string {
    if (!KEY.test(key)) throw new Error(`'${key}' is not the key of an attempt`);
    return join(this.#config.attemptsDir, key);
  }
}

async function readSpawned(dir: string): Promise<Claim | undefined> {
  const text = await readOptional(join(dir, 'spawned'));
  return text === undefined ? undefined : (JSON.parse(text) as Claim);
}

async function lastWords(dir: string): Promise<string> {
  const text = ((await readOptional(join(dir, 'runner.log'))) ?? '').trim();
  return text === '' ? 'it said nothing' : text.slice(-2_000);
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
