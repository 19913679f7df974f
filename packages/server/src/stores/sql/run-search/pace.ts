/** What a search looks at before it goes another way. Whatever they are, it finds the same. */
export interface Bounds {
  /** Runs that are looked at one by one in a few milliseconds on either database. */
  readonly few: number;
  /** Entries of an index that are looked at first when not every run meets the conditions. */
  readonly first: number;
  /** From so many on, what was found tells how often runs meet the conditions. */
  readonly telling: number;
  /** Looking at more, or for more, costs about as much as looking at all runs, which a database does with fewer questions. */
  readonly most: number;
}

export const BOUNDS: Bounds = { few: 1_000, first: 200, telling: 1_000, most: 10_000 };

/** How far a walk along an index has come. */
export interface Progress {
  /** Entries looked at. */
  readonly seen: number;
  /** Runs among them that meet the conditions. */
  readonly found: number;
  readonly wanted: number;
  /** There are conditions. */
  readonly filtered: boolean;
}

/** How many entries to look at next; undefined when the runs that meet the conditions are too rare, or too far away, for a walk. */
export function nextLook({ seen, found, wanted, filtered }: Progress, bounds: Bounds): number | undefined {
  if (seen === 0) return filtered ? Math.max(bounds.first, 4 * wanted) : wanted;
  // half a find more than none, and some more than what is expected: one look is cheaper than two
  const expected = Math.ceil((1.5 * (wanted - found) * seen) / Math.max(found, 0.5));
  if (expected <= bounds.most) return Math.max(bounds.first, expected);
  return seen < bounds.telling ? bounds.telling : undefined;
}
