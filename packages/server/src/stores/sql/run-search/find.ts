import type { SortKey } from '@trainyard/core/tracking/filter/condition.ts';
import type { RunColumn } from '@trainyard/core/tracking/filter/searches.ts';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { among } from '../metrics/among.ts';
import { isAfter, orderOf, type Place, placeColumns, placeOf } from '../keyset.ts';
import { fence, meets, type RunCondition } from './conditions.ts';
import { groupsBehind, isValueKey, type RunGroup, runOrder, settledGroup, type ValueKey } from './order.ts';
import { type Bounds, nextLook } from './pace.ts';
import { freely } from './planner.ts';
import { allRuns, indexedRuns, indexedText, isWholeValue, type SearchScope, smallest } from './sets.ts';
import { MAX_WALKED, type Walk, walkByMetric, walkByPair, walkByStart } from './walks.ts';

export interface FindScope extends SearchScope {
  readonly bounds: Bounds;
}

export interface Question {
  readonly conditions: readonly RunCondition[];
  readonly keys: readonly SortKey<RunColumn>[];
  readonly after: Place | undefined;
  readonly limit: number;
}

/** A run and its place among the terms of `runOrder`. */
export interface Found {
  readonly id: string;
  readonly place: Place;
}

/** A set that is not worth more counting: all runs are looked at instead. */
const MOST_COUNTED = 20_000;

/**
 * The first runs of an order that meet the conditions. Each way there answers the same: looking at a small set that an index
 * knows as a whole, walking along an index in the order that is asked for, or looking at all runs.
 */
export async function findRuns(scope: FindScope, question: Question): Promise<readonly Found[]> {
  const sets = question.conditions.flatMap((one) => indexedRuns(scope, one) ?? []);
  const small = await smallest(scope, [...sets, allRuns(scope)], scope.bounds.few);
  if (small !== undefined) return look(scope, question, small);
  return (await walkTo(scope, question)) ?? lookAtAll(scope, question, sets);
}

/** Undefined when there is no index in this order, or the runs are too rare or too far away to be found along it. */
async function walkTo(scope: FindScope, question: Question): Promise<readonly Found[] | undefined> {
  const [key, ...others] = question.keys;
  if (question.limit > scope.bounds.most || scope.experimentIds.length > MAX_WALKED) return undefined;
  if (key === undefined || (key.subject.entity === 'attribute' && key.subject.column === 'start_time' && others.length === 0)) {
    return walkAlong(scope, question, walkByStart(scope, { conditions: question.conditions, ascending: key?.ascending ?? false, after: question.after }));
  }
  if (!isValueKey(key)) return undefined;
  const settled = settledGroup(key, question.conditions);
  return settled === undefined ? walkByValues(scope, question, key) : findGroup(scope, question, settled);
}

async function walkByValues(scope: FindScope, question: Question, key: ValueKey): Promise<readonly Found[] | undefined> {
  const found: Found[] = [];
  if (question.after === undefined || question.after[0] === 0n) {
    const numbers = await walkAlong(scope, question, valueWalk(scope, question, key), key);
    if (numbers === undefined) return undefined;
    found.push(...numbers);
  }
  for (const group of groupsBehind(key, question.conditions)) {
    if (found.length >= question.limit) break;
    const members = await findGroup(scope, { ...question, limit: question.limit - found.length }, group);
    if (members === undefined) return undefined;
    found.push(...members);
  }
  return found;
}

function valueWalk(scope: FindScope, { conditions, after }: Question, { subject, ascending }: ValueKey): Walk {
  const from = after?.[1] as string | number | undefined;
  if (subject.entity === 'metric') {
    const own = conditions.filter((one) => 'subject' in one && one.subject.entity === 'metric' && one.subject.key === subject.key);
    return walkByMetric(scope, { key: subject.key, conditions: own }, { ascending, from, few: scope.bounds.few });
  }
  return walkByPair(scope, { entity: subject.entity, key: subject.key }, { ascending, from: from === undefined ? undefined : indexedText(String(from)), few: scope.bounds.few });
}

async function walkAlong(scope: FindScope, question: Question, walk: Walk, key?: ValueKey): Promise<readonly Found[] | undefined> {
  const found: Found[] = [];
  let seen = 0;
  for (;;) {
    const entries = nextLook({ seen, found: found.length, wanted: question.limit, filtered: question.conditions.length > 0 }, scope.bounds);
    if (entries === undefined) return undefined;
    const { ids, crowd, atEnd } = await walk.next(entries);
    const rest = { ...question, limit: question.limit - found.length };
    const members = crowd === undefined || key === undefined ? await look(scope, rest, listed(scope, ids)) : await findCrowd(scope, rest, { key, value: crowd });
    if (members === undefined) return undefined;
    found.push(...members);
    seen += ids.length;
    if (found.length >= question.limit || atEnd) return found;
  }
}

/** Many runs of one value are an order of their own. */
async function findCrowd(scope: FindScope, question: Question, { key, value }: { readonly key: ValueKey; readonly value: string | number }): Promise<readonly Found[] | undefined> {
  if (typeof value === 'string' && !isWholeValue(value)) return undefined;
  const condition: RunCondition = typeof value === 'string' ? { subject: key.subject, test: { operator: '=', text: value } } : { subject: key.subject, test: { operator: '=', number: value } };
  return findGroup(scope, question, { place: [0n, value], condition });
}

/** The runs of one group, by the keys behind the one that made the group. */
async function findGroup(scope: FindScope, question: Question, group: RunGroup): Promise<readonly Found[] | undefined> {
  const { after, conditions } = question;
  const [rank, value] = group.place;
  if (after !== undefined && (after[0] as bigint) > (rank as bigint)) return [];
  const inside = after !== undefined && after[0] === rank && after[1] === value;
  const members: Question = { ...question, conditions: group.condition === undefined ? conditions : [...conditions, group.condition], keys: question.keys.slice(1), after: inside ? after.slice(2) : undefined };
  const set = group.mayBeSmall === true && group.condition !== undefined ? indexedRuns(scope, group.condition) : undefined;
  const small = set === undefined ? undefined : await smallest(scope, [set], scope.bounds.few);
  const found = small === undefined ? await walkTo(scope, members) : await look(scope, members, small);
  return found?.map((one) => ({ id: one.id, place: [...group.place, ...one.place] }));
}

/** Asks everything of the runs of one set, each for itself. */
function look(scope: FindScope, question: Question, set: RawBuilder<unknown>): Promise<readonly Found[]> {
  // a fence again, and SQLite's: it reads the left side of a CROSS JOIN first
  const each = scope.kind === 'postgresql' ? sql`lateral (select * from tracking_runs where id = among.run_id${fence('each')}) as tracking_runs` : sql`tracking_runs`;
  return ask(scope, question, { from: sql`(${set}) as among cross join ${each}`, where: [sql<SqlBool>`tracking_runs.id = among.run_id`], by: 'each' });
}

/** Asks everything of all runs, or of a set that is not small, but smaller than all. */
async function lookAtAll(scope: FindScope, question: Question, sets: readonly RawBuilder<unknown>[]): Promise<readonly Found[]> {
  const least = await smallest(scope, sets, MOST_COUNTED);
  if (least !== undefined) return look(scope, question, least);
  return freely(scope, () => ask(scope, question, { from: sql`tracking_runs`, where: [], by: 'all' }));
}

interface Source {
  readonly from: RawBuilder<unknown>;
  readonly where: readonly RawBuilder<SqlBool>[];
  readonly by: 'each' | 'all';
}

async function ask({ kind, read, experimentIds, stage }: FindScope, question: Question, { from, where, by }: Source): Promise<readonly Found[]> {
  const { terms, joins } = runOrder(kind, question.keys, by);
  const asked = [
    ...where,
    among(kind, 'tracking_runs.experiment_id', experimentIds),
    ...(stage === undefined ? [] : [sql`lifecycle_stage = ${stage}`]),
    ...question.conditions.map((one) => meets(kind, one, by)),
    ...(question.after === undefined ? [] : [isAfter(terms, question.after)]),
  ];
  const { rows } = await sql<{ id: string }>`
    select tracking_runs.id as id, ${sql.join(placeColumns(terms))} from ${from}${joins}
    where ${sql.join(asked, sql` and `)} order by ${orderOf(terms)} limit ${question.limit}`.execute(read);
  return rows.map((row) => ({ id: row.id, place: placeOf(row, terms) }));
}

function listed({ kind }: SearchScope, ids: readonly string[]): RawBuilder<unknown> {
  return kind === 'postgresql' ? sql`select unnest(cast(${ids} as text[])) as run_id` : sql`select value as run_id from json_each(${JSON.stringify(ids)})`;
}
