import { messageOf } from '@trainyard/core/errors.ts';
import type { Logger } from '../../../platform/logger.ts';
import { type AttemptRecord, ending, missing, seen } from '../attempts/attempt-record.ts';
import type { Attempts } from '../attempts/attempts.ts';
import type { Clock } from '../clock.ts';
import type { RunView } from '../workspace/run-view.ts';
import { phaseOf, verdictOf } from '../verdict.ts';
import { PAGE, type RunQuery, type Workspace } from '../workspace/workspace.ts';
import { WorkspaceRefusal, WorkspaceTrouble } from '../workspace/workspace-error.ts';

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
    const { signal, clock, lookEveryMs, log } = this.#parts;
    while (!signal.aborted) {
      const began = clock.now();
      const followed = this.#followed();
      if (followed.length === 0) await new Promise<void>((resolve) => this.#sleepUntilWoken(resolve));
      else {
        await this.#lookAtAll(followed).catch((error: unknown) => signal.aborted || log.warn({ error: messageOf(error) }, 'the runs of the workspace could not be looked at; the next look comes soon'));
        await clock.sleep(Math.max(0, began + lookEveryMs - clock.now()), signal);
      }
    }
  }

  /** There is a run to follow. */
  wake(): void {
    this.#wake();
  }

  /** Looks at one run now. Throws WorkspaceTrouble. */
  async look(key: string): Promise<void> {
    const record = this.#parts.attempts.get(key);
    if (record?.phase === 'submitted') await this.#lookAt(record);
  }

  #sleepUntilWoken(resolve: () => void): void {
    this.#wake = resolve;
    this.#parts.signal.addEventListener('abort', resolve, { once: true });
    // woken while nobody slept
    if (this.#parts.signal.aborted || this.#followed().length > 0) resolve();
  }

  #followed(): AttemptRecord[] {
    return this.#parts.attempts.active().filter(({ phase }) => phase === 'submitted');
  }

  async #lookAtAll(followed: readonly AttemptRecord[]): Promise<void> {
    const rest = followed.length <= ONE_BY_ONE ? followed : await this.#byLists(followed);
    await all(rest.map((record) => this.#lookAt(record)));
  }

  /** Answers the runs no list showed. */
  async #byLists(followed: readonly AttemptRecord[]): Promise<readonly AttemptRecord[]> {
    const search = new Search(followed, (record, run) => this.#take(record, run));
    await all(windowsOf(followed).map((window) => this.#read(search, { kind: 'active', ...window })));
    const from = earliest(search.left);
    if (search.left.length > ONE_BY_ONE) await all(windowsOf(search.left).map((window) => this.#read(search, { kind: 'completed', from, ...window })));
    return search.left;
  }

  async #read(search: Search, query: RunQuery): Promise<void> {
    let page: string | undefined;
    for (let pages = Math.ceil(search.left.length / PAGE) + SPARE_PAGES; pages > 0 && search.left.length > 0; pages--) {
      const { runs, next } = await this.#parts.workspace.runs({ ...query, page });
      await search.found(runs);
      // a page that leads to itself would never end
      if (next === undefined || next === page) return;
      page = next;
    }
  }

  async #lookAt(record: AttemptRecord): Promise<void> {
    const { attempts, workspace } = this.#parts;
    try {
      await this.#take(record, await workspace.run(record.runId ?? ''));
    } catch (error) {
      if (!(error instanceof WorkspaceRefusal)) throw error;
      if (error.isAbsence) await attempts.change(record.key, missing);
      // no rights just now, or a word nobody knows: says nothing about the run
      else throw new WorkspaceTrouble(error.message, { answered: true, cause: error });
    }
  }

  async #take({ key }: AttemptRecord, run: RunView): Promise<void> {
    const now = this.#parts.clock.now();
    const phase = phaseOf(run);
    await this.#parts.attempts.change(key, (record) => {
      if (record.phase !== 'submitted') return record;
      if (phase !== 'ended') return seen(record, run, { running: phase === 'running', now });
      const verdict = verdictOf(run, { ran: record.step === 'train', timeoutMs: record.submission.timeoutMs });
      return ending(record, run, { verdict, now });
    });
  }
}

/** Waits for all of them, also when one fails: no look may still be under way when the next one begins. */
async function all(looks: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(looks)).find((look) => look.status === 'rejected');
  if (failed !== undefined) throw failed.reason as Error;
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
