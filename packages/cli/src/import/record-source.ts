import type { RecordKind, RecordOf } from '@trainyard/core/tracking/records/record.ts';
import type { Tally } from '@trainyard/core/tracking/records/tally.ts';

/** A file of a run or logged model, where it comes from. */
export interface SourceFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly sizeBytes: number;
  /** 64 hex digits, where it is known. */
  readonly sha256?: string | undefined;
}

/** The artifacts of one run or logged model. */
export interface Folder {
  list(): AsyncIterable<SourceFile>;
  open(path: string): Promise<AsyncIterable<Uint8Array>>;
}

export interface SourceItem<K extends RecordKind = RecordKind> {
  readonly record: RecordOf<K>;
  /** Where to go on behind this record; undefined where that cannot be said. */
  readonly place: string | undefined;
  /** Runs and logged models whose artifacts can be read here. */
  readonly folder?: Folder | undefined;
}

/** Something that is there and stays there. */
export interface LeftOut {
  readonly what: string;
  readonly count: number;
  readonly why: string;
}

export interface SourceFacts {
  /** What it is, in one line. */
  readonly title: string;
  /** How much there is, counted beforehand; what cannot be counted is absent. */
  readonly counts: Tally;
  readonly leftOut: readonly LeftOut[];
  /** What somebody should know before. */
  readonly warnings: readonly string[];
}

/** Names of experiments that were asked for and are not there, as warnings. */
export function missingNames(wanted: readonly string[] | undefined, found: readonly string[]): string[] {
  return (wanted ?? []).filter((name) => !found.includes(name)).map((name) => `there is no experiment '${name}'`);
}

/**
 * Where records come from: a foreign store, a server or a directory. Records of a kind come in an order that stays the same from
 * call to call, so that `place` means something in a later process too; those a record names belong to an earlier kind.
 */
export interface RecordSource {
  facts(): Promise<SourceFacts>;
  /** From behind a place, or from the beginning. */
  records<K extends RecordKind>(kind: K, from?: string): AsyncIterable<SourceItem<K>>;
  /** Told once everything was read: what was met on the way and could not be brought. */
  remarks(): readonly string[];
  close(): Promise<void>;
}
