import { isTrainyardError, messageOf } from '../../errors.ts';
import type { Pair } from '../batch.ts';
import { type Int64, parseInt64, toInt64 } from '../int64.ts';
import { invalid } from '../names.ts';
import { RECORD_LIMITS } from './record.ts';

/** Where a value stands in its record; made into a text only when something is wrong there. */
export type At = () => string;

/** Reads a value as it came out of JSON; refuses it with the name of its place. */
export type Read<T> = (value: unknown, at: At) => T;

/** A text that every database can hold: well-formed, no NUL, at most `limit` characters. */
export function text(limit: number): Read<string> {
  return (value, at) => {
    if (typeof value !== 'string') throw wrong(at, 'a text', value);
    if (value.length > limit) throw invalid(`${at()}: longer than ${limit} characters`);
    if (value.includes('\u0000') || /\p{Surrogate}/u.test(value)) throw invalid(`${at()}: holds a character that cannot be kept (NUL, or half of a surrogate pair)`);
    return value;
  };
}

/** A text that has to look like something. */
export function matching(pattern: RegExp, what: string): Read<string> {
  return (value, at) => {
    if (typeof value !== 'string' || !pattern.test(value)) throw wrong(at, what, value);
    return value;
  };
}

export function oneOf<const T extends string>(values: readonly T[]): Read<T> {
  return (value, at) => {
    const found = values.find((one) => one === value);
    if (found === undefined) throw wrong(at, `one of ${values.join(', ')}`, value);
    return found;
  };
}

/** A whole number that is exact as a double, of at least `least`. */
export function count(least = 0): Read<number> {
  return (value, at) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least) throw wrong(at, `a whole number of at least ${least}`, value);
    return value;
  };
}

/** A JSON number, or digits as a text beyond what a double holds exactly. */
export const int64: Read<Int64> = (value, at) => {
  const read = typeof value === 'number' && Number.isSafeInteger(value) ? value : typeof value === 'string' ? parseInt64(value) : undefined;
  if (read === undefined) throw wrong(at, 'an int64 (a number, beyond 2^53 - 1 its digits as a text)', value);
  return toInt64(read) ?? read;
};

const SPELLED = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

/** A double; what JSON has no number for is spelled. */
export const double: Read<number> = (value, at) => {
  if (typeof value === 'number') return value;
  const spelled = typeof value === 'string' ? SPELLED.get(value) : undefined;
  if (spelled === undefined) throw wrong(at, "a number, or 'NaN', 'Infinity' or '-Infinity'", value);
  return spelled;
};

export function orNull<T>(read: Read<T>): Read<T | null> {
  return (value, at) => (value === undefined || value === null ? null : read(value, at));
}

export function list<T>(read: Read<T>, limit: number): Read<readonly T[]> {
  return (value, at) => {
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw wrong(at, 'a list', value);
    if (value.length > limit) throw invalid(`${at()}: ${value.length} entries, at most ${limit} are taken`);
    return value.map((one: unknown, index) => read(one, () => `${at()}[${index}]`));
  };
}

/** An object of names and texts, as pairs. `check` refuses what may not be kept. */
export function pairs(check: (pair: Pair) => void): Read<readonly Pair[]> {
  const readValue = text(RECORD_LIMITS.valueLength);
  const readKey = text(RECORD_LIMITS.valueLength);
  return (value, at) => {
    if (value === undefined) return [];
    if (!isObject(value)) throw wrong(at, 'an object of names and texts', value);
    const entries = Object.entries(value);
    if (entries.length > RECORD_LIMITS.pairs) throw invalid(`${at()}: ${entries.length} entries, at most ${RECORD_LIMITS.pairs} are taken`);
    return entries.map(([key, one]) => {
      const pair = { key: readKey(key, at), value: readValue(one, () => `${at()}.${key.slice(0, 80)}`) };
      obey(check, pair, at);
      return pair;
    });
  };
}

/** An object with these fields and no others. */
export function object<T>(fields: { readonly [K in keyof T]-?: Read<T[K]> }): Read<T> {
  const readers = Object.entries(fields) as [string, Read<unknown>][];
  const known = new Set(Object.keys(fields));
  return (value, at) => {
    if (!isObject(value)) throw wrong(at, 'an object', value);
    const unknown = Object.keys(value).find((name) => !known.has(name));
    if (unknown !== undefined) throw invalid(`${at()}: unknown field '${unknown.slice(0, 80)}'`);
    return Object.fromEntries(readers.map(([name, read]) => [name, read(value[name], () => `${at()}.${name}`)])) as T;
  };
}

/** Reads, then asks one more rule, whose words get the place in front of them. */
export function checked<T>(read: Read<T>, check: (value: T) => void): Read<T> {
  return (value, at) => {
    const found = read(value, at);
    obey(check, found, at);
    return found;
  };
}

function obey<T>(check: (value: T) => void, value: T, at: At): void {
  try {
    check(value);
  } catch (error) {
    throw isTrainyardError(error) ? invalid(`${at()}: ${messageOf(error)}`) : error;
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A refusal that shows what was found, not all of it. */
export function wrong(at: At, expected: string, found: unknown): Error {
  if (found === undefined) return invalid(`${at()}: expected ${expected}, it is missing`);
  const shown = typeof found === 'string' ? JSON.stringify(found.slice(0, 60)) : typeof found === 'object' && found !== null ? (Array.isArray(found) ? 'a list' : 'an object') : String(found);
  return invalid(`${at()}: expected ${expected}, found ${shown}`);
}
