import type { Report } from '@trainyard/core/training/outcome.ts';
import type { ReportAnswer } from '@trainyard/core/training/runner-order.ts';
import { Backoff } from '../server/backoff.ts';
import { problemOf } from '../server/persistent-call.ts';
import type { ServerLink } from '../server/server-link.ts';
import type { ReportJournal } from './report-journal.ts';
import { Wake } from './wake.ts';

export interface ReportSenderOptions {
  readonly link: ServerLink;
  readonly attempt: number;
  readonly journal: ReportJournal;
  /** Aborted when nothing more is to be sent. */
  readonly signal: AbortSignal;
  readonly onStop: () => void;
  readonly onAcknowledged: () => void;
  readonly onRefused: (report: Report, problem: string) => void;
}

/** The server takes silence of several of these for a lost host. */
const HEARTBEAT_MS = 5000;
const REPORTS_PER_CALL = 200;

/**
 * Sends reports in order, and heartbeats between them, until the last one is acknowledged after `finish`. The outcome waits
 * for `release`: it ends the run, and with it the right to send the rest of the log.
 */
export class ReportSender {
  readonly #options: ReportSenderOptions;
  readonly #wake = new Wake();
  readonly #backoff = new Backoff();
  #acknowledged = 0;
  #heartbeatAt = 0;
  #outcomeMayGo = false;
  #finishing = false;
  /** Reports in the next call; a refused call is repeated in smaller ones to find the report it is about. */
  #batch = REPORTS_PER_CALL;

  constructor(options: ReportSenderOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', () => this.#wake.signal());
  }

  /** Number of the last report the server has. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** There are new reports. */
  wake(): void {
    this.#wake.signal();
  }

  release(): void {
    this.#outcomeMayGo = true;
    this.#wake.signal();
  }

  /** No report will be added any more: `run` returns when the last one has arrived. */
  finish(): void {
    this.#finishing = true;
    this.#wake.signal();
  }

  async run(): Promise<void> {
    const { signal, journal } = this.#options;
    while (!signal.aborted) {
      const pending = this.#pending();
      const quietMs = this.#heartbeatAt - performance.now();
      if (pending.length > 0 || quietMs <= 0) await this.#send(pending);
      else if (this.#finishing && this.#acknowledged >= journal.lastSeq) return;
      else await this.#wake.wait(quietMs);
    }
  }

  #pending(): readonly Report[] {
    const reports = this.#options.journal.after(this.#acknowledged).slice(0, this.#batch);
    const outcome = this.#outcomeMayGo ? -1 : reports.findIndex(({ kind }) => kind === 'outcome');
    // nothing may overtake it: the server only keeps what is newer than the last it has
    return outcome < 0 ? reports : reports.slice(0, outcome);
  }

  async #send(reports: readonly Report[]): Promise<void> {
    const { link, attempt, journal, signal } = this.#options;
    try {
      await journal.sync();
      const answer = await link.call({ method: 'POST', path: '/api/v1/runner/reports', json: { attempt, reports }, signal });
      if (answer.status === 200 && this.#accepted(reports, JSON.parse(answer.text) as ReportAnswer)) return;
      if (answer.status === 400 && reports.length > 0) return this.#refused(reports, problemOf(answer));
    } catch {
      // no connection, or an answer cut short: for this loop the same as a server that cannot serve right now
    }
    await this.#backoff.pause(signal);
  }

  /** False when the server has none of the reports, although it took them. */
  #accepted(reports: readonly Report[], { lastSeq, stop }: ReportAnswer): boolean {
    const before = this.#acknowledged;
    this.#batch = REPORTS_PER_CALL;
    this.#heartbeatAt = performance.now() + HEARTBEAT_MS;
    this.#acknowledged = Math.min(lastSeq, this.#options.journal.lastSeq);
    this.#options.onAcknowledged();
    if (stop) this.#options.onStop();
    if (reports.length > 0 && this.#acknowledged <= before) return false;
    this.#backoff.reset();
    return true;
  }

  /** One report the server does not understand must not hold up the others. */
  #refused(reports: readonly Report[], problem: string): void {
    const [first] = reports;
    if (reports.length > 1 || first === undefined) this.#batch = Math.ceil(reports.length / 2);
    else {
      this.#acknowledged = first.seq;
      this.#options.onRefused(first, problem);
    }
  }
}
