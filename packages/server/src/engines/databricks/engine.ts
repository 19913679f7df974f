import { messageOf } from '@trainyard/core/errors.ts';
import type { Observation } from '@trainyard/core/training/decide.ts';
import type { Report } from '@trainyard/core/training/outcome.ts';
import { launchOf } from '@trainyard/core/training/launch.ts';
import type { ClusterChoice } from '@trainyard/core/training/spec.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Seal } from '../../platform/seal.ts';
import type { AttemptBook } from '../attempt-book.ts';
import type { Assignment, Capabilities, Engine } from '../engine.ts';
import { abandoned, type AttemptRecord, isAtWork, isGone, noted, outcomeOf, stoppedBefore, stopping, want } from './attempts/attempt-record.ts';
import { Attempts } from './attempts/attempts.ts';
import { type Clock, systemClock } from './clock.ts';
import { Cancels } from './background/cancels.ts';
import { Clusters } from './background/clusters.ts';
import { Deliveries, type Deliver } from './attempts/deliveries.ts';
import { fetchOutput } from './background/fetch-output.ts';
import { Follower } from './background/follower.ts';
import { handOver } from './background/handover.ts';
import { Lane } from './background/lane.ts';
import { Placements } from './background/placements.ts';
import { pauseAfter } from './background/send.ts';
import type { RemoteFiles } from './remote-runner/remote-files.ts';
import { RunnerFiles } from './remote-runner/runner-files.ts';
import { VolumeFiles } from './remote-runner/volume-files.ts';
import { WorkspaceFiles } from './remote-runner/workspace-files.ts';
import { submissionFor } from './submission.ts';
import type { Credentials } from './workspace/access-token.ts';
import type { Outbound } from './workspace/call.ts';
import { Workspace } from './workspace/workspace.ts';
import { WorkspaceCalls } from './workspace/workspace-calls.ts';
import { WorkspaceTrouble } from './workspace/workspace-error.ts';

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
  readonly #origin: string;
  readonly #ending = new AbortController();
  readonly #attempts: Attempts;
  readonly #calls: WorkspaceCalls;
  readonly #workspace: Workspace;
  readonly #placements: Placements;
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
    this.#origin = new URL(config.url).origin;
    const { signal } = this.#ending;
    this.#attempts = new Attempts({ book, isOurs: (record) => this.#isOurs(record), changed: (record) => this.#changed(record) });
    this.#calls = new WorkspaceCalls({ ...config, outbound, clock, chance, signal });
    this.#workspace = new Workspace(this.#calls, { clock, chance, signal });
    this.#placements = new Placements({ runnerFiles: new RunnerFiles({ files: filesOf(config, this.#calls), runner: parts.runner, clock }), seal: parts.seal, log });
    this.#follower = new Follower({ attempts: this.#attempts, workspace: this.#workspace, lookEveryMs: config.lookEveryMs, clock, log, signal });
    this.#deliveries = new Deliveries({ deliver, clock, log, signal });
    const shared = { attempts: this.#attempts, workspace: this.#workspace, clock };
    const clusters = new Clusters(this.#workspace, clock);
    const lane = { width: WIDTH, failed: (key: string, error: unknown): void => this.#failed(key, error), clock, signal };
    const leftovers = new Lane({ ...lane, work: (key) => this.#placements.remove(key) });
    const handover = { ...shared, clusters, placements: this.#placements, isInTrouble: () => this.#calls.trouble !== undefined, leftBehind: (key: string): void => leftovers.add(key) };
    this.#handovers = new Lane({ ...lane, pauseAfter, work: (key) => handOver(key, handover) });
    this.#cancels = new Cancels({ ...lane, ...shared, log });
    this.#outputs = new Lane({ ...lane, width: OUTPUT_WIDTH, work: (key) => fetchOutput(key, shared) });
    this.#releases = new Lane({ ...lane, work: (key) => this.#release(key) });
  }

  async submit(key: string, { order }: Assignment): Promise<void> {
    await this.#start();
    const { config, clock } = this.#parts;
    const sealed = launchOf(order.spec) === 'command' ? await this.#placements.prepare(key, JSON.stringify(order)) : undefined;
    await this.#attempts.add(want(key, submissionFor(key, order, config.cluster), { now: clock.now(), origin: this.#origin, order: sealed }));
  }

  async observe(key: string): Promise<Observation> {
    await this.#start();
    const record = await this.#attempts.find(key);
    if (record === undefined) return { kind: 'missing' };
    if (record.phase === 'ended') return { kind: 'exited', outcome: outcomeOf(record) };
    if (!this.#isOurs(record)) return { kind: 'unreachable', message: await this.#tellOrigin(record) };
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
    if (record?.phase === 'sending') this.#handovers.hurry(key);
    if (record === undefined || !isGone(record)) return;
    // nobody waits for files that are on their way
    if (this.#placements.isUnderWay(key)) this.#releases.add(key);
    else await this.#release(key).catch((error: unknown) => {
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
    return record.phase === 'wanted' ? stoppedBefore(record, this.#parts.clock.now()) : record;
  }

  async #cancelIn(key: string, delayMs: (record: AttemptRecord) => number): Promise<void> {
    const now = this.#parts.clock.now();
    const stopped = await this.#attempts.change(key, (record) => this.#stopped(stopping(record, { now, cancelAt: now + delayMs(record) })));
    if (stopped?.phase === 'sending') this.#handovers.hurry(key);
  }

  /** Nothing of the attempt is left, here or there. Throws WorkspaceTrouble. */
  async #release(key: string): Promise<undefined> {
    const record = await this.#attempts.find(key);
    if (record?.runner !== undefined) {
      if (!this.#isOurs(record)) {
        // kept in the book, so that they are removed once they can be
        this.#parts.log.warn({ key, workspace: record.origin }, 'the files of an attempt lie in a workspace that the server does not have any more');
        return;
      }
      await this.#placements.remove(key);
    }
    await this.#attempts.forget(key);
  }

  /** Another workspace has other runs under the same ids. */
  #isOurs({ origin = this.#origin }: AttemptRecord): boolean {
    return origin === this.#origin;
  }

  async #tellOrigin({ key, origin }: AttemptRecord): Promise<string> {
    const message = `the attempt belongs to the workspace ${origin ?? ''}, and the server now has ${this.#origin}; name the former again to have its end`;
    const told = await this.#attempts.change(key, (latest) => (isGone(latest) ? latest : noted(latest, message, this.#parts.clock.now())));
    if (told !== undefined) this.#deliveries.add(told);
    return message;
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
