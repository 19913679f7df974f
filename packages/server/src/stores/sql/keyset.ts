import { invalid } from '@trainyard/core/tracking/names.ts';
import { type RawBuilder, type SelectQueryBuilder, type SqlBool, sql } from 'kysely';
import type { Page } from '../tracking.ts';
import type { Database } from './database.ts';

/** One thing a list is sorted by; never null. The last term of a list must be unique. */
export interface SortTerm {
  readonly by: RawBuilder<unknown>;
  readonly type: 'text' | 'integer' | 'real';
  readonly ascending: boolean;
}

/** Where a row stands in a sorted list: a value for each term. */
export type Place = readonly unknown[];

interface PageRequest {
  readonly terms: readonly SortTerm[];
  readonly limit: number;
  readonly after?: string | undefined;
}

/** Text in order of code points, whatever the locale of the database. */
export function byCodePoint(kind: Database['kind'], text: RawBuilder<unknown>): RawBuilder<unknown> {
  return kind === 'postgresql' ? sql`${text} collate "C"` : text;
}

/** Sorts what is null behind everything else, in both directions. */
export function nullsLast(term: SortTerm): SortTerm[] {
  const zero = term.type === 'text' ? sql.lit('') : sql.lit(0);
  return [
    { by: sql`case when ${term.by} is null then 1 else 0 end`, type: 'integer', ascending: true },
    { ...term, by: sql`coalesce(${term.by}, ${zero})` },
  ];
}

/**
 * One page of a sorted query. The token of the next page holds the place of the last row, not a count of rows: what comes or
 * goes between two pages neither repeats nor hides others, and a late page costs what the first one does.
 */
export async function keysetPage<DB, TB extends keyof DB, O>(query: SelectQueryBuilder<DB, TB, O>, request: PageRequest): Promise<Page<O>> {
  const { terms, limit, after } = request;
  let sorted = query.select(placeColumns(terms));
  if (after !== undefined) sorted = sorted.where(isAfter(terms, readToken(after, terms)));
  for (const term of terms) sorted = sorted.orderBy(term.by, term.ascending ? 'asc' : 'desc');
  const rows = await sorted.limit(limit + 1).execute();
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return { items: rows.slice(0, limit) as O[], next: last === undefined ? undefined : writeToken(placeOf(last, terms)) };
}

/** Selects the place of each row; `placeOf` reads it. */
export function placeColumns(terms: readonly SortTerm[]) {
  return terms.map((term, index) => (term.type === 'integer' ? sql<string>`cast(${term.by} as text)` : sql<string | number>`${term.by}`).as(`sort_${index}`));
}

/** Of a row with the columns of `placeColumns`. */
export function placeOf(row: unknown, terms: readonly SortTerm[]): Place {
  return terms.map((term, index) => {
    const value = (row as Record<string, unknown>)[`sort_${index}`];
    return term.type === 'integer' ? BigInt(value as string) : value;
  });
}

export function orderOf(terms: readonly SortTerm[]): RawBuilder<unknown> {
  return sql.join(terms.map((term) => (term.ascending ? sql`${term.by} asc` : sql`${term.by} desc`)));
}

/** `(a, b, c) > (x, y, z)` with a direction for each. */
export function isAfter(terms: readonly SortTerm[], place: Place): RawBuilder<SqlBool> {
  const cases = terms.map((term, index) => {
    const same = terms.slice(0, index).map((before, at) => sql<SqlBool>`${before.by} = ${place[at]}`);
    const beyond = term.ascending ? sql<SqlBool>`${term.by} > ${place[index]}` : sql<SqlBool>`${term.by} < ${place[index]}`;
    return sql<SqlBool>`(${sql.join([...same, beyond], sql` and `)})`;
  });
  const [first] = terms;
  if (first === undefined) return sql<SqlBool>`true`;
  // says nothing new, but an index over the first term then begins to read here: no database finds that out from an OR
  const from = first.ascending ? sql<SqlBool>`${first.by} >= ${place[0]}` : sql<SqlBool>`${first.by} <= ${place[0]}`;
  return sql<SqlBool>`(${from} and (${sql.join(cases, sql` or `)}))`;
}

/** An int64 travels as its digits. */
export function writeToken(place: Place): string {
  return Buffer.from(JSON.stringify(place.map((value) => (typeof value === 'bigint' ? String(value) : value)))).toString('base64url');
}

/** INVALID_TRACKING_VALUE for what is no place among these terms. */
export function readToken(token: string, terms: readonly SortTerm[]): Place {
  const place = parseToken(token);
  if (!Array.isArray(place) || place.length !== terms.length) throw badToken();
  return terms.map((term, index) => readValue(place[index], term.type));
}

/** Undefined for what is no token at all. */
export function parseToken(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch {
    return undefined;
  }
}

function readValue(value: unknown, type: SortTerm['type']): unknown {
  if (type === 'integer' && typeof value === 'string' && /^-?\d{1,19}$/.test(value)) return BigInt(value);
  if (type === 'real' && typeof value === 'number') return value;
  if (type === 'text' && typeof value === 'string') return value;
  throw badToken();
}

export function badToken(): Error {
  return invalid('Invalid page token, could not base64-decode');
}
