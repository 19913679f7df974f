import type { Pair } from '@trainyard/core/tracking/batch.ts';
import type { Tally } from '@trainyard/core/tracking/records/tally.ts';
import type { Outcome } from '../../transfer.ts';
import type { Database, Trx } from '../database.ts';

/** Where records are put, and whether that is only tried. */
export interface Put {
  readonly kind: Database['kind'];
  readonly trx: Trx;
  readonly check: boolean;
}

export function refused(problem: string): Outcome {
  return { result: 'refused', problem };
}

export function taken(result: 'new' | 'updated' | 'there', more: { readonly notes?: readonly string[]; readonly here?: Tally } = {}): Outcome {
  return { result, notes: more.notes ?? [], here: more.here ?? {} };
}

/** Pairs of a record next to those that are here: which are missing here, which differ. */
export function comparePairs(wanted: readonly Pair[], here: readonly Pair[]): { readonly missing: Pair[]; readonly other: string[] } {
  const known = new Map(here.map(({ key, value }) => [key, value]));
  return {
    missing: wanted.filter(({ key }) => !known.has(key)),
    other: wanted.filter(({ key, value }) => known.has(key) && known.get(key) !== value).map(({ key }) => key),
  };
}

/** True when both have the same names with the same values. */
export function samePairs(wanted: readonly Pair[], here: readonly Pair[]): boolean {
  const { missing, other } = comparePairs(wanted, here);
  return wanted.length === here.length && missing.length === 0 && other.length === 0;
}
