import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { RecordedCall } from './recorded-calls.ts';

/** An answer without what has to differ between two servers: ids, times, page tokens, random names. */
export interface Answer {
  readonly status: number;
  /** What JSON says; the text of anything else. */
  readonly body: unknown;
  /** Of downloads. */
  readonly headers?: Readonly<Record<string, unknown>>;
}

/** A server, and the token it asks for. */
export interface Target {
  readonly url: string;
  readonly token?: string;
}

/** Fields that only one of the servers has, whatever the call: see docs/reference/mlflow.md. */
const NOT_COMPARED = new Set(['workspace', 'sqlstate', 'error_class']);
/** And of versions of models, which are what has this field. */
const MARK_OF_VERSIONS = 'current_stage';
const NOT_COMPARED_OF_VERSIONS = new Set(['user_id']);
/** Lists without an order of their own. */
const SETS = new Set(['metrics', 'params', 'tags', 'latest_versions']);
const DOWNLOAD_HEADERS = ['content-type', 'content-disposition', 'x-content-type-options'];
/** Shorter values, such as ids of experiments, are the same on both. */
const MIN_REPLACED = 8;
/** Milliseconds of some day of this decade or later. */
const MIN_NOW = 1_600_000_000_000;

/** Sends the calls one after the other; what an answer had is put into later calls of the same file. */
export async function replay(calls: readonly RecordedCall[], target: Target): Promise<ReadonlyMap<string, Answer>> {
  const answers = new Map<string, Answer>();
  const variables = new Map<string, Map<string, string>>();
  for (const call of calls) {
    const file = call.name.slice(0, call.name.indexOf(':'));
    const known = variables.get(file) ?? new Map<string, string>();
    variables.set(file, known);
    answers.set(call.name, await send(call, target, known));
  }
  return answers;
}

async function send(call: RecordedCall, target: Target, known: Map<string, string>): Promise<Answer> {
  const filled = (text: string) => text.replace(/<(\w+)>/g, (whole, name: string) => known.get(name) ?? whole);
  const answer = await exchange(call, target, filled);
  const json = parse(answer.text);
  for (const [name, path] of Object.entries(call.keep)) {
    const value = at(json, path);
    if (typeof value === 'string') known.set(name, value);
  }
  if (json !== undefined) return { status: answer.status, body: normalised(json, known) };
  return { status: answer.status, body: replaced(answer.text, known), headers: Object.fromEntries(DOWNLOAD_HEADERS.map((name) => [name, answer.headers[name]])) };
}

interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** The path goes out as it is written: `fetch` would resolve `..` and its disguises by itself. */
function exchange(call: RecordedCall, target: Target, filled: (text: string) => string): Promise<RawAnswer> {
  const { hostname, port } = new URL(target.url);
  const body = call.body === undefined ? undefined : Buffer.from(filled(call.body));
  const headers = { ...(target.token === undefined ? {} : { authorization: `Bearer ${target.token}` }), ...(body === undefined ? {} : { 'content-type': call.contentType, 'content-length': body.length }) };
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method: call.method, path: filled(call.path), headers }, (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: answer }), reject);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

/** Integers that a double cannot hold are kept as their digits. */
function parse(text: string): unknown {
  try {
    return (JSON.parse as (json: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown) => unknown)(text, (_, value, { source }) =>
      typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source ?? '') ? `int64 ${source}` : value,
    );
  } catch {
    return undefined;
  }
}

function at(json: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], json);
}

function normalised(value: unknown, known: ReadonlyMap<string, string>, field = ''): unknown {
  if (field === 'next_page_token') return '<page token>';
  if (typeof value === 'string') return field === 'message' ? withSortedSets(replaced(value, known)) : replaced(value, known);
  if (typeof value === 'number' && /time/.test(field) && value > MIN_NOW) return '<time>';
  if (Array.isArray(value)) {
    const list = value.map((one) => normalised(one, known));
    return SETS.has(field) ? list.toSorted((a, b) => compare(keyOf(a), keyOf(b))) : list;
  }
  if (typeof value !== 'object' || value === null) return value;
  const isVersion = Object.hasOwn(value, MARK_OF_VERSIONS);
  const fields = Object.entries(value).filter(([name]) => !NOT_COMPARED.has(name) && !(isVersion && NOT_COMPARED_OF_VERSIONS.has(name)));
  return Object.fromEntries(fields.map(([name, one]) => [name, normalised(one, known, name)]));
}

function keyOf(value: unknown): string {
  const { key, version } = (value ?? {}) as { key?: unknown; version?: unknown };
  return String(key ?? version ?? '');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function replaced(text: string, known: ReadonlyMap<string, string>): string {
  let shown = /^[a-z]+-[a-z]+-\d+$/.test(text) ? '<random name>' : text;
  for (const [name, value] of known) if (value.length >= MIN_REPLACED) shown = shown.replaceAll(value, `<${name}>`);
  return shown.replace(/\b[0-9a-f]{32}\b/g, '<id>');
}

/** Python writes the sets in its messages in any order: `'{'b', 'a'}'`. */
function withSortedSets(message: string): string {
  return message.replace(/'?[[{]('[^'\]}]*'(?:, '[^'\]}]*')*)[\]}]'?/g, (_, list: string) => `[${list.split(', ').toSorted(compare).join(', ')}]`);
}
