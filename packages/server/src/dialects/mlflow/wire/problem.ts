import { type FieldProblem, pathOf, type Place } from './fields.ts';
import { parseWritten, WrittenNumber } from './parse-json.ts';

const SEE = 'See the API docs for more information about request parameters.';
const MAX_SHOWN = 500;

/** The sentence for a field that is wrong, with its value as the caller wrote it: a 9.0 is not shown as 9. */
export function problemText(problem: FieldProblem, body: string | undefined, query: Readonly<Record<string, unknown>>): string {
  const path = pathOf(problem.place);
  if (problem.kind === 'missing') return `Missing value for required parameter '${path}'. ${SEE}`;
  if (problem.range !== undefined) return `Invalid value ${problem.range.value} for parameter '${path}' supplied. ${problem.range.rule}`;
  const value = valueAt(body === undefined ? query : parseWritten(body), problem.place) ?? valueAt(query, problem.place);
  return `Invalid value ${shown(value)} for parameter '${path}' supplied:  Hint: Value was of type '${typeName(value)}'. ${SEE}`;
}

function valueAt(root: unknown, place: Place): unknown {
  const holder = place.parent === undefined ? root : valueAt(root, place.parent);
  if (typeof holder !== 'object' || holder === null || holder instanceof WrittenNumber) return undefined;
  return Object.hasOwn(holder, place.key) ? (holder as Record<string | number, unknown>)[place.key] : undefined;
}

/** JSON with sorted keys and without blanks. */
function shown(value: unknown): string {
  const json = jsonOf(value);
  return json.length > MAX_SHOWN ? `${json.slice(0, MAX_SHOWN)}...` : json;
}

function jsonOf(value: unknown): string {
  if (value instanceof WrittenNumber) return value.source;
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${jsonOf(field)}`).join(',')}}`;
}

function typeName(value: unknown): string {
  if (value instanceof WrittenNumber) return /^-?\d+$/.test(value.source) ? 'int' : 'float';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'string') return 'str';
  if (typeof value === 'boolean') return 'bool';
  return value === null || value === undefined ? 'NoneType' : 'dict';
}
