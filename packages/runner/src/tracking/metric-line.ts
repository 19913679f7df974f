/** One value of a metric as MLflow's API takes it; NaN and infinities go as text. */
export interface Metric {
  readonly key: string;
  readonly value: number | 'NaN' | 'Infinity' | '-Infinity';
  readonly timestamp: number;
  readonly step: number;
}

/** What is wrong with a line. */
export class BadMetricLine extends Error {
  override readonly name = 'BadMetricLine';
}

const KEY = /^[\w./ :-]{1,250}$/u;
const PLAIN = /^(.+?)\s*=\s*(\S+)(?:\s+step\s*=\s*(\S+))?$/;
/** As Python, Java and JavaScript print them. */
const NOT_A_NUMBER = /^[+-]?nan$/i;
const INFINITE = /^([+-]?)inf(inity)?$/i;
/** Python's json writes these bare, which is no JSON. */
const BARE = /([:\s])(NaN|-?Infinity)(?=\s*[,}])/g;

/**
 * Reads `{"key": …, "value": …, "step"?: …, "timestamp"?: …}` or `key=value[ step=N]`; undefined for an empty line.
 * Throws BadMetricLine.
 */
export function parseMetricLine(line: string, now: number): Metric | undefined {
  const text = line.trim();
  if (text === '') return undefined;
  const { key, value, step = 0, timestamp = now } = text.startsWith('{') ? parseJson(text) : parsePlain(text);
  if (typeof key !== 'string' || !KEY.test(key)) throw new BadMetricLine(`its key ${show(key)} is not a name of 1 to 250 letters, digits, '_', '-', '.', '/', ':' or blanks`);
  return { key, value: numberOf(value), timestamp: wholeNumber('timestamp', timestamp), step: wholeNumber('step', step) };
}

interface Fields {
  readonly key?: unknown;
  readonly value?: unknown;
  readonly step?: unknown;
  readonly timestamp?: unknown;
}

function parseJson(text: string): Fields {
  try {
    return JSON.parse(text.replace(BARE, '$1"$2"')) as Fields;
  } catch (error) {
    throw new BadMetricLine('it is no JSON', { cause: error });
  }
}

function parsePlain(text: string): Fields {
  const [, key, value, step] = PLAIN.exec(text) ?? [];
  if (key === undefined) throw new BadMetricLine('it is neither JSON nor key=value');
  return { key, value, step };
}

function numberOf(value: unknown): Metric['value'] {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '';
  if (NOT_A_NUMBER.test(text)) return 'NaN';
  const infinite = INFINITE.exec(text);
  if (infinite !== null) return infinite[1] === '-' ? '-Infinity' : 'Infinity';
  const number = Number(text);
  if (text === '' || Number.isNaN(number)) throw new BadMetricLine(`its value ${show(value)} is not a number`);
  return Number.isFinite(number) ? number : number > 0 ? 'Infinity' : '-Infinity';
}

function wholeNumber(name: string, value: unknown): number {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
  throw new BadMetricLine(`its ${name} ${show(value)} is not a whole number`);
}

function show(value: unknown): string {
  return value === undefined ? '(missing)' : JSON.stringify(value).slice(0, 80);
}
