import { type Int64, toInt64 } from '../int64.ts';
import type { Point } from '../metric.ts';

/** Integers of many points; bigints when one of them is beyond ±(2^53 - 1). */
export type Int64Column = Float64Array | BigInt64Array;

/** Many points of one metric, column by column: three arrays instead of an object each. All columns have the same length. */
export interface Columns {
  readonly timestamps: Int64Column;
  readonly steps: Int64Column;
  readonly values: Float64Array;
}

/** Where a point stands in a history: by timestamp, step, value, and NaN as 0 but behind a real 0. */
export type Place = Point;

export const NO_POINTS: Columns = { timestamps: new Float64Array(0), steps: new Float64Array(0), values: new Float64Array(0) };

export function columnsOf(points: readonly Point[]): Columns {
  return {
    timestamps: int64Column(points.map((point) => point.timestamp)),
    steps: int64Column(points.map((point) => point.step)),
    values: Float64Array.from(points, (point) => point.value),
  };
}

export function int64Column(values: readonly Int64[]): Int64Column {
  return values.some((value) => typeof value === 'bigint') ? BigInt64Array.from(values, BigInt) : Float64Array.from(values as readonly number[]);
}

export function pointAt(columns: Columns, index: number): Point {
  return { value: columns.values[index] ?? outside(index), timestamp: int64At(columns.timestamps, index), step: int64At(columns.steps, index) };
}

export function int64At(column: Int64Column, index: number): Int64 {
  const value = column[index] ?? outside(index);
  return typeof value === 'number' ? value : (toInt64(value) ?? outside(index));
}

function outside(index: number): never {
  throw new RangeError(`there is no point ${index}`);
}

/** The same arrays, seen from `from` to before `to`. */
export function slice(columns: Columns, from: number, to = columns.values.length): Columns {
  return { timestamps: columns.timestamps.subarray(from, to), steps: columns.steps.subarray(from, to), values: columns.values.subarray(from, to) };
}

export function concat(parts: readonly Columns[]): Columns {
  const [first] = parts;
  if (first === undefined) return NO_POINTS;
  if (parts.length === 1) return first;
  const values = new Float64Array(parts.reduce((sum, part) => sum + part.values.length, 0));
  let at = 0;
  for (const part of parts) {
    values.set(part.values, at);
    at += part.values.length;
  }
  return { timestamps: concatInt64(parts.map((part) => part.timestamps)), steps: concatInt64(parts.map((part) => part.steps)), values };
}

export function concatInt64(all: readonly Int64Column[]): Int64Column {
  const parts = all.filter((part) => part.length > 0);
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (parts.every((part) => part instanceof Float64Array)) return placed(new Float64Array(length), parts);
  return placed(new BigInt64Array(length), parts.map((part) => (part instanceof BigInt64Array ? part : BigInt64Array.from(part, BigInt))));
}

function placed<T extends Int64Column>(into: T, parts: readonly T[]): T {
  let at = 0;
  for (const part of parts) {
    // each part has the type of the whole: above
    into.set(part as never, at);
    at += part.length;
  }
  return into;
}

/** Numbers again, when all of them are numbers: one large step beside them had made them bigints. */
export function narrowed(column: Int64Column): Int64Column {
  if (column instanceof Float64Array || column.some((value) => typeof toInt64(value) === 'bigint')) return column;
  return Float64Array.from(column, Number);
}

/** The points at these indexes, in their order. */
export function pick(columns: Columns, indexes: ArrayLike<number>): Columns {
  return { timestamps: pickFrom(columns.timestamps, indexes), steps: pickFrom(columns.steps, indexes), values: pickFrom(columns.values, indexes) };
}

export function pickFrom<T extends Int64Column>(column: T, indexes: ArrayLike<number>): T {
  // the same for both types of columns: what is taken from one is put into another of its kind
  const from = column as Float64Array;
  const picked = from instanceof Float64Array ? new Float64Array(indexes.length) : new BigInt64Array(indexes.length);
  const into = picked as Float64Array;
  for (let at = 0; at < indexes.length; at++) into[at] = from[indexes[at] ?? 0] ?? outside(at);
  return picked as T;
}
