import { messageOf } from '@trainyard/core/errors.ts';
import type { Observation } from '@trainyard/core/training/decide.ts';
import type { Report } from '@trainyard/core/training/outcome.ts';
import type { ClusterChoice } from '@trainyard/core/training/spec.ts';
import type { Logger } from '../../platform/logger.ts';
import type { AttemptBook } from '../attempt-book.ts';
import type { Assignment, Capabilities, Engine } from '../engine.ts';
import { abandoned, type AttemptRecord, failed, noted, outcomeOf, stopping, want } from './attempts/attempt-record.ts';
import { Attempts } from './attempts/attempts.ts';
import { type Clock, systemClock } from './clock.ts';
import { Clusters } from './background/clusters.ts';
import { Deliveries, type Deliver } from './attempts/deliveries.ts';
import { fetchOutput } from './background/fetch-output.ts';
import { Follower } from './background/follower.ts';
import { handOver } from './background/handover.ts';
import { Lane } from './background/lane.ts';
import { submissionFor } from './submission.ts';
import type { Credentials } from './workspace/access-token.ts';
import type { Outbound } from './workspace/call.ts';
import { Workspace } from './workspace/workspace.ts';
import { WorkspaceRefusal, WorkspaceTrouble } from './workspace/workspace-error.ts';

export interface DatabricksConfig {
  /** Of the workspace: https, nothing behind the host. */
  readonly url: string;
  readonly credentials: Credentials;
  /** Where a notebook runs whose training does not say it. */
  readonly cluster: ClusterChoice;
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
/** A cancel that had no effect is said again. */
const CANCEL_AGAIN_MS = 30_000;
/** `kill` waits for the end so long, and no longer: the scheduler waits with it. */
const KILL_PATIENCE_MS = 5_000;
const KILL_LOOK_EVERY_MS = 250;

/**
 * Runs notebooks in a Databricks workspace, without a runner there. Every call of the interface works on what is kept here and
 * answers at once; lanes hand over, cancel and fetch in the background, and one follower looks at all runs together. What it
 * knows lies in the book, so that any server of the same database goes on with it.
 */
export class DatabricksEngine implements Engine {
  readonly name = 'databricks';
  readonly can: Capabilities = { commands: false, notebooks: true, gpu: true, containers: false, resourceLimits: false, survivesServer: true };
  readonly #parts: DatabricksParts & { readonly clock: Clock };
  readonly #ending = new AbortController();
  readonly #attempts: Attempts;
  readonly #workspace: Workspace;
  readonly #follower: Follower;
  readonly #deliveries: Deliveries;
  readonly #handovers: Lane;
  readonly #cancels: Lane;
  readonly #outputs: Lane;
  #started: Promise<readonly string[]> | undefined;
  #following: Promise<void> = Promise.resolve();

  constructor(parts: DatabricksParts) {
    const { config, outbound, clock = systemClock, chance, log, book, deliver } = parts;
    this.#parts = { ...parts, clock };
    const { signal } = this.#ending;
    this.#attempts = new Attempts(book, (record) => this.#changed(record));
    this.#workspace = new Workspace({ ...config, outbound, clock, chance, signal });
    this.#follower = new Follower({ attempts: this.#attempts, workspace: this.#workspace, lookEveryMs: config.lookEveryMs, clock, log, signal });
    this.#deliveries = new Deliveries({ deliver, clock, log, signal });
    const shared = { attempts: this.#attempts, workspace: this.#workspace, clock };
    const clusters = new Clusters(this.#workspace, clock);
    const lane = (work: (key: string) => Promise<number | undefined>, width = WIDTH): Lane => new Lane({ width, work, failed: (key, error) => this.#failed(key, error), clock, signal });
    this.#handovers = lane((key) => handOver(key, { ...shared, clusters }));
    this.#cancels = lane((key) => this.#cancel(key));
    this.#outputs = lane((key) => fetchOutput(key, shared), OUTPUT_WIDTH);
  }

  async submit(key: string, { order }: Assignment): Promise<void> {
    await this.#start();
    await this.#attempts.add(want(key, submissionFor(key, order, this.#parts.config.cluster), this.#parts.clock.now()));
  }

  async observe(key: string): Promise<Observation> {
    await this.#start();
    const record = await this.#attempts.find(key);
    if (record === undefined) return { kind: 'missing' };
    if (record.phase === 'ended') return { kind: 'exited', outcome: outcomeOf(record) };
    const { trouble } = this.#workspace;
    if (trouble !== undefined) return { kind: 'unreachable', message: trouble };
    return { kind: record.missing === true ? 'missing' : 'active' };
  }

  async *logs(key: string, fromByte: number): AsyncIterable<Uint8Array> {
    const log = await this.#attempts.log(key);
    if (log.length > fromByte) yield log.subarray(fromByte);
  }

  async reports(key: string): Promise<readonly Report[]> {
    return (await this.#attempts.find(key))?.reports ?? [];
  }

  /** Databricks has no grace period of its own: a notebook that is cancelled is ended at once. */
  async stop(key: string, _graceMs: number): Promise<void> {
    await this.#start();
    await this.#attempts.change(key, (record) => this.#stopped(stopping(record, this.#parts.clock.now())));
  }

  /** What Databricks has not ended after some seconds is seen as active, and killed again. */
  async kill(key: string): Promise<void> {
    await this.stop(key, 0);
    const { clock } = this.#parts;
    const deadline = clock.now() + KILL_PATIENCE_MS;
    while (this.#attempts.get(key) !== undefined && clock.now() < deadline && this.#workspace.trouble === undefined) {
      await this.#follower.look(key).catch((error: unknown) => this.#failed(key, error));
      await clock.sleep(KILL_LOOK_EVERY_MS, this.#ending.signal);
    }
  }

  async reap(key: string): Promise<void> {
    await this.#start();
    const isGone = ({ phase, missing }: AttemptRecord): boolean => phase === 'ended' || missing === true;
    const record = await this.#attempts.change(key, (latest) => (isGone(latest) ? latest : this.#stopped(abandoned(latest, this.#parts.clock.now()))));
    if (record !== undefined && isGone(record)) await this.#attempts.forget(key);
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
    if (record.abandoned === true && (phase === 'ended' || record.missing === true)) {
      void this.#attempts.forget(key).catch((error: unknown) => this.#failed(key, error));
      return;
    }
    switch (phase) {
      case 'wanted':
      case 'sending':
        this.#handovers.add(key);
        return;
      case 'submitted':
        if (record.stopAt !== undefined) this.#cancels.add(key);
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

  /** Again and again until the end is seen. */
  async #cancel(key: string): Promise<number | undefined> {
    const record = this.#attempts.get(key);
    if (record?.phase !== 'submitted' || record.runId === undefined) return undefined;
    try {
      await this.#workspace.cancel(record.runId);
    } catch (error) {
      // it may have ended a moment ago; the next look says so
      if (!(error instanceof WorkspaceRefusal)) throw error;
      this.#parts.log.warn({ key, error: error.message }, 'Databricks refuses to cancel a run');
    }
    return CANCEL_AGAIN_MS;
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
