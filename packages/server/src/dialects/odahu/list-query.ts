import { TrainyardError } from '@trainyard/core/errors.ts';
import type { QueryField } from './route.ts';

export interface ListQuery<Filter extends string> {
  readonly offset: number;
  /** All when absent. */
  readonly limit: number | undefined;
  /** Any of the values; undefined: all. */
  readonly filters: Readonly<Record<Filter, readonly string[] | undefined>>;
}

/** ODAHU's, for a page without a size. */
const DEFAULT_SIZE = 500;
const INTEGER = /^[+-]?\d+$/;
/** As large as the offset of a database may be. */
const MAX_ROWS = 2 ** 31 - 1;

export const PAGING = {
  size: { type: 'integer', text: 'Items on a page; everything when neither size nor page is given' },
  page: { type: 'integer', text: 'Number of the page, from 0' },
} as const satisfies Record<string, QueryField>;

/** `size`, `page` and the named filters. Throws INVALID_FIELDS in ODAHU's words. */
export function readListQuery<Filter extends string>(query: unknown, names: readonly Filter[]): ListQuery<Filter> {
  const given = query as Readonly<Record<string, string | string[]>>;
  const unknown = Object.keys(given).find((name) => !(name in PAGING) && !names.some((one) => one === name));
  if (unknown !== undefined) throw refused(`cannot find ${unknown} url parameter`);
  const [size, page] = [countOf(given, 'size'), countOf(given, 'page')];
  const filters = Object.fromEntries(names.map((name) => [name, valuesOf(given[name])])) as ListQuery<Filter>['filters'];
  if (size === undefined && page === undefined) return { offset: 0, limit: undefined, filters };
  const limit = size ?? DEFAULT_SIZE;
  return { offset: Math.min(limit * (page ?? 0), MAX_ROWS), limit, filters };
}

function valuesOf(given: string | string[] | undefined): readonly string[] | undefined {
  const values = given === undefined ? [] : [given].flat();
  return values.length === 0 || (values.length === 1 && values[0] === '*') ? undefined : values;
}

function countOf(given: Readonly<Record<string, string | string[]>>, name: 'size' | 'page'): number | undefined {
  const text = given[name];
  if (text === undefined) return undefined;
  if (Array.isArray(text)) throw refused(`the ${name} URL parameter must be only one`);
  if (!INTEGER.test(text)) throw refused(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw refused(`strconv.Atoi: parsing ${JSON.stringify(text)}: value out of range`);
  if (value < 0) throw refused(`the ${name} URL parameter must not be negative`);
  return Math.min(value, MAX_ROWS);
}

function refused(problem: string): TrainyardError {
  return new TrainyardError('INVALID_FIELDS', { problem });
}
