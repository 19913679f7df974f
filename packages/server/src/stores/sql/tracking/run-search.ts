import type { Condition, SortKey } from '@trainyard/core/tracking/filter/condition.ts';
import type { RunColumn } from '@trainyard/core/tracking/filter/searches.ts';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Page, RunSearch, TrackingRunRecord } from '../../tracking.ts';
import type { Database } from '../database.ts';
import { byCodePoint, keysetPage, nullsLast, type SortTerm } from '../keyset.ts';
import { passes, passesMetric, passesPair } from '../passes.ts';
import { selectRuns, toRecords } from './run-rows.ts';

type Kind = Database['kind'];

/** No statement may grow without end: more experiments than anybody lists by hand. */
const MAX_EXPERIMENTS = 10_000;

export async function searchRuns(database: Database, search: RunSearch): Promise<Page<TrackingRunRecord>> {
  const experiments = search.experimentIds.slice(0, MAX_EXPERIMENTS).map(Number);
  if (experiments.length === 0) return { items: [] };
  let query = selectRuns(database.read).where('experiment_id', 'in', experiments);
  if (search.stage !== undefined) query = query.where('lifecycle_stage', '=', search.stage);
  for (const condition of search.conditions) query = query.where(meets(database.kind, condition));
  const sorted = search.order.map((key, index) => sorter(database.kind, key, `sorted_by_${index}`));
  for (const { join } of sorted) if (join !== undefined) query = query.leftJoin(join.table, (on) => on.on(join.on)) as unknown as typeof query;
  const terms = [...sorted.flatMap((one) => one.terms), startTime, id];
  const page = await keysetPage(query, { terms, limit: search.limit, after: search.after });
  return { items: await toRecords(database.read, page.items), next: page.next };
}

const startTime: SortTerm = { by: sql.ref('tracking_runs.start_time'), type: 'integer', ascending: false };
const id: SortTerm = { by: sql.ref('tracking_runs.id'), type: 'text', ascending: true };

/** Conditions are EXISTS, not joins: a page in the default order then ends its search as soon as it is full. */
function meets(kind: Kind, { subject, test }: Condition<RunColumn>): RawBuilder<SqlBool> {
  switch (subject.entity) {
    case 'attribute':
      return passes(kind, sql.ref(`tracking_runs.${subject.column}`), test);
    case 'metric':
      return sql<SqlBool>`exists (select 1 from metric_series m where m.run_id = tracking_runs.id and m.key = ${subject.key} and ${passesMetric(sql.ref('m.value'), sql.ref('m.is_nan'), test)})`;
    case 'param':
    case 'tag': {
      const withKey = sql`select 1 from ${sql.table(subject.entity === 'param' ? 'params' : 'run_tags')} t where t.run_id = tracking_runs.id and t.key = ${subject.key}`;
      if (test.operator === 'IS NULL') return sql<SqlBool>`not exists (${withKey})`;
      if (test.operator === 'IS NOT NULL') return sql<SqlBool>`exists (${withKey})`;
      return sql<SqlBool>`exists (${withKey} and ${passesPair(kind, sql.ref('t.value'), test)})`;
    }
    case 'dataset': {
      const used = sql`select 1 from run_datasets u join datasets d on d.id = u.dataset_id`;
      if (subject.key !== 'context') return sql<SqlBool>`exists (${used} where u.run_id = tracking_runs.id and ${passes(kind, sql.ref(`d.${subject.key}`), test)})`;
      return sql<SqlBool>`exists (select 1 from run_dataset_tags t where t.run_id = tracking_runs.id and t.key = 'mlflow.data.context' and ${passes(kind, sql.ref('t.value'), test)})`;
    }
    default:
      return subject satisfies never;
  }
}

interface Sorter {
  readonly terms: readonly SortTerm[];
  /** What has to be joined for the terms. */
  readonly join?: { readonly table: ReturnType<typeof joined>; readonly on: RawBuilder<SqlBool> };
}

function sorter(kind: Kind, { subject, ascending }: SortKey<RunColumn>, alias: string): Sorter {
  if (subject.entity === 'attribute') {
    const by = sql.ref(`tracking_runs.${subject.column}`);
    const isTime = subject.column === 'start_time' || subject.column === 'end_time';
    return { terms: nullsLast(isTime ? { by, type: 'integer', ascending } : { by: byCodePoint(kind, by), type: 'text', ascending }) };
  }
  const value = sql.ref(`${alias}.value`);
  const on = sql<SqlBool>`${sql.ref(`${alias}.run_id`)} = tracking_runs.id and ${sql.ref(`${alias}.key`)} = ${subject.key}`;
  if (subject.entity !== 'metric') return { join: { table: joined(subject.entity === 'param' ? 'params' : 'run_tags', alias), on }, terms: nullsLast({ by: byCodePoint(kind, value), type: 'text', ascending }) };
  // first numbers, then NaN, then runs without the metric: in both directions
  const rank = sql`coalesce(${sql.ref(`${alias}.is_nan`)}, 2)`;
  return { join: { table: joined('metric_series', alias), on }, terms: [{ by: rank, type: 'integer', ascending: true }, { by: sql`coalesce(${value}, 0)`, type: 'real', ascending }] };
}

function joined(table: 'params' | 'run_tags' | 'metric_series', alias: string) {
  return sql<{ run_id: string }>`${sql.table(table)}`.as(alias);
}
