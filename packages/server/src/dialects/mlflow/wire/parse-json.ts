import { parseInt64 } from '@trainyard/core/tracking/int64.ts';

/**
 * Reads JSON as MLflow's server does: integers keep all their digits (bigint beyond 2^53), and the bare words NaN, Infinity and
 * -Infinity, which Python writes, are numbers. Undefined for what is no JSON.
 */
export function parseJson(text: string): unknown {
  // the fast way is exact as long as no integer is long; the digits behind a point are a double's
  if (!/(?<![\d.])\d{16}/.test(text)) {
    try {
      return JSON.parse(text);
    } catch {
      // maybe a bare NaN: the slow way knows
    }
  }
  return read(text, (source) => parseInt64(source) ?? Number(source));
}

/** A number as it was written: `9.0` is not `9` in an error message. */
export class WrittenNumber {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

/** As `parseJson`, with every number as it was written. */
export function parseWritten(text: string): unknown {
  return read(text, (source) => new WrittenNumber(source));
}

class Malformed extends Error {}

const BLANK = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null|NaN|-?Infinity/y;
/** Deeper than any call of MLflow, shallower than the stack. */
const MAX_DEPTH = 100;

function read(text: string, number: (source: string) => unknown): unknown {
  try {
    const reader = new Reader(text, number);
    return reader.document();
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

class Reader {
  readonly #text: string;
  readonly #number: (source: string) => unknown;
  #at = 0;

  constructor(text: string, number: (source: string) => unknown) {
    this.#text = text;
    this.#number = number;
  }

  document(): unknown {
    const value = this.#value(0);
    if (this.#at < this.#text.length) throw new Malformed();
    return value;
  }

  #value(depth: number): unknown {
    if (depth > MAX_DEPTH) throw new Malformed();
    this.#match(BLANK);
    const value = this.#bare(depth);
    this.#match(BLANK);
    return value;
  }

  #bare(depth: number): unknown {
    if (this.#takes('{')) return this.#object(depth);
    if (this.#takes('[')) return this.#list(depth);
    const word = this.#match(WORD);
    if (word !== '') return wordValue(word, this.#number);
    if (this.#text[this.#at] === '"') return this.#string();
    const number = this.#match(NUMBER);
    if (number === '') throw new Malformed();
    return this.#number(number);
  }

  #object(depth: number): unknown {
    const object: Record<string, unknown> = {};
    this.#match(BLANK);
    if (this.#takes('}')) return object;
    do {
      this.#match(BLANK);
      const key = this.#string();
      this.#match(BLANK);
      if (!this.#takes(':')) throw new Malformed();
      // not by assignment: `__proto__` is a name like others here
      Object.defineProperty(object, key, { value: this.#value(depth + 1), enumerable: true, configurable: true, writable: true });
    } while (this.#takes(','));
    if (!this.#takes('}')) throw new Malformed();
    return object;
  }

  #list(depth: number): unknown {
    const list: unknown[] = [];
    this.#match(BLANK);
    if (this.#takes(']')) return list;
    do list.push(this.#value(depth + 1));
    while (this.#takes(','));
    if (!this.#takes(']')) throw new Malformed();
    return list;
  }

  /** No pattern: one that repeats a choice keeps its place for every character, and the stack ends before a profile of 16 MB does. */
  #string(): string {
    const start = this.#at;
    if (!this.#takes('"')) throw new Malformed();
    do {
      const quote = this.#text.indexOf('"', this.#at);
      if (quote < 0) throw new Malformed();
      this.#at = quote + 1;
    } while (isEscaped(this.#text, this.#at - 1));
    return parseString(this.#text.slice(start, this.#at));
  }

  #takes(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }
}

function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text[first - 1] === '\\') first--;
  return (at - first) % 2 === 1;
}

function parseString(source: string): string {
  try {
    return JSON.parse(source) as string;
  } catch {
    throw new Malformed();
  }
}

function wordValue(word: string, number: (source: string) => unknown): unknown {
  switch (word) {
    case 'true':
      return true;
    case 'false':
      return false;
    case 'null':
      return null;
    default:
      return number(word);
  }
}
