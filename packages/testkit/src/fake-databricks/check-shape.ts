import { ApiProblem } from './api-problem.ts';

/** Answers what is wrong with a value, or undefined. */
export type Check = (value: unknown, at: string) => string | undefined;

export const isText: Check = (value, at) => (typeof value === 'string' ? undefined : `${at}: expected a string`);
export const isFlag: Check = (value, at) => (typeof value === 'boolean' ? undefined : `${at}: expected a boolean`);
/** A number on the wire, as the typed services behind the API want it: "3600" is none. */
export const isInteger: Check = (value, at) => (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value)) ? undefined : `${at}: expected an integer`);
export const isAnything: Check = () => undefined;
export const isTextMap: Check = (value, at) => firstOf(entriesOf(value, at), ([name, item]) => isText(item, `${at}.${name}`));

export function isOneOf(...words: readonly string[]): Check {
  return (value, at) => (typeof value === 'string' && words.includes(value) ? undefined : `${at}: expected one of ${words.join(', ')}`);
}

export function isListOf(check: Check): Check {
  return (value, at) => (Array.isArray(value) ? firstOf(value.map((item, index) => [String(index), item] as const), ([index, item]) => check(item, `${at}[${index}]`)) : `${at}: expected an array`);
}

/** An object of these fields and no others. */
export function isObject(fields: Readonly<Record<string, Check>>, required: readonly string[] = []): Check {
  return (value, at) => {
    const entries = entriesOf(value, at);
    if (typeof entries === 'string') return entries;
    const names = entries.map(([name]) => name);
    const lacking = required.find((name) => !names.includes(name));
    if (lacking !== undefined) return `${at}.${lacking} is required`;
    return firstOf(entries, ([name, item]) => (Object.hasOwn(fields, name) ? fields[name]?.(item, `${at}.${name}`) : `${at}.${name} is not a field of this request`));
  };
}

/** Throws the API's answer to a request that is not of the form. */
export function assertShape(value: unknown, check: Check): void {
  const problem = check(value, 'request');
  if (problem !== undefined) throw new ApiProblem(400, 'MALFORMED_REQUEST', `Could not parse request object: ${problem}`);
}

function entriesOf(value: unknown, at: string): [string, unknown][] | string {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : `${at}: expected an object`;
}

function firstOf<T>(items: readonly T[] | string, check: (item: T) => string | undefined): string | undefined {
  if (typeof items === 'string') return items;
  for (const item of items) {
    const problem = check(item);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
