import { messageOf } from '@trainyard/core/errors.ts';
import { markDelivered, writeAcknowledged } from '../attempt-dir.ts';
import { isDiskFull } from '../disk-full.ts';
import type { LogFile } from '../log/log-file.ts';
import type { ServerLink } from '../server/server-link.ts';
import type { Stop } from '../stop.ts';
import { LogShipper } from './log-shipper.ts';
import type { ReportJournal } from './report-journal.ts';
import { ReportSender } from './report-sender.ts';

export interface DeliveryOptions {
  readonly dir: string;
  readonly logPath: string;
  readonly attempt: number;
  readonly link: ServerLink;
  readonly journal: ReportJournal;
  readonly log: LogFile;
  readonly stop: Stop;
}

const ACKNOWLEDGED_EVERY_MS = 1000;

/** Brings reports and log to the server while the attempt goes on, and whatever is left of them after its end. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #givenUp = new AbortController();
  readonly #reports: ReportSender;
  readonly #shipper: LogShipper;
  readonly #sending: Promise<unknown>;
  #notedAt = 0;
  #noting: Promise<void> = Promise.resolve();

  constructor(options: DeliveryOptions) {
    this.#options = options;
    const { link, attempt, journal, log, stop } = options;
    const signal = AbortSignal.any([stop.over, this.#givenUp.signal]);
    const onAcknowledged = (): void => this.#acknowledged();
    const warn = (message: string): unknown => journal.add({ kind: 'note', level: 'warning', message });
    this.#reports = new ReportSender({
      link, attempt, journal, signal, onAcknowledged,
      onStop: () => stop.request('cancelled', 'stopped as the server asked'),
      onRefused: ({ kind }, problem) => {
        // not about a note: that would go on for ever
        if (kind !== 'note') warn(`the server refused a report (${kind}): ${problem}`);
      },
    });
    this.#shipper = new LogShipper({
      link, attempt, path: options.logPath, sizeBytes: () => log.sizeBytes, signal, onAcknowledged,
      onRefused: (problem) => warn(`the server refused the rest of the log: ${problem}`),
    });
    const shipping = this.#shipper.run().catch((error: unknown) => warn(`the log cannot be read, so the rest of it is not sent: ${messageOf(error)}`));
    this.#sending = Promise.all([this.#reports.run(), shipping.then(() => this.#reports.release())]);
    // thrown by `finish`; until then a failure must not end the process
    this.#sending.catch(() => undefined);
  }

  reportAdded(): void {
    this.#reports.wake();
  }

  logGrown(): void {
    this.#shipper.wake();
  }

  /** Stops trying. What has not arrived stays in the attempt's directory. */
  giveUp(): void {
    this.#givenUp.abort();
  }

  /** To be called when the last report is in the journal. Leaves the mark `delivered` when the server has everything. */
  async finish(patienceMs: number): Promise<void> {
    const timer = setTimeout(() => this.giveUp(), patienceMs);
    this.#shipper.finish();
    this.#reports.finish();
    await this.#sending;
    clearTimeout(timer);
    await this.#noting;
    const delivered = this.#reports.acknowledged >= this.#options.journal.lastSeq && this.#shipper.complete;
    await this.#note();
    if (delivered) await onDisk(markDelivered(this.#options.dir));
  }

  #acknowledged(): void {
    if (performance.now() - this.#notedAt < ACKNOWLEDGED_EVERY_MS) return;
    this.#notedAt = performance.now();
    this.#noting = this.#noting.then(() => this.#note());
  }

  #note(): Promise<void> {
    return onDisk(writeAcknowledged(this.#options.dir, { seq: this.#reports.acknowledged, logByte: this.#shipper.sent }));
  }
}

/** These two files save the server work; without room for them it does that work. */
async function onDisk(writing: Promise<void>): Promise<void> {
  await writing.catch((error: unknown) => {
    if (!isDiskFull(error)) throw error;
  });
}
