import { messageOf } from '@trainyard/core/errors.ts';
import type { Logger } from '../../../platform/logger.ts';
import { type AttemptRecord, ending, missing, noted, seen } from '../attempts/attempt-record.ts';
import type { Attempts } from '../attempts/attempts.ts';
import type { Clock } from '../clock.ts';
import type { RunView } from '../workspace/run-view.ts';
import { phaseOf, verdictOf } from '../verdict.ts';
import { PAGE, type RunPage, type RunQuery, type Workspace } from '../workspace/workspace.ts';
import { notAccepted, WorkspaceRefusal, WorkspaceTrouble } from '../workspace/workspace-error.ts';

export interface FollowerParts {
  readonly attempts: Attempts;
  readonly workspace: Pick<Workspace, 'run' | 'runs'>;
  readonly lookEveryMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** So few are asked for one by one: a list may be full of other people's runs. */
const ONE_BY_ONE = 12;
/** Looks under way at once when runs are asked for one by one. */
const AT_ONCE = 24;
/** Lists that are read at the same time, each of a part of the runs by their start: a page costs a round trip. */
const WINDOWS = 4;
/** Pages beyond those our own runs fill, before a list is given up and the rest is asked for one by one. */
const SPARE_PAGES = 20;
/** Databricks' clock and ours. */
const CLOCK_SKEW_MS = 600_000;

/**
 * The one poller: looks at all runs that Databricks has, however many clients ask for them. Lists show which go on, 24 at a time;
 * what has left them is looked for among those that ended. Only a run's own words end it: never that a list lacks it.
 */
export class Follower {
  readonly #parts: FollowerParts;
  #wake: () => void = () => undefined;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
  }

  async run(): Promise<void> {
    const { signal, clock, lookEveryMs } = this.#parts;
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    while (!signal.aborted) {
      const began = clock.now();
      const followed = this.#followed();
      if (followed.length === 0) await new Promise<void>((resolve) => this.#sleepUntilWoken(resolve));
      else {
        await this.#lookAtAll(followed).catch((error: unknown) => this.#failed(followed, error));
        await clock.sleep(Math.max(0, began + lookEveryMs - clock.now()), signal);
      }
    }
  }

  /** There is a run to follow. */
  wake(): void {
    this.#wake();
  }

  /** Looks at one run now. Throws WorkspaceTrouble, and WorkspaceRefusal when the server's credentials are not accepted. */
  async look(key: string): Promise<void> {
    const record = this.#parts.attempts.get(key);
    if (record?.phase === 'submitted') await this.#lookAt(record);
  }

  #sleepUntilWoken(resolve: () => void): void {
    this.#wake = resolve;
    // woken while nobody slept
    if (this.#parts.signal.aborted || this.#followed().length > 0) resolve();
  }

  #followed(): AttemptRecord[] {
    return this.#parts.attempts.active().filter(({ phase }) => phase === 'submitted');
  }

  /** Somebody has to mend the credentials: that is told on every run that waits for it. */
  async #failed(followed: readonly AttemptRecord[], error: unknown): Promise<void> {
    const { signal, log, attempts, clock } = this.#parts;
    if (signal.aborted) return;
    log.warn({ error: messageOf(error) }, 'the runs of the workspace could not be looked at; the next look comes soon');
    if (!(error instanceof WorkspaceRefusal && error.isAboutToken)) return;
    const told = await Promise.allSettled(followed.map(({ key }) => attempts.change(key, (record) => (record.phase === 'submitted' ? noted(record, notAccepted(error), clock.now()) : record))));
    for (const note of told) if (note.status === 'rejected') log.warn({ error: messageOf(note.reason) }, 'a note about an attempt could not be kept');
  }

  async #lookAtAll(followed: readonly AttemptRecord[]): Promise<void> {
    await this.#oneByOne(followed.length <= ONE_BY_ONE ? followed : await this.#byLists(followed));
  }

  /** Goes on when some of them fail, which may be theirs; when all do, it is the workspace. No look is still under way at the end. */
  async #oneByOne(records: readonly AttemptRecord[]): Promise<void> {
    const failures: unknown[] = [];
    for (let at = 0; at < records.length; at += AT_ONCE) {
      const looks = await Promise.allSettled(records.slice(at, at + AT_ONCE).map((record) => this.#lookAt(record)));
      const failed = looks.flatMap((look) => (look.status === 'rejected' ? [look.reason as unknown] : []));
      failures.push(...failed);
      if (failed.length === looks.length) break;
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Answers the runs no list showed. */
  async #byLists(followed: readonly AttemptRecord[]): Promise<readonly AttemptRecord[]> {
    const search = new Search(followed, (record, run) => this.#take(record, run));
    const areRead = await this.#readAll(search, windowsOf(followed).map((window) => ({ kind: 'active', ...window })));
    const from = earliest(search.left);
    if (areRead && search.left.length > ONE_BY_ONE) await this.#readAll(search, windowsOf(search.left).map((window) => ({ kind: 'completed', from, ...window })));
    return search.left;
  }

  /** Whether all could be read. What a list would have shown that is refused, too large or broken is asked for one by one. */
  async #readAll(search: Search, queries: readonly RunQuery[]): Promise<boolean> {
    const read = await Promise.allSettled(queries.map((query) => this.#read(search, query)));
    const failures = read.flatMap((list) => (list.status === 'rejected' ? [list.reason as unknown] : []));
    for (const error of failures) {
      const isOfList = error instanceof WorkspaceTrouble || (error instanceof WorkspaceRefusal && !error.isAboutToken);
      if (!isOfList) throw error;
      this.#parts.log.warn({ error: error.message }, 'a list of runs could not be had; they are asked for one by one');
    }
    return failures.length === 0;
  }

  async #read(search: Search, query: RunQuery): Promise<void> {
    let page: string | undefined;
    for (let pages = Math.ceil(search.left.length / PAGE) + SPARE_PAGES; pages > 0 && search.left.length > 0; pages--) {
      const { runs, next } = await this.#page({ ...query, page });
      await search.found(runs);
      // a page that leads to itself would never end
      if (next === undefined || next === page) return;
      page = next;
    }
  }

  /** Once more when it fails: 24 runs hang on it. */
  async #page(query: RunQuery): Promise<RunPage> {
    const { workspace, signal } = this.#parts;
    try {
      return await workspace.runs(query);
    } catch (error) {
      if (!(error instanceof WorkspaceTrouble) || signal.aborted) throw error;
      return workspace.runs(query);
    }
  }

  async #lookAt(record: AttemptRecord): Promise<void> {
    const { attempts, workspace, clock } = this.#parts;
    try {
      await this.#take(record, await workspace.run(record.runId ?? ''));
    } catch (error) {
      if (!(error instanceof WorkspaceRefusal) || error.isAboutToken) throw error;
      const { isAbsence, message } = error;
      await attempts.change(record.key, (latest) => {
        if (latest.phase !== 'submitted') return latest;
        // no rights just now, or a word nobody knows, says nothing about the run
        return isAbsence ? missing(latest) : noted(latest, `Databricks does not show the run: ${message}`, clock.now());
      });
    }
  }

  async #take({ key }: AttemptRecord, run: RunView): Promise<void> {
    const now = this.#parts.clock.now();
    const phase = phaseOf(run);
    await this.#parts.attempts.change(key, (record) => {
      if (record.phase !== 'submitted') return record;
      if (phase === 'ended') return ending(record, run, { verdict: verdictOf(run, { ran: record.step === 'train', timeoutMs: record.submission.timeoutMs }), now });
      const known = seen(record, run, { running: phase === 'running', now });
      return phase === 'waiting' && run.message !== undefined ? noted(known, `waits at Databricks: ${run.message}`, now) : known;
    });
  }
}

/** Runs of ours that were not met yet. */
class Search {
  readonly #left: Map<string, AttemptRecord>;
  readonly #take: (record: AttemptRecord, run: RunView) => Promise<void>;

  constructor(records: readonly AttemptRecord[], take: (record: AttemptRecord, run: RunView) => Promise<void>) {
    this.#left = new Map(records.flatMap((record) => (record.runId === undefined ? [] : [[record.runId, record]])));
    this.#take = take;
  }

  get left(): readonly AttemptRecord[] {
    return [...this.#left.values()];
  }

  async found(runs: readonly RunView[]): Promise<void> {
    const ours = runs.flatMap((run) => {
      const record = this.#left.get(run.runId);
      this.#left.delete(run.runId);
      return record === undefined ? [] : [{ record, run }];
    });
    await Promise.all(ours.map(({ record, run }) => this.#take(record, run)));
  }
}

interface Window {
  readonly from?: number;
  readonly to?: number;
}

/** The whole of time, cut so that each part has about as many of our runs. */
function windowsOf(followed: readonly AttemptRecord[]): Window[] {
  if (followed.length <= PAGE * WINDOWS) return [{}];
  const starts = followed.flatMap(({ startedAt }) => (startedAt === undefined ? [] : [startedAt])).toSorted((a, b) => a - b);
  const cuts = Array.from({ length: WINDOWS - 1 }, (_, index) => starts[Math.floor((starts.length * (index + 1)) / WINDOWS)]);
  const edges = [...new Set(cuts.filter((cut) => cut !== undefined))];
  return [...edges, undefined].map((edge, index) => {
    const from = edges[index - 1];
    return { ...(from === undefined ? {} : { from }), ...(edge === undefined ? {} : { to: edge - 1 }) };
  });
}

function earliest(records: readonly AttemptRecord[]): number {
  return Math.min(...records.map(({ startedAt, wantedAt }) => startedAt ?? wantedAt - CLOCK_SKEW_MS));
}
