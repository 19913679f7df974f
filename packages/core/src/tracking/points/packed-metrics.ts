import type { Metric } from '../metric.ts';
import { type Columns, columnsOf, concat, pick, slice } from './columns.ts';
import { decodePoints, encodePoints } from './encoding.ts';
import { sortedOnce } from './order.ts';

/** What one call logged, as it is kept until there is more of each metric. */
export interface PackedMetrics {
  /** JSON: each name with the number of its points, `[["loss",100],["accuracy",100]]`. */
  readonly names: string;
  /** The points of the first name, in order of a history and each once, then those of the next one. */
  readonly bytes: Uint8Array;
}

export function packMetrics(metrics: readonly Metric[]): PackedMetrics {
  const groups = new Map<string, Metric[]>();
  for (const metric of metrics) {
    const group = groups.get(metric.key);
    if (group === undefined) groups.set(metric.key, [metric]);
    else group.push(metric);
  }
  const together = columnsOf([...groups.values()].flat());
  // the most frequent call has one point of each metric: nothing to sort
  if (groups.size === metrics.length) return { names: JSON.stringify([...groups.keys()].map((key) => [key, 1])), bytes: encodePoints(together) };
  const parts: Columns[] = [];
  const names: [string, number][] = [];
  let at = 0;
  for (const [key, { length }] of groups) {
    const part = sortedOnce(slice(together, at, at + length));
    at += length;
    parts.push(part);
    names.push([key, part.values.length]);
  }
  return { names: JSON.stringify(names), bytes: encodePoints(concat(parts)) };
}

/** The points of each metric in any of these, in order of a history and each once. */
export function unpackMetrics(packed: readonly PackedMetrics[]): Map<string, Columns> {
  const together = concat(packed.map(({ bytes }) => decodePoints(bytes)));
  // places in one large array, not a view of each little piece: there may be as many of those as points
  const places = new Map<string, number[]>();
  let at = 0;
  for (const { names } of packed) {
    for (const [key, count] of JSON.parse(names) as [string, number][]) {
      const list = places.get(key) ?? [];
      if (list.length === 0) places.set(key, list);
      for (const end = at + count; at < end; at++) list.push(at);
    }
  }
  return new Map(Array.from(places, ([key, indexes]) => [key, sortedOnce(pick(together, indexes))]));
}

/** A text that `names` contains when this metric is in there, and seldom otherwise: databases can look for it. */
export function traceOf(key: string): string {
  return `[${JSON.stringify(key)},`;
}

/** The points of one metric in there; undefined when it has none. */
export function unpackMetric({ names, bytes }: PackedMetrics, key: string): Columns | undefined {
  let at = 0;
  for (const [name, count] of JSON.parse(names) as [string, number][]) {
    if (name === key) return slice(decodePoints(bytes), at, at + count);
    at += count;
  }
  return undefined;
}
