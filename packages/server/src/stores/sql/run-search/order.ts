import type { SortKey, Test } from '@trainyard/core/tracking/filter/condition.ts';
import type { RunColumn } from '@trainyard/core/tracking/filter/searches.ts';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database.ts';
import { byCodePoint, nullsLast, type Place, type SortTerm } from '../keyset.ts';
import { fence, pairTable, type RunCondition } from './conditions.ts';

/** What runs are sorted by, and what has to be joined to `tracking_runs` for that. */
export interface RunOrder {
  readonly terms: readonly SortTerm[];
  readonly joins: RawBuilder<unknown>;
}

/** Something else than an attribute: it has two terms, a rank and a value. */
export interface ValueKey extends SortKey<RunColumn> {
  readonly subject: { readonly entity: 'metric' | 'param' | 'tag'; readonly key: string };
}

/** Runs that have the same two terms of a key. */
export interface RunGroup {
  readonly place: Place;
  /** What makes a run a member; the conditions of the search do when absent. */
  readonly condition?: RunCondition;
  /** Nobody has counted them. */
  readonly mayBeSmall?: boolean;
}

export const id: SortTerm = { by: sql.ref('tracking_runs.id'), type: 'text', ascending: true };
const latestFirst: SortTerm = { by: sql.ref('tracking_runs.start_time'), type: 'integer', ascending: false };

/**
 * The terms of the keys, then the latest start, then the id. In both directions come first runs with a number (rank 0), then NaN
 * (rank 1), then those without the metric (rank 2); with the param or tag (0), then without it (1). `by` is as for `meets`.
 */
export function runOrder(kind: Database['kind'], keys: readonly SortKey<RunColumn>[], by: 'each' | 'all'): RunOrder {
  const sorted = keys.map((key, index) => sorter(kind, key, { alias: `sorted_by_${index}`, by }));
  const byStart = keys.some(({ subject }) => subject.entity === 'attribute' && subject.column === 'start_time');
  return { terms: [...sorted.flatMap((one) => one.terms), ...(byStart ? [] : [latestFirst]), id], joins: sql.join(sorted.map((one) => one.join ?? sql``), sql``) };
}

interface Sorter {
  readonly terms: readonly SortTerm[];
  readonly join?: RawBuilder<unknown>;
}

interface JoinAs {
  readonly alias: string;
  readonly by: 'each' | 'all';
}

function sorter(kind: Database['kind'], key: SortKey<RunColumn>, as: JoinAs): Sorter {
  const { subject, ascending } = key;
  if (subject.entity === 'attribute') {
    const by = sql.ref(`tracking_runs.${subject.column}`);
    if (subject.column === 'end_time') return { terms: nullsLast({ by, type: 'integer', ascending }) };
    return { terms: [subject.column === 'start_time' ? { by, type: 'integer', ascending } : { by: byCodePoint(kind, by), type: 'text', ascending }] };
  }
  const value = sql.ref(`${as.alias}.value`);
  const table = subject.entity === 'metric' ? sql.table('metric_series') : pairTable(subject.entity === 'param' ? 'param' : 'tag');
  const join = kind === 'postgresql' && as.by === 'each' ? lateral(table, subject.key, as) : sql` left join ${table} as ${sql.ref(as.alias)} on ${sql.ref(`${as.alias}.run_id`)} = tracking_runs.id and ${sql.ref(`${as.alias}.key`)} = ${subject.key}`;
  if (subject.entity !== 'metric') return { join, terms: nullsLast({ by: byCodePoint(kind, value), type: 'text', ascending }) };
  const rank = sql`coalesce(${sql.ref(`${as.alias}.is_nan`)}, 2)`;
  return { join, terms: [{ by: rank, type: 'integer', ascending: true }, { by: sql`coalesce(${value}, 0)`, type: 'real', ascending }] };
}

function lateral(table: RawBuilder<unknown>, key: string, { alias, by }: JoinAs): RawBuilder<unknown> {
  return sql` left join lateral (select * from ${table} t where t.run_id = tracking_runs.id and t.key = ${key}${fence(by)}) as ${sql.ref(alias)} on true`;
}

export function isValueKey(key: SortKey<RunColumn>): key is ValueKey {
  return key.subject.entity !== 'attribute' && key.subject.entity !== 'dataset';
}

/** The one group all runs are in that meet the conditions, when these say what the value is. */
export function settledGroup(key: ValueKey, conditions: readonly RunCondition[]): RunGroup | undefined {
  for (const test of testsOf(key, conditions)) {
    if (test.operator === '=') return { place: [0n, 'text' in test ? test.text : test.number] };
    if (test.operator === 'IS NULL') return { place: missing(key).place };
  }
  return undefined;
}

/** The groups behind the values that are walked through. None for what the conditions leave out. */
export function groupsBehind(key: ValueKey, conditions: readonly RunCondition[]): RunGroup[] {
  const tests = testsOf(key, conditions);
  // a condition holds for no run without the value, and only != for one that is NaN
  const mayBeNan = key.subject.entity === 'metric' && tests.every((test) => test.operator === '!=');
  return [...(mayBeNan ? [{ place: [1n, 0], condition: { nan: key.subject.key }, mayBeSmall: true }] : []), ...(tests.length === 0 ? [missing(key)] : [])];
}

function missing({ subject }: ValueKey): RunGroup {
  const place: Place = subject.entity === 'metric' ? [2n, 0] : [1n, ''];
  return { place, condition: { subject, test: { operator: 'IS NULL' } } };
}

function testsOf({ subject }: ValueKey, conditions: readonly RunCondition[]): Test[] {
  return conditions.flatMap((one) => ('test' in one && one.subject.entity === subject.entity && one.subject.key === subject.key ? one.test : []));
}
