/** An int64 of MLflow: a number where that is exact, a bigint beyond ±(2^53 - 1). One value has one form, so `===` compares. */
export type Int64 = number | bigint;

export const MIN_INT64 = -(2n ** 63n);
export const MAX_INT64 = 2n ** 63n - 1n;

/** The one form of an integer; undefined when it is none, or beyond 64 bits. */
export function toInt64(value: number | bigint): Int64 | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : Number.isInteger(value) ? toInt64(BigInt(value)) : undefined;
  if (value < MIN_INT64 || value > MAX_INT64) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Reads decimal digits, as databases and query strings give them. */
export function parseInt64(text: string): Int64 | undefined {
  return /^-?\d{1,20}$/.test(text) ? toInt64(BigInt(text)) : undefined;
}
