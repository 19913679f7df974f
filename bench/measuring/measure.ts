/** One figure of a bench, and what stands beside it in the same run. */
export interface Measure {
  readonly name: string;
  readonly ours: number;
  /** Null when nothing stands beside ours. */
  readonly peer: number | null;
  readonly unit: string;
  readonly better: 'more' | 'less';
}

/** Prints the measure as the one JSON line a bench owes; the ratio says how many times better ours is. */
export function print({ name, ours, peer, unit, better }: Measure): void {
  const ratio = peer === null ? null : better === 'more' ? ours / peer : peer / ours;
  process.stdout.write(`${JSON.stringify({ name, ours: rounded(ours), peer: peer === null ? null : rounded(peer), ratio: ratio === null ? null : rounded(ratio), unit })}\n`);
}

/** Talk: what is going on, and the spread behind a figure. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The smallest value that at least this share of all values does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (value === undefined) throw new Error('nothing was measured');
  return value;
}

/** `median (lowest…highest, n)` for the talk. */
export function spread(values: readonly number[], unit: string): string {
  return `${rounded(median(values))} ${unit} (${rounded(Math.min(...values))}…${rounded(Math.max(...values))}, n = ${values.length})`;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
