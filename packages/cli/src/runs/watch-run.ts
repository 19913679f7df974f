import { setTimeout as pause } from 'node:timers/promises';
import type { RunDetail } from '@trainyard/api/schemas/run.ts';
import { messageOf } from '@trainyard/core/errors.ts';
import { hasEnded } from '@trainyard/core/training/states.ts';
import type { Connection } from '../connection/connection.ts';
import { mayPass, pauseMs, type ReachWatcher, untilReached } from '../connection/reach.ts';
import { isServerAnswer } from '../exit-codes.ts';
import { Bell } from './bell.ts';
import { readEvents, type ServerEvent } from './event-stream.ts';
import { type LogChunk, type LogPosition, readLog } from './read-log.ts';

/** Told what happens to a run, in the order in which it happened: the log of a step comes before its end. */
export interface RunObserver extends ReachWatcher {
  /** The first look, before anything else is told. */
  began(run: RunDetail): Promise<void>;
  run(run: RunDetail): Promise<void>;
  log(chunk: LogChunk): Promise<void>;
  note(note: RunNote): Promise<void>;
}

export interface RunNote {
  readonly level: 'info' | 'warning';
  readonly message: string;
}

export interface WatchRequest {
  readonly runId: string;
  readonly observer: RunObserver;
  readonly withLog: boolean;
  readonly signal: AbortSignal;
}

/**
 * Waits for the end of a run and gives it. Events only say when to look; what is shown is always a fresh look at the run,
 * so a lost event costs a moment, never the truth. A server that is gone is waited for as long as the pace allows.
 *
 * @throws TrainyardError SERVER_UNREACHABLE when it stays gone; the signal's reason when that is aborted
 */
export async function watchRun(connection: Connection, request: WatchRequest): Promise<RunDetail> {
  return await new RunWatch(connection, request).untilEnd();
}

class RunWatch {
  readonly #connection: Connection;
  readonly #request: WatchRequest;
  readonly #over = new AbortController();
  readonly #signal: AbortSignal;
  readonly #news = new Bell();
  readonly #logNews = new Bell();
  #listening = false;
  #logged: LogPosition = { attempt: 0, byte: 0 };
  /** False when the log ended, or did not bring what the run says it has: then nothing waits for it any more. */
  #awaitsLog: boolean;

  constructor(connection: Connection, request: WatchRequest) {
    this.#connection = connection;
    this.#request = request;
    this.#awaitsLog = request.withLog;
    this.#signal = AbortSignal.any([request.signal, this.#over.signal]);
  }

  async untilEnd(): Promise<RunDetail> {
    const { runId, observer, withLog, signal } = this.#request;
    const { pace } = this.#connection;
    const background: Promise<void>[] = [];
    try {
      for (;;) {
        const look = () => this.#connection.call('getRun', { params: { id: runId }, signal });
        const run = await untilReached(look, { pace, signal, watcher: observer });
        if (background.length === 0) {
          await observer.began(run);
          background.push(this.#listen());
        }
        if (withLog && background.length === 1 && run.attempts.length > 0) background.push(this.#readLog());
        await this.#drainLog(run);
        await observer.run(run);
        if (hasEnded(run.state)) return run;
        await this.#news.wait(this.#listening ? pace.idlePollMs : pace.pollMs, signal);
        signal.throwIfAborted();
      }
    } finally {
      this.#over.abort();
      await Promise.allSettled(background);
    }
  }

  async #listen(): Promise<void> {
    let lastId: string | undefined;
    for (let tries = 0; !this.#signal.aborted; tries++) {
      try {
        const headers: Record<string, string> = lastId === undefined ? {} : { 'last-event-id': lastId };
        const response = await this.#connection.open('runEvents', { params: { id: this.#request.runId }, headers, signal: this.#signal });
        this.#listening = true;
        // what happened while nobody listened
        this.#news.ring();
        for await (const event of readEvents(response.body ?? nothing())) {
          [lastId, tries] = [event.id ?? lastId, 0];
          await this.#heard(event);
          if (event.event === 'end') return;
        }
      } catch (error) {
        // a refusal stays one, and looking now and then does without events; a dropped line is opened again
        if (this.#signal.aborted || (isServerAnswer(error) && !mayPass(error))) return;
      } finally {
        this.#listening = false;
        // a line that drops is news too: perhaps the server is gone
        this.#news.ring();
      }
      await pause(pauseMs(this.#connection.pace, tries), undefined, { signal: this.#signal }).catch(stopped);
    }
  }

  async #heard(event: ServerEvent): Promise<void> {
    if (event.event === 'note') await this.#request.observer.note(noteOf(event.data));
    this.#news.ring();
  }

  async #readLog(): Promise<void> {
    const { runId, observer } = this.#request;
    try {
      const chunks = readLog(this.#connection, { runId, from: { attempt: 1, byte: 0 }, follow: true, signal: this.#signal, watcher: silent });
      for await (const chunk of chunks) {
        await observer.log(chunk);
        this.#logged = chunk.position;
        this.#logNews.ring();
      }
    } catch (error) {
      // the look at the run notices a server that is gone and speaks of it; other refusals concern the log alone
      if (!this.#signal.aborted && !mayPass(error)) await observer.note({ level: 'warning', message: `the log cannot be shown: ${messageOf(error)}` });
    } finally {
      this.#awaitsLog = false;
      this.#logNews.ring();
    }
  }

  /** Lets the log catch up with what the run says it has, as long as bytes come. */
  async #drainLog(run: RunDetail): Promise<void> {
    const last = run.attempts.at(-1);
    const { drainMs } = this.#connection.pace;
    let [seen, since] = [this.#logged, Date.now()];
    while (last !== undefined && this.#awaitsLog && !isBehind(this.#logged, { attempt: last.number, byte: last.logBytes })) {
      await this.#logNews.wait(drainMs, this.#request.signal);
      this.#request.signal.throwIfAborted();
      // a ring may be older than this wait: only time without a byte is a reason to give up
      if (this.#logged !== seen) [seen, since] = [this.#logged, Date.now()];
      else if (Date.now() - since >= drainMs) this.#awaitsLog = false;
    }
  }
}

/** The log's own reconnecting needs no words: the watch tells of it once for both. */
const silent: ReachWatcher = { lost: () => undefined, back: () => undefined };

function isBehind(logged: LogPosition, target: LogPosition): boolean {
  return target.byte === 0 || logged.attempt > target.attempt || (logged.attempt === target.attempt && logged.byte >= target.byte);
}

function noteOf(data: string): RunNote {
  const parsed = JSON.parse(data) as { level?: unknown; message?: unknown; data?: { level?: unknown; message?: unknown } };
  const { level, message } = parsed.data ?? parsed;
  return { level: level === 'warning' ? 'warning' : 'info', message: String(message ?? '') };
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // an answer without a body
}

function stopped(): void {
  // the watch is over; the loop sees that itself
}
