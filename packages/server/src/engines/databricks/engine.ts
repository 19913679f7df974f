import { messageOf } from '@trainyard/core/errors.ts';
import type { Observation } from '@trainyard/core/training/decide.ts';
import type { Report } from '@trainyard/core/training/outcome.ts';
import { launchOf } from '@trainyard/core/training/launch.ts';
import type { ClusterChoice } from '@trainyard/core/training/spec.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Seal } from '../../platform/seal.ts';
import type { AttemptBook } from '../attempt-book.ts';
import type { Assignment, Capabilities, Engine } from '../engine.ts';
import { abandoned, type AttemptRecord, failed, noted, outcomeOf, stopping, want } from './attempts/attempt-record.ts';
import { Attempts } from './attempts/attempts.ts';
import { type Clock, systemClock } from './clock.ts';
import { Cancels } from './background/cancels.ts';
import { Clusters } from './background/clusters.ts';
import { Deliveries, type Deliver } from './attempts/deliveries.ts';
import { fetchOutput } from './background/fetch-output.ts';
import { Follower } from './background/follower.ts';
import { handOver } from './background/handover.ts';
import { Lane } from './background/lane.ts';
import type { RemoteFiles } from './remote-runner/remote-files.ts';
import { NotPlaceable, RunnerFiles } from './remote-runner/runner-files.ts';
import { VolumeFiles } from './remote-runner/volume-files.ts';
import { WorkspaceFiles } from './remote-runner/workspace-files.ts';
import { submissionFor } from './submission.ts';
import type { Credentials } from './workspace/access-token.ts';
import type { Outbound } from './workspace/call.ts';
import { Workspace } from './workspace/workspace.ts';
import { WorkspaceCalls } from './workspace/workspace-calls.ts';
import { WorkspaceRefusal, WorkspaceTrouble } from './workspace/workspace-error.ts';

export interface DatabricksConfig {
  /** Of the workspace: https, nothing behind the host. */
  readonly url: string;
  readonly credentials: Credentials;
  /** Where a training runs that does not say it. */
  readonly cluster: ClusterChoice;
  /** Directory for the files of runners, /Workspace/… or /Volumes/…; the home of the server's identity when absent. */
  readonly files?: string | undefined;
  /** Between two looks at all runs. */
  readonly lookEveryMs: number;
  readonly callTimeoutMs: number;
}

/** What the engine gets from the server around it. */
export interface DatabricksParts {
  readonly config: DatabricksConfig;
  readonly outbound: Outbound;
  readonly book: AttemptBook;
  readonly deliver: Deliver;
  /** The runner as one file that needs nothing but Node. Rejects when it cannot be had. */
  readonly runner: () => Promise<Uint8Array>;
  /** Orders have secrets and wait in the book. */
  readonly seal: Pick<Seal, 'close' | 'open'>;
  /** The system's when absent. */
  readonly clock?: Clock;
  /** 0…1 */
  readonly chance: () => number;
  readonly log: Logger;
}

/** Calls to the workspace that one kind of work may have under way. */
const WIDTH = 8;
/** Runs of one batch may end together, and each has an output to fetch. */
const OUTPUT_WIDTH = 12;
/** `kill` waits for the end so long, and no longer: the scheduler waits with it. */
const KILL_PATIENCE_MS = 5_000;
const KILL_LOOK_EVERY_MS = 250;
/** A runner asks the server this often whether to stop, and then keeps the grace period by itself. */
const STOP_HEARD_WITHIN_MS = 10_000;
/** A program whose runner has reported its end is over in a moment; a cancel would only spoil how its run is shown. */
const ENDS_BY_ITSELF_MS = 60_000;

/**
 * Runs notebooks in a Databricks workspace by their name, and programs by a runner that it brings there. Every call of the
 * interface works on what is kept here and answers at once; lanes hand over, cancel and fetch in the background, and one follower
 * looks at all runs together. What it knows lies in the book, so that any server of the same database goes on with it.
 */
export class DatabricksEngine implements Engine {
  readonly name = 'databricks';
  readonly can: Capabilities = { commands: true, notebooks: true, remoteRunners: true, gpu: true, containers: false, resourceLimits: false, survivesServer: true };
  readonly #parts: DatabricksParts & { readonly clock: Clock };
  readonly #ending = new AbortController();
  readonly #attempts: Attempts;
  readonly #calls: WorkspaceCalls;
  readonly #workspace: Workspace;
  readonly #runnerFiles: RunnerFiles;
  readonly #follower: Follower;
  readonly #deliveries: Deliveries;
  readonly #handovers: Lane;
  readonly #cancels: Cancels;
  readonly #outputs: Lane;
  readonly #releases: Lane;
  #started: Promise<readonly string[]> | undefined;
  #following: Promise<void> = Promise.resolve();

  constructor(parts: DatabricksParts) {
    const { config, outbound, clock = systemClock, chance, log, book, deliver } = parts;
    this.#parts = { ...parts, clock };
    const { signal } = this.#ending;
    this.#attempts = new Attempts(book, (record) => this.#changed(record));
    this.#calls = new WorkspaceCalls({ ...config, outbound, clock, chance, signal });
    this.#workspace = new Workspace(this.#calls, { clock, chance, signal });
    this.#runnerFiles = new RunnerFiles({ files: filesOf(config, this.#calls), runner: parts.runner, clock });
    this.#follower = new Follower({ attempts: this.#attempts, workspace: this.#workspace, lookEveryMs: config.lookEveryMs, clock, log, signal });
    this.#deliveries = new Deliveries({ deliver, clock, log, signal });
    const shared = { attempts: this.#attempts, workspace: this.#workspace, clock };
    const clusters = new Clusters(this.#workspace, clock);
    const lane = (work: (key: string) => Promise<number | undefined>, width = WIDTH): Lane => new Lane({ width, work, failed: (key, error) => this.#failed(key, error), clock, signal });
    const openOrder = (key: string, sealed: string): string => this.#openOrder(key, sealed);
    this.#handovers = lane((key) => handOver(key, { ...shared, clusters, runnerFiles: this.#runnerFiles, openOrder }));
    this.#cancels = new Cancels({ ...shared, width: WIDTH, failed: (key, error) => this.#failed(key, error), log, signal });
    this.#outputs = lane((key) => fetchOutput(key, shared), OUTPUT_WIDTH);
    this.#releases = lane((key) => this.#release(key));
  }

  async submit(key: string, { order }: Assignment): Promise<void> {
    await this.#start();
    const { config, seal, clock } = this.#parts;
    const isProgram = launchOf(order.spec) === 'command';
    if (isProgram) await this.#runnerFiles.check();
    const sealed = isProgram ? seal.close(JSON.stringify(order), sealContext(key)) : undefined;
    await this.#attempts.add(want(key, submissionFor(key, order, config.cluster), { now: clock.now(), order: sealed }));
  }

  async observe(key: string): Promise<Observation> {
    await this.#start();
    const record = await this.#attempts.find(key);
    if (record === undefined) return { kind: 'missing' };
    if (record.phase === 'ended') return { kind: 'exited', outcome: outcomeOf(record) };
    const { trouble } = this.#calls;
    if (trouble !== undefined) return { kind: 'unreachable', message: trouble };
    return { kind: record.missing === true ? 'missing' : 'active' };
  }

  /** Of a program only what its runner may not have sent: the server has the rest. */
  async *logs(key: string, fromByte: number): AsyncIterable<Uint8Array> {
    const log = await this.#attempts.log(key);
    const logFrom = (await this.#attempts.find(key))?.runner?.logFrom ?? 0;
    const from = fromByte - logFrom;
    if (from < 0 && log.length > 0) yield Buffer.from(`… (${-from} bytes are missing here: Databricks keeps the last 5 MB of an output)\n`);
    if (log.length > from) yield log.subarray(Math.max(0, from));
  }

  async reports(key: string): Promise<readonly Report[]> {
    const record = await this.#attempts.find(key);
    return (record?.runner === undefined ? record?.reports : record.runner.reports) ?? [];
  }

  /** Databricks has no grace period: what is cancelled is ended at once. A runner hears of the stop from the server, and is cancelled when that was in vain. */
  async stop(key: string, graceMs: number): Promise<void> {
    await this.#start();
    await this.#cancelIn(key, (record) => (isAtWork(record) ? graceMs + STOP_HEARD_WITHIN_MS : 0));
  }

  /** What Databricks has not ended after some seconds is seen as active, and killed again. */
  async kill(key: string): Promise<void> {
    await this.#start();
    await this.#cancelIn(key, () => 0);
    const { clock } = this.#parts;
    const deadline = clock.now() + KILL_PATIENCE_MS;
    while (this.#attempts.get(key) !== undefined && clock.now() < deadline && this.#calls.trouble === undefined) {
      await this.#follower.look(key).catch((error: unknown) => this.#failed(key, error));
      await clock.sleep(KILL_LOOK_EVERY_MS, this.#ending.signal);
    }
  }

  async reap(key: string): Promise<void> {
    await this.#start();
    const now = this.#parts.clock.now();
    const record = await this.#attempts.change(key, (latest) => {
      if (isGone(latest)) return latest;
      return this.#stopped(abandoned(latest, { now, cancelAt: isAtWork(latest) ? now + ENDS_BY_ITSELF_MS : now }));
    });
    this.#deliveries.drop(key);
    if (record === undefined || !isGone(record)) return;
    await this.#release(key).catch((error: unknown) => {
      if (!(error instanceof WorkspaceTrouble)) throw error;
      this.#releases.add(key);
    });
  }

  async keys(): Promise<readonly string[]> {
    await this.#start();
    return this.#attempts.load();
  }

  async close(): Promise<void> {
    this.#ending.abort(new Error('the engine is closed'));
    await this.#following;
    await this.#deliveries.idle();
  }

  /** Goes on with what the book has; the first call of any kind does it. */
  async #start(): Promise<void> {
    this.#started ??= this.#adopt().catch((error: unknown) => {
      this.#started = undefined;
      throw error;
    });
    await this.#started;
  }

  async #adopt(): Promise<readonly string[]> {
    const keys = await this.#attempts.load();
    this.#following = this.#follower.run();
    return keys;
  }

  #changed(record: AttemptRecord): void {
    this.#route(record);
    // nobody waits for news of what was given up
    if (record.abandoned === true) this.#deliveries.drop(record.key);
    else this.#deliveries.add(record);
  }

  /** Who has to do something about it next. */
  #route(record: AttemptRecord): void {
    const { key, phase } = record;
    if (record.abandoned === true && isGone(record)) {
      this.#releases.add(key);
      return;
    }
    switch (phase) {
      case 'wanted':
      case 'sending':
        this.#handovers.add(key);
        return;
      case 'submitted':
        this.#cancels.add(record);
        this.#follower.wake();
        return;
      case 'ending':
        this.#outputs.add(key);
        return;
      case 'ended':
        return;
      default:
        phase satisfies never;
    }
  }

  /** What Databricks never heard of ends here and now. */
  #stopped(record: AttemptRecord): AttemptRecord {
    return record.phase === 'wanted' ? failed(record, { reason: 'cancelled', message: 'stopped before it was handed to Databricks', now: this.#parts.clock.now() }) : record;
  }

  async #cancelIn(key: string, delayMs: (record: AttemptRecord) => number): Promise<void> {
    const now = this.#parts.clock.now();
    await this.#attempts.change(key, (record) => this.#stopped(stopping(record, { now, cancelAt: now + delayMs(record) })));
  }

  /** Nothing of the attempt is left, here or there. Throws WorkspaceTrouble. */
  async #release(key: string): Promise<undefined> {
    const record = await this.#attempts.find(key);
    if (record?.runner !== undefined) await this.#removeFiles(key);
    await this.#attempts.forget(key);
  }

  async #removeFiles(key: string): Promise<void> {
    try {
      await this.#runnerFiles.remove(key);
    } catch (error) {
      if (!(error instanceof WorkspaceRefusal)) throw error;
      // it would be refused for ever; somebody with the rights for it has to look
      this.#parts.log.warn({ key, error: error.message }, 'Databricks refuses to remove the files of an attempt');
    }
  }

  #openOrder(key: string, sealed: string): string {
    try {
      return this.#parts.seal.open(sealed, sealContext(key));
    } catch (error) {
      throw new NotPlaceable(`the order of the attempt cannot be opened: ${messageOf(error)}`, { cause: error });
    }
  }

  #failed(key: string, error: unknown): void {
    if (this.#ending.signal.aborted) return;
    const { log, clock } = this.#parts;
    if (!(error instanceof WorkspaceTrouble)) log.error({ key, error }, 'an attempt at Databricks could not be seen to; it is tried again');
    const waits = this.#attempts.get(key)?.phase === 'wanted' || this.#attempts.get(key)?.phase === 'sending';
    if (!waits) return;
    const told = this.#attempts.change(key, (record) => noted(record, `waits for Databricks: ${messageOf(error)}`, clock.now()));
    void told.catch((cause: unknown) => log.warn({ key, error: cause }, 'a note about an attempt could not be kept'));
  }
}

function filesOf({ files }: DatabricksConfig, calls: WorkspaceCalls): RemoteFiles {
  return files?.startsWith('/Volumes/') === true ? new VolumeFiles(calls, files) : new WorkspaceFiles(calls, files);
}

function isGone({ phase, missing }: AttemptRecord): boolean {
  return phase === 'ended' || missing === true;
}

/** A runner is there that can hear of a stop. */
function isAtWork({ runner, step }: AttemptRecord): boolean {
  return runner !== undefined && step === 'train';
}

const sealContext = (key: string): string => `order of attempt ${key} at databricks`;
