import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { isAfter, orderOf, type Place, type SortTerm } from '../keyset.ts';
import { passesMetric } from '../passes.ts';
import { meets, pairTable, type RunCondition } from './conditions.ts';
import { id } from './order.ts';
import { indexedValue, type SearchScope } from './sets.ts';

/** The next runs of an order, as an index has them; whether they meet the conditions is not asked yet. */
export interface Look {
  /** No run behind these comes before one of them. */
  readonly ids: readonly string[];
  /** There is nothing behind these. */
  readonly atEnd: boolean;
  /** More runs than a look takes have this value, which is the next one; `ids` is empty, and the walk goes on behind them. */
  readonly crowd?: string | number | undefined;
}

/** Reads an index in its order. */
export interface Walk {
  next(entries: number): Promise<Look>;
}

/** More experiments are not walked through in one order: each adds a query to the statement. */
export const MAX_WALKED = 50;

interface StartWalk {
  readonly conditions: readonly RunCondition[];
  readonly ascending: boolean;
  /** Start time and id. */
  readonly after: Place | undefined;
}

/** Runs by start time, then id. Conditions on attributes are asked on the way: they are in the same row. */
export function walkByStart(scope: SearchScope, walk: StartWalk): Walk {
  const { kind, read, experimentIds, stage } = scope;
  const terms: SortTerm[] = [{ by: sql.ref('tracking_runs.start_time'), type: 'integer', ascending: walk.ascending }, id];
  const order = orderOf(terms);
  const asked = walk.conditions.flatMap((one) => ('subject' in one && one.subject.entity === 'attribute' ? meets(kind, one, 'each') : []));
  if (stage !== undefined) asked.push(sql<SqlBool>`lifecycle_stage = ${stage}`);
  let after = walk.after;
  return {
    async next(entries) {
      const where = [...asked, ...(after === undefined ? [] : [isAfter(terms, after)])].map((one) => sql` and ${one}`);
      const ofEach = experimentIds.map((experiment) => sql`select id, start_time from tracking_runs where experiment_id = ${experiment}${sql.join(where, sql``)} order by ${order} limit ${entries + 1}`);
      const { rows } = await sql<{ id: string; start: string }>`
        select id, cast(start_time as text) as start from (${together(ofEach)}) as tracking_runs order by ${order} limit ${entries + 1}`.execute(read);
      const taken = rows.slice(0, entries);
      const last = taken.at(-1);
      if (last !== undefined) after = [BigInt(last.start), last.id];
      return { ids: taken.map((row) => row.id), atEnd: rows.length <= entries };
    },
  };
}

interface ValueWalk {
  readonly ascending: boolean;
  /** Begins with this value. */
  readonly from: string | number | undefined;
  /** Runs of one value that a look takes before they are a crowd. */
  readonly few: number;
}

/** Runs by a metric that is a number; `conditions` are those on this metric. */
export function walkByMetric(scope: SearchScope, metric: { readonly key: string; readonly conditions: readonly RunCondition[] }, walk: ValueWalk): Walk {
  const asked = metric.conditions.flatMap((one) => ('subject' in one && one.test.operator !== 'IS NULL' ? sql` and ${passesMetric(sql.ref('m.value'), sql.ref('m.is_nan'), one.test)}` : []));
  const value = sql.ref('m.value');
  return walkByValue(scope, walk, (place, entries) =>
    together(
      scope.experimentIds.map(
        (experiment) =>
          sql`select m.value as value, m.run_id as run_id from metric_series m where m.experiment_id = ${experiment} and m.key = ${metric.key} and m.is_nan = 0${sql.join(asked, sql``)}${behind(value, walk, place)} order by ${value} ${direction(walk)} limit ${entries}`,
      ),
    ),
  );
}

/** Runs by the beginning of a param or tag, in order of code points; also those of other experiments. */
export function walkByPair(scope: SearchScope, pair: { readonly entity: 'param' | 'tag'; readonly key: string }, walk: ValueWalk): Walk {
  const value = indexedValue(scope.kind, 't');
  return walkByValue(scope, walk, (place, entries) => sql`select ${value} as value, t.run_id as run_id from ${pairTable(pair.entity)} t where t.key = ${pair.key}${behind(value, walk, place)} order by ${value} ${direction(walk)} limit ${entries}`);
}

interface ValuePlace {
  readonly value: string | number;
  readonly inclusive: boolean;
}

function walkByValue({ read }: SearchScope, walk: ValueWalk, entriesFrom: (place: ValuePlace | undefined, entries: number) => RawBuilder<unknown>): Walk {
  let place: ValuePlace | undefined = walk.from === undefined ? undefined : { value: walk.from, inclusive: true };
  async function next(entries: number): Promise<Look> {
    const { rows } = await sql<{ value: string | number; run_id: string }>`select value, run_id from (${entriesFrom(place, entries + 1)}) as entries order by value ${direction(walk)} limit ${entries + 1}`.execute(read);
    const beyond = rows[entries];
    if (beyond === undefined) return { ids: rows.map((row) => row.run_id), atEnd: true };
    // runs of one value come in an order of their own, so they are taken all or none
    const whole = rows.filter((row) => row.value !== beyond.value);
    const last = whole.at(-1);
    if (last === undefined && entries < walk.few) return next(walk.few);
    place = { value: last?.value ?? beyond.value, inclusive: false };
    return last === undefined ? { ids: [], atEnd: false, crowd: beyond.value } : { ids: whole.map((row) => row.run_id), atEnd: false };
  }
  return { next };
}

function behind(by: RawBuilder<unknown>, { ascending }: ValueWalk, place: ValuePlace | undefined): RawBuilder<unknown> {
  if (place === undefined) return sql``;
  const { value, inclusive } = place;
  if (ascending) return inclusive ? sql` and ${by} >= ${value}` : sql` and ${by} > ${value}`;
  return inclusive ? sql` and ${by} <= ${value}` : sql` and ${by} < ${value}`;
}

function direction({ ascending }: ValueWalk): RawBuilder<unknown> {
  return ascending ? sql`asc` : sql`desc`;
}

/** Several queries, each with its own order and limit, as one. */
function together(queries: readonly RawBuilder<unknown>[]): RawBuilder<unknown> {
  return sql.join(queries.map((query, index) => sql`select * from (${query}) as ${sql.ref(`part_${index}`)}`), sql` union all `);
}
