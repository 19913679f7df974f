import { type Int64, parseInt64, toInt64 } from '@trainyard/core/tracking/int64.ts';
import { invalid } from '@trainyard/core/tracking/names.ts';

/** Where a value stands in a call, from the inside out: `timestamp` in 0 in `metrics`. */
export interface Place {
  readonly key: string | number;
  readonly parent: Place | undefined;
}

/** Reads one field of a call. Absent is undefined or null. */
export interface Field<T> {
  read(value: unknown, place: Place): T;
  /** In a query string it may stand any number of times. */
  readonly repeated?: true;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;
export type MessageOf<F extends Fields> = { readonly [Name in keyof F]: F[Name] extends Field<infer T> ? T : never };

/** A field is missing, or its value is of the wrong type or out of range. */
export class FieldProblem extends Error {
  readonly place: Place;
  readonly kind: 'missing' | 'invalid';
  /** The value as it was read, and what it has to be, when its type is right. */
  readonly range: { readonly value: number; readonly rule: string } | undefined;
  constructor(kind: 'missing' | 'invalid', place: Place, range?: { readonly value: number; readonly rule: string }) {
    super(`${kind}: ${pathOf(place)}`);
    this.kind = kind;
    this.place = place;
    this.range = range;
  }
}

/** `metrics[0].timestamp` */
export function pathOf(place: Place): string {
  const key = typeof place.key === 'number' ? `[${place.key}]` : place.key;
  if (place.parent === undefined) return key;
  return `${pathOf(place.parent)}${typeof place.key === 'number' ? '' : '.'}${key}`;
}

/** Reads every field of an object, in either of its spellings; what it has beside them is not ours to judge. */
export function readMessage<F extends Fields>(fields: F, raw: Readonly<Record<string, unknown>>, parent?: Place): MessageOf<F> {
  const message: Record<string, unknown> = {};
  for (const name in fields) message[name] = fields[name]?.read(valueOf(raw, name), { key: name, parent });
  return message as MessageOf<F>;
}

/** Programs that write JSON with protobuf may say `runId` for `run_id`. */
function valueOf(raw: Readonly<Record<string, unknown>>, name: string): unknown {
  const other = camelCase(name);
  if (other === name || !Object.hasOwn(raw, other)) return Object.hasOwn(raw, name) ? raw[name] : undefined;
  if (Object.hasOwn(raw, name)) throw invalid(`Request specifies both '${name}' and '${other}'; provide only one of them.`);
  return raw[other];
}

const camelCases = new Map<string, string>();

function camelCase(name: string): string {
  let found = camelCases.get(name);
  if (found === undefined) {
    found = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    camelCases.set(name, found);
  }
  return found;
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

function refuse(place: Place): never {
  throw new FieldProblem('invalid', place);
}

/** NUL is the one character PostgreSQL cannot store. */
export const text: Field<string | undefined> = {
  read: (value, place) => (isAbsent(value) ? undefined : typeof value === 'string' && !value.includes('\u0000') ? value : refuse(place)),
};

export const int64: Field<Int64 | undefined> = {
  read(value, place) {
    if (isAbsent(value)) return undefined;
    const number = typeof value === 'string' ? (parseInt64(value) ?? parseWhole(value)) : typeof value === 'number' || typeof value === 'bigint' ? toInt64(value) : undefined;
    return number ?? refuse(place);
  },
};

/** R writes 100000 as 1e+05. */
function parseWhole(text: string): Int64 | undefined {
  return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? toInt64(Number(text)) : undefined;
}

const int32: Field<number | undefined> = {
  read(value, place) {
    const number = int64.read(value, place);
    return typeof number === 'number' && Math.abs(number) < 2 ** 31 ? number : number === undefined ? undefined : refuse(place);
  },
};

const NAMED_NUMBERS: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity: Number.POSITIVE_INFINITY, '-Infinity': Number.NEGATIVE_INFINITY };

export const double: Field<number | undefined> = {
  read(value, place) {
    if (isAbsent(value)) return undefined;
    if (typeof value === 'number') return value;
    if (typeof value === 'bigint') return Number(value);
    if (typeof value !== 'string') return refuse(place);
    const number = NAMED_NUMBERS[value] ?? (/^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(value) ? Number(value) : undefined);
    return number ?? refuse(place);
  },
};

export const flag: Field<boolean | undefined> = {
  read(value, place) {
    if (isAbsent(value)) return undefined;
    if (value === true || value === 'true') return true;
    return value === false || value === 'false' ? false : refuse(place);
  },
};

/** One of the names, or its number in the protocol: the first one is 1. */
export function oneOf<T extends string>(names: readonly T[]): Field<T | undefined> {
  return {
    read(value, place) {
      if (isAbsent(value)) return undefined;
      const found = names.find((name, index) => name === value || index + 1 === value || String(index + 1) === value);
      return found ?? refuse(place);
    },
  };
}

export function message<F extends Fields>(fields: F): Field<MessageOf<F> | undefined> {
  return { read: (value, place) => (isAbsent(value) ? undefined : typeof value === 'object' && !Array.isArray(value) ? readMessage(fields, value as Record<string, unknown>, place) : refuse(place)) };
}

/** An absent list is an empty one. */
export function list<T>(item: Field<T | undefined>): Field<readonly T[]> {
  return {
    repeated: true,
    read(value, place) {
      if (isAbsent(value)) return [];
      if (!Array.isArray(value)) return refuse(place);
      return value.map((one: unknown, key) => item.read(one, { key, parent: place }) ?? refuse({ key, parent: place }));
    },
  };
}

/** Must be there; an empty string is not. */
export function required<T>(field: Field<T | undefined>): Field<T> {
  return {
    ...field,
    read(value, place) {
      const found = isAbsent(value) || value === '' ? undefined : field.read(value, place);
      if (found === undefined) throw new FieldProblem('missing', place);
      return found;
    },
  };
}

export function orElse<T>(field: Field<T | undefined>, absent: T): Field<T> {
  return { ...field, read: (value, place) => field.read(value, place) ?? absent };
}

/** A number of results from 1 to `most`; `rule` is what is said about more, as some of MLflow's calls do. */
export function results(most: number, absent: number, rule?: string): Field<number> {
  return {
    read(value, place) {
      const number = int32.read(value, place) ?? absent;
      if (number < 1) throw new FieldProblem('invalid', place, { value: number, rule: 'It must be a positive integer' });
      if (number > most) throw new FieldProblem('invalid', place, rule === undefined ? undefined : { value: number, rule });
      return number;
    },
  };
}
