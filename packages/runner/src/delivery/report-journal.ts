import { closeSync, fdatasync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Report } from '@trainyard/core/training/outcome.ts';
import { isDiskFull } from '../disk-full.ts';

type Unnumbered<R> = R extends Report ? Omit<R, 'seq' | 'at'> : never;
/** A report as a step makes it; the journal numbers and dates it. */
export type NewReport = Unnumbered<Report>;

export interface ReportJournalOptions {
  readonly path: string;
  /** Applied to every text in every report. */
  readonly mask: (text: string) => string;
  readonly onAdded: () => void;
  readonly onDiskFull: (error: unknown) => void;
}

/** What the server accepts in one text. */
const TEXT_LIMIT = 16_384;
const LAST_LINES_LIMIT = 65_536;
/** A program can cause a warning per line; the page of a run is no place for a million of them. */
const NOTES_LIMIT = 1000;

/**
 * Numbers the reports of an attempt and keeps them: in memory to be sent, and in a file for whoever finds the attempt after a
 * crash. A full disk costs the file, never the report.
 */
export class ReportJournal {
  readonly #options: ReportJournalOptions;
  readonly #file: number;
  readonly #reports: Report[] = [];
  #notes = 0;
  #dirty = false;

  constructor(options: ReportJournalOptions) {
    this.#options = options;
    this.#file = openSync(options.path, 'a', 0o600);
  }

  get lastSeq(): number {
    return this.#reports.length;
  }

  /** Written when this returns: it outlives the process, and after `sync` the machine. Answers what was written. */
  add(report: NewReport): Report {
    const numbered = { ...(this.#clean(report) as NewReport), seq: this.#reports.length + 1, at: Date.now() } as Report;
    if (report.kind === 'note' && ++this.#notes > NOTES_LIMIT) return numbered;
    this.#reports.push(numbered);
    this.#write(`${JSON.stringify(numbered)}\n`);
    this.#options.onAdded();
    return numbered;
  }

  after(seq: number): readonly Report[] {
    return this.#reports.slice(seq);
  }

  async sync(): Promise<void> {
    if (!this.#dirty) return;
    this.#dirty = false;
    await promisify(fdatasync)(this.#file).catch((error: unknown) => this.#failed(error));
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(line: string): void {
    const sizeBytes = fstatSync(this.#file).size;
    try {
      const bytes = Buffer.from(line);
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#file, bytes, done);
      this.#dirty = true;
    } catch (error) {
      ftruncateSync(this.#file, sizeBytes); // half a line would spoil the ones behind it
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (!isDiskFull(error)) throw error;
    this.#options.onDiskFull(error);
  }

  #clean(value: unknown, key = ''): unknown {
    if (typeof value === 'string') return cut(this.#options.mask(value).toWellFormed().replaceAll('\0', '\uFFFD'), key === 'lastLines' ? LAST_LINES_LIMIT : TEXT_LIMIT);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((inner) => this.#clean(inner, key));
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, this.#clean(inner, name)]));
  }
}

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1).toWellFormed()}…`;
}
