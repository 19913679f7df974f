import { type Actor, includes, narrowed } from '@trainyard/core/access/reach.ts';
import { isTrainyardError, TrainyardError } from '@trainyard/core/errors.ts';
import type { Report } from '@trainyard/core/training/outcome.ts';
import { hasEnded, type RunState } from '@trainyard/core/training/states.ts';
import type { LogName, LogStore } from '../logs/log-store.ts';
import type { Hub } from '../platform/hub.ts';
import type { AttemptRecord, EventRecord, ReportCall, RunFilter, RunProgress, RunRecord, RunStore } from '../stores/runs.ts';

export interface RunsParts {
  readonly runs: RunStore;
  readonly logs: LogStore;
  readonly hub: Hub;
  readonly now: () => number;
  readonly wake: (runId: string) => void;
  /** Told of a run that was stopped before it was its turn. */
  readonly ended: (run: RunRecord) => void;
}

/** What an engine still has of an attempt. */
export interface LeftBehind {
  readonly logs: (fromByte: number) => AsyncIterable<Uint8Array>;
  readonly reports: () => Promise<readonly Report[]>;
}

/** A piece of a followed log; `from` is the byte it begins at. */
export interface LogPiece {
  readonly attempt: number;
  readonly from: number;
  readonly bytes: Buffer;
}

/** Longest wait before a follower looks by itself: notices are hints, and another server may have written. */
const LOOK_EVERY_MS = 1_000;
const EVENT_PAGE = 500;
const REPORTS_AT_ONCE = 500;

type Within = Pick<Actor, 'reach'>;

/** Runs as their users and runners see and change them. A run of a project that the caller does not see is RUN_NOT_FOUND. */
export class Runs {
  readonly #parts: RunsParts;

  constructor(parts: RunsParts) {
    this.#parts = parts;
  }

  /** Throws RUN_NOT_FOUND, RUN_AMBIGUOUS. */
  async get(idOrNumber: string, { reach }: Within): Promise<RunRecord> {
    const run = await this.#parts.runs.find(idOrNumber, reach.sees);
    if (run === undefined || !includes(reach.sees, run.project)) throw new TrainyardError('RUN_NOT_FOUND', { id: idOrNumber });
    return run;
  }

  /** Of a run that was got before. */
  async stateOf(runId: string): Promise<RunState> {
    return (await this.#progressOf(runId)).state;
  }

  /** Runs that have not ended, by state. */
  countActive({ reach }: Within): Promise<Partial<Record<RunState, number>>> {
    return this.#parts.runs.countActive(reach.sees);
  }

  list({ project, ...filter }: Omit<RunFilter, 'projects'> & { readonly project?: string | undefined }, { reach }: Within): Promise<RunRecord[]> {
    return this.#parts.runs.list({ ...filter, projects: narrowed(reach.sees, project) });
  }

  attemptsOf(runId: string): Promise<AttemptRecord[]> {
    return this.#parts.runs.attemptsOf(runId);
  }

  /** FORBIDDEN for a run that may only be seen. */
  async stop(idOrNumber: string, within: Within): Promise<RunRecord> {
    const run = await this.get(idOrNumber, within);
    if (!includes(within.reach.writes, run.project)) throw new TrainyardError('FORBIDDEN', { action: `change trainings and runs of the project '${run.project}'` });
    const stopped = await this.#parts.runs.requestStop(run.id, this.#parts.now());
    this.#parts.wake(run.id);
    if (hasEnded(stopped.state)) this.#parts.ended(stopped);
    return stopped;
  }

  async report(call: ReportCall): Promise<{ lastSeq: number; stop: boolean }> {
    const answer = await this.#parts.runs.report(call);
    if (call.reports.length > 0) this.#parts.hub.notify(`run:${call.runId}`);
    if (call.reports.some((report) => report.kind === 'outcome')) this.#parts.wake(call.runId);
    return answer;
  }

  /** Says something of an attempt on the page of its run. */
  async note(name: LogName, message: string): Promise<void> {
    await this.report({ ...name, besideRunner: true, reports: [{ kind: 'note', seq: 0, at: this.#parts.now(), level: 'warning', message }] });
  }

  /** Takes over what a runner left behind instead of sending it; what it did send counts once. Goes no further once the signal is aborted. */
  async collect(name: LogName, left: LeftBehind, signal: AbortSignal): Promise<void> {
    await this.#collectLog(name, left, signal);
    const reports = await left.reports();
    for (let at = 0; at < reports.length; at += REPORTS_AT_ONCE) {
      signal.throwIfAborted();
      await this.#parts.runs.report({ ...name, reports: reports.slice(at, at + REPORTS_AT_ONCE) });
    }
  }

  /** Answers the byte that comes next. */
  async appendLog(name: LogName, offset: number, bytes: AsyncIterable<Uint8Array>): Promise<number> {
    const next = await this.#parts.logs.append(name, offset, bytes);
    this.#parts.hub.notify(`log:${name.runId}`);
    return next;
  }

  logSize(runId: string, attempt: number): Promise<number> {
    return this.#parts.logs.size({ runId, attempt });
  }

  readLog(runId: string, attempt: number, range: { from: number; to: number }): AsyncIterable<Buffer> {
    return this.#parts.logs.read({ runId, attempt }, range.from, range.to);
  }

  tailOffset(runId: string, attempt: number, lines: number): Promise<number> {
    return this.#parts.logs.tailOffset({ runId, attempt }, lines);
  }

  /** Events behind `afterId` as they come; ends when the run has ended and all were given. */
  async *followEvents(runId: string, afterId: number, signal: AbortSignal): AsyncIterable<EventRecord> {
    let last = afterId;
    while (!signal.aborted) {
      // the state first: events that were written before it was read are then all in the pages that follow
      const over = hasEnded(await this.stateOf(runId));
      for (;;) {
        const events = await this.#parts.runs.eventsOf(runId, last, EVENT_PAGE);
        for (const event of events) yield event;
        last = events.at(-1)?.id ?? last;
        if (events.length < EVENT_PAGE) break;
      }
      if (over) return;
      await this.#parts.hub.wait(`run:${runId}`, LOOK_EVERY_MS, signal);
    }
  }

  /** The log from a byte of an attempt on, through later attempts, until the run has ended. */
  async *followLog(runId: string, start: { attempt: number; from: number }, signal: AbortSignal): AsyncIterable<LogPiece> {
    let { attempt, from } = start;
    while (!signal.aborted) {
      const run = await this.#progressOf(runId);
      const to = await this.logSize(runId, attempt);
      for await (const bytes of this.readLog(runId, attempt, { from, to })) {
        yield { attempt, from, bytes };
        from += bytes.length;
      }
      if (run.attempt > attempt) [attempt, from] = [attempt + 1, 0];
      else if (hasEnded(run.state)) return;
      else await this.#parts.hub.wait(`log:${runId}`, LOOK_EVERY_MS, signal);
    }
  }

  async #collectLog(name: LogName, left: LeftBehind, signal: AbortSignal): Promise<void> {
    const from = await this.#parts.logs.size(name);
    try {
      await this.appendLog(name, from, unlessAborted(left.logs(from), signal));
    } catch (error) {
      if (!isTrainyardError(error) || error.code !== 'TOO_LARGE') throw error;
      await this.note(name, `${error.message}: its end is not kept`);
    }
  }

  async #progressOf(runId: string): Promise<RunProgress> {
    const progress = await this.#parts.runs.progressOf(runId);
    if (progress === undefined) throw new TrainyardError('RUN_NOT_FOUND', { id: runId });
    return progress;
  }
}

async function* unlessAborted(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncIterable<Uint8Array> {
  for await (const block of bytes) {
    signal.throwIfAborted();
    yield block;
  }
}
