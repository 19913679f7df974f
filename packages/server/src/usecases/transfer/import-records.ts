import { isTrainyardError, messageOf } from '@trainyard/core/errors.ts';
import { readRecord } from '@trainyard/core/tracking/records/read-record.ts';
import { RECORD_LIMITS, type RecordKind, recordName, type TransferRecord } from '@trainyard/core/tracking/records/record.ts';
import { addTally, type Tally } from '@trainyard/core/tracking/records/tally.ts';
import type { Outcome } from '../../stores/transfer.ts';
import type { TransferNeeds } from './transfer-needs.ts';
import { compareCounts } from './compare-counts.ts';
import { type Line, readLines } from './read-lines.ts';

/** Something to be said about a line. */
export interface Remark {
  readonly line: number;
  /** Which record, once that is known. */
  readonly record?: string;
  readonly text: string;
}

export type Results = Record<Outcome['result'], number>;

export interface ImportReport {
  /** Lines with something in them. */
  readonly lines: number;
  readonly kinds: Partial<Record<RecordKind, Results>>;
  readonly refused: readonly Remark[];
  readonly notes: readonly Remark[];
  readonly here: Tally;
  readonly experiments: readonly { readonly name: string; readonly id: string }[];
}

interface Numbered {
  readonly line: number;
  readonly record: TransferRecord;
  readonly bytes: number;
}

/** What goes into one transaction: small enough that nobody else waits for it for long. */
const BATCH = { records: 200, linesOfPoints: 2000, points: 20_000, bytes: 4_000_000 };
/** Of each kind of remark; more of them say nothing new. */
const MAX_REMARKS = 200;

/** Takes records as they arrive, a batch at a time. What a batch has answered is kept, whatever happens to the next one. */
export async function importRecords(needs: TransferNeeds, bytes: AsyncIterable<Uint8Array>, options: { readonly check: boolean }): Promise<ImportReport> {
  const report = new Report();
  for await (const batch of batches(readLines(bytes, RECORD_LIMITS.lineBytes), report)) {
    const records = batch.map(({ record }) => record);
    const outcomes = await needs.store.put(records, options);
    report.add(batch, options.check ? compareCounts(records, outcomes) : outcomes);
  }
  return report.finish(await needs.store.experimentIds([...report.experiments]));
}

/** Neighbours of the same kind, none of them twice. */
async function* batches(lines: AsyncIterable<Line>, report: Report): AsyncGenerator<Numbered[]> {
  let batch = new Batch();
  for await (const line of lines) {
    const numbered = report.read(line);
    if (numbered === undefined) continue;
    if (!batch.takes(numbered)) {
      yield batch.records;
      batch = new Batch();
    }
    batch.add(numbered);
  }
  if (batch.records.length > 0) yield batch.records;
}

class Batch {
  readonly records: Numbered[] = [];
  readonly #keys = new Set<string>();
  #points = 0;
  #bytes = 0;

  takes(numbered: Numbered): boolean {
    const [first] = this.records;
    if (first === undefined) return true;
    const records = this.#points === 0 ? BATCH.records : BATCH.linesOfPoints;
    const isFull = this.records.length >= records || this.#points >= BATCH.points || this.#bytes >= BATCH.bytes;
    return !isFull && first.record.kind === numbered.record.kind && !this.#keys.has(keyOf(numbered));
  }

  add(numbered: Numbered): void {
    this.records.push(numbered);
    this.#keys.add(keyOf(numbered));
    this.#points += 'values' in numbered.record ? numbered.record.values.length : 0;
    this.#bytes += numbered.bytes;
  }
}

/** Points of the same metric may come in several records; of everything else there is one. */
function keyOf({ record, line }: Numbered): string {
  return record.kind === 'points' || record.kind === 'model_points' ? String(line) : recordName(record);
}

class Report {
  readonly experiments = new Set<string>();
  readonly #kinds: Partial<Record<RecordKind, Results>> = {};
  readonly #refused: Remark[] = [];
  readonly #notes: Remark[] = [];
  #here: Tally = {};
  #lines = 0;

  /** The record of a line; undefined when it is refused, which is noted. */
  read({ number, text }: Line): Numbered | undefined {
    this.#lines += 1;
    if (text === undefined) return this.#refuse({ line: number, text: `the line is longer than ${RECORD_LIMITS.lineBytes} bytes` });
    try {
      const record = readRecord(JSON.parse(text));
      if (record.kind === 'experiment') this.experiments.add(record.name);
      return { line: number, record, bytes: text.length };
    } catch (error) {
      if (!(error instanceof SyntaxError) && !isTrainyardError(error)) throw error;
      return this.#refuse({ line: number, text: error instanceof SyntaxError ? 'the line is not JSON' : messageOf(error) });
    }
  }

  add(batch: readonly Numbered[], outcomes: readonly Outcome[]): void {
    for (const [index, outcome] of outcomes.entries()) {
      const numbered = batch[index];
      if (numbered === undefined) continue;
      const { line, record } = numbered;
      this.#count(record.kind, outcome.result);
      if (outcome.result === 'refused') {
        this.#refuse({ line, record: recordName(record), text: outcome.problem });
        continue;
      }
      this.#here = addTally(this.#here, outcome.here);
      for (const text of outcome.notes) if (this.#notes.length < MAX_REMARKS) this.#notes.push({ line, record: recordName(record), text });
    }
  }

  finish(ids: ReadonlyMap<string, string>): ImportReport {
    return { lines: this.#lines, kinds: this.#kinds, refused: this.#refused, notes: this.#notes, here: this.#here, experiments: [...ids].map(([name, id]) => ({ name, id })) };
  }

  #count(kind: RecordKind, result: Outcome['result']): void {
    const counts = (this.#kinds[kind] ??= { new: 0, updated: 0, there: 0, refused: 0 });
    counts[result] += 1;
  }

  #refuse(remark: Remark): undefined {
    if (this.#refused.length < MAX_REMARKS) this.#refused.push(remark);
    return undefined;
  }
}

