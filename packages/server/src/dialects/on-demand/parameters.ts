import { MAX_NOTEBOOK_PARAMETER_BYTES } from '@trainyard/core/training/notebook.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';

/** A number with more digits than a double holds, kept as it was written. */
class WrittenNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** JSON whose large numbers keep their digits. Throws SyntaxError. */
export function parseRequest(text: string): unknown {
  return JSON.parse(text, (_key: string, value: unknown, context?: { readonly source?: string }) => {
    const source = context?.source;
    return typeof value === 'number' && source !== undefined && losesDigits(value, source) ? new WrittenNumber(source) : value;
  });
}

/**
 * The parameters as the widgets of a notebook see them: text. Text as it is, numbers and booleans as JSON writes them, lists and
 * objects as compact JSON; null is a parameter that was not given. Throws INVALID_FIELDS, TOO_LARGE.
 */
export function toWidgetTexts(parameters: unknown): Record<string, string> {
  if (parameters === undefined || parameters === null) return {};
  if (typeof parameters !== 'object' || Array.isArray(parameters) || parameters instanceof WrittenNumber) throw new TrainyardError('INVALID_FIELDS', { problem: `parameters must be an object, found ${nameOfType(parameters)}` });
  const texts = Object.entries(parameters).flatMap(([name, value]) => (value === null ? [] : [[name, textOf(value)] as const]));
  if (texts.some(([name]) => name === '')) throw new TrainyardError('INVALID_FIELDS', { problem: 'a parameter has an empty name' });
  const widgets = Object.fromEntries(texts);
  if (Buffer.byteLength(JSON.stringify(widgets)) > MAX_NOTEBOOK_PARAMETER_BYTES) throw new TrainyardError('TOO_LARGE', { what: 'the parameters of a notebook, as JSON,', limit: MAX_NOTEBOOK_PARAMETER_BYTES });
  return widgets;
}

/** What a JSON value is called in a message. */
export function nameOfType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return value instanceof WrittenNumber ? 'a number' : 'an object';
  return typeof value === 'string' ? 'text' : `a ${typeof value}`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : jsonOf(value);
}

/** JSON.stringify, but with the digits of the numbers that would lose some. */
function jsonOf(value: unknown): string {
  if (value instanceof WrittenNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(',')}]`;
  if (typeof value === 'object' && value !== null) return `{${Object.entries(value).map(([name, inner]) => `${JSON.stringify(name)}:${jsonOf(inner)}`).join(',')}}`;
  return JSON.stringify(value);
}

/** 1.0 is 1 and loses nothing; 12345678901234567890 and 1e999 would be another number. */
function losesDigits(value: number, source: string): boolean {
  return !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(source));
}
