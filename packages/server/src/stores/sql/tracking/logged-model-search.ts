import type { Condition } from '@trainyard/core/tracking/filter/condition.ts';
import type { LoggedModelColumn } from '@trainyard/core/tracking/filter/searches.ts';
import { type RawBuilder, type Selectable, type SqlBool, sql } from 'kysely';
import type { DatasetChoice, LoggedModelSearch, LoggedModelSortKey, Page } from '../../tracking.ts';
import type { Database } from '../database.ts';
import { byCodePoint, keysetPage, nullsLast, type SortTerm } from '../keyset.ts';
import { passes, passesMetric } from '../passes.ts';
import type { LoggedModelTable } from './schema.ts';

type Kind = Database['kind'];

const MAX_EXPERIMENTS = 10_000;

export async function searchLoggedModels(database: Database, search: LoggedModelSearch): Promise<Page<Selectable<LoggedModelTable>>> {
  const experiments = search.experimentIds.slice(0, MAX_EXPERIMENTS).map(Number);
  if (experiments.length === 0) return { items: [] };
  let query = database.read.selectFrom('logged_models').selectAll('logged_models').where('experiment_id', 'in', experiments).where('lifecycle_stage', '=', 'active');
  for (const condition of search.conditions) query = query.where(meets(database.kind, condition, search.datasets));
  const sorted = search.order.map((key, index) => sorter(database.kind, key, `sorted_by_${index}`));
  for (const { join } of sorted) if (join !== undefined) query = query.leftJoin(join.table, (on) => on.on(join.on)) as unknown as typeof query;
  return keysetPage(query, { terms: [...sorted.flatMap((one) => one.terms), newest, id], limit: search.limit, after: search.after });
}

const newest: SortTerm = { by: sql.ref('logged_models.creation_time'), type: 'integer', ascending: false };
const id: SortTerm = { by: sql.ref('logged_models.id'), type: 'text', ascending: true };

function meets(kind: Kind, { subject, test }: Condition<LoggedModelColumn>, datasets: readonly DatasetChoice[]): RawBuilder<SqlBool> {
  switch (subject.entity) {
    case 'attribute':
      return passes(kind, sql.ref(`logged_models.${subject.column}`), test);
    case 'metric':
      return sql<SqlBool>`exists (select 1 from (${latest(subject.key, datasets, sql`model_id = logged_models.id`)}) m where m.place = 1 and ${passesMetric(sql.ref('m.value'), sql.ref('m.is_nan'), test)})`;
    case 'param':
    case 'tag': {
      const table = sql.table(subject.entity === 'param' ? 'logged_model_params' : 'logged_model_tags');
      return sql<SqlBool>`exists (select 1 from ${table} t where t.model_id = logged_models.id and t.key = ${subject.key} and ${passes(kind, sql.ref('t.value'), test)})`;
    }
    case 'dataset':
      throw new Error('a search for logged models names its datasets beside the filter');
    default:
      return subject satisfies never;
  }
}

/** The points of one metric with their place from the latest on, for each model. */
function latest(key: string, datasets: readonly DatasetChoice[], where: RawBuilder<SqlBool>): RawBuilder<unknown> {
  const chosen = datasets.map((one) => (one.digest === undefined ? sql`dataset_name = ${one.name}` : sql`(dataset_name = ${one.name} and dataset_digest = ${one.digest})`));
  const among = chosen.length === 0 ? sql`` : sql` and (${sql.join(chosen, sql` or `)})`;
  return sql`select model_id, value, is_nan, row_number() over (partition by model_id order by step desc, timestamp desc, value desc) as place from logged_model_metrics where ${where} and key = ${key}${among}`;
}

interface Sorter {
  readonly terms: readonly SortTerm[];
  readonly join?: { readonly table: ReturnType<typeof joined>; readonly on: RawBuilder<SqlBool> };
}

function sorter(kind: Kind, key: LoggedModelSortKey, alias: string): Sorter {
  const { subject, ascending } = key;
  if (subject.entity === 'attribute') {
    const by = sql.ref(`logged_models.${subject.column}`);
    const isTime = subject.column === 'creation_time' || subject.column === 'last_update_time';
    return { terms: nullsLast(isTime ? { by, type: 'integer', ascending } : { by: byCodePoint(kind, by), type: 'text', ascending }) };
  }
  const on = sql<SqlBool>`${sql.ref(`${alias}.model_id`)} = logged_models.id and ${sql.ref(`${alias}.place`)} = 1`;
  const rank = sql`coalesce(${sql.ref(`${alias}.is_nan`)}, 2)`;
  const table = joined(latest(subject.key, key.dataset === undefined ? [] : [key.dataset], sql<SqlBool>`true`), alias);
  return { join: { table, on }, terms: [{ by: rank, type: 'integer', ascending: true }, { by: sql`coalesce(${sql.ref(`${alias}.value`)}, 0)`, type: 'real', ascending }] };
}

function joined(points: RawBuilder<unknown>, alias: string) {
  return sql<{ model_id: string; place: number }>`(${points})`.as(alias);
}
