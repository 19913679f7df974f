import type { RecordKind, TransferRecord } from '@trainyard/core/tracking/records/record.ts';
import type { Tally } from '@trainyard/core/tracking/records/tally.ts';
import type { Page, Paging } from './tracking.ts';

/** What became of one record. */
export type Outcome =
  /** `notes`: what the record says otherwise and was kept as it is here. */
  | { readonly result: 'new' | 'updated' | 'there'; readonly notes: readonly string[]; /** With `check`: how much of it is here, counted. */ readonly here: Tally }
  | { readonly result: 'refused'; readonly problem: string };

/** Kinds that are read a page at a time; points are read by their metric. */
export type PagedKind = Exclude<RecordKind, 'points' | 'model_points'>;

export interface RecordQuery extends Paging {
  /** Names; everything when absent. Of the registry only the versions that runs of these left, and their models. */
  readonly experiments?: readonly string[] | undefined;
}

/**
 * Everything that is known about experiments, runs and models as records, in and out. Laws:
 *  1. `put` takes records of one kind, none of them twice. They are kept together or, when it throws, none of them; one that is
 *     refused does not touch the others.
 *  2. The same record again is `there` and changes nothing. Nothing that is here already is written over, except a run or logged
 *     model that was under way here and was not launched here: it is brought up to date.
 *  3. Experiments and registered models are met by name, runs and logged models by id, versions by name and number. An experiment
 *     that nobody has used takes over what its record says.
 *  4. With `check` nothing is written.
 *  5. Nothing a record names is opened.
 */
export interface TransferStore {
  put(records: readonly TransferRecord[], options: { readonly check: boolean }): Promise<readonly Outcome[]>;
  /** The ids of experiments by name; those that are not there are absent. */
  experimentIds(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
  page(kind: PagedKind, query: RecordQuery): Promise<Page<TransferRecord>>;
}
