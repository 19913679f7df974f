import type { Condition } from '@trainyard/core/tracking/filter/condition.ts';
import type { RunColumn } from '@trainyard/core/tracking/filter/searches.ts';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Database } from '../database.ts';
import { passes, passesMetric } from '../passes.ts';

type Kind = Database['kind'];

/** What a run has to meet: what the filter says; and on the way through an order, that its metric of this name is NaN. */
export type RunCondition = Condition<RunColumn> | { readonly nan: string };

/** The table of a run's params or tags. */
export function pairTable(entity: 'param' | 'tag'): RawBuilder<unknown> {
  return sql.table(entity === 'param' ? 'params' : 'run_tags');
}

/**
 * The condition on a row of `tracking_runs`: an EXISTS, not a join, so each run is there once. `by` says how its rows are found:
 * those of each run by its id, or in whatever way the database thinks best for very many runs.
 */
export function meets(kind: Kind, condition: RunCondition, by: 'each' | 'all'): RawBuilder<SqlBool> {
  if ('nan' in condition) return sql<SqlBool>`exists (${seriesOf(condition.nan)} and m.is_nan = 1${fence(by)})`;
  const { subject, test } = condition;
  switch (subject.entity) {
    case 'attribute':
      return passes(kind, sql.ref(`tracking_runs.${subject.column}`), test);
    case 'metric':
      if (test.operator === 'IS NULL') return sql<SqlBool>`not exists (${seriesOf(subject.key)}${fence(by)})`;
      return sql<SqlBool>`exists (${seriesOf(subject.key)} and ${passesMetric(sql.ref('m.value'), sql.ref('m.is_nan'), test)}${fence(by)})`;
    case 'param':
    case 'tag': {
      const withKey = sql`select 1 from ${pairTable(subject.entity)} t where t.run_id = tracking_runs.id and t.key = ${subject.key}`;
      if (test.operator === 'IS NULL') return sql<SqlBool>`not exists (${withKey}${fence(by)})`;
      if (test.operator === 'IS NOT NULL') return sql<SqlBool>`exists (${withKey}${fence(by)})`;
      return sql<SqlBool>`exists (${withKey} and ${passes(kind, sql.ref('t.value'), test)}${fence(by)})`;
    }
    case 'dataset':
      if (subject.key === 'context') return sql<SqlBool>`exists (select 1 from run_dataset_tags t where t.run_id = tracking_runs.id and t.key = 'mlflow.data.context' and ${passes(kind, sql.ref('t.value'), test)}${fence(by)})`;
      return sql<SqlBool>`exists (select 1 from run_datasets u join datasets d on d.id = u.dataset_id where u.run_id = tracking_runs.id and ${passes(kind, sql.ref(`d.${subject.key}`), test)}${fence(by)})`;
    default:
      return subject satisfies never;
  }
}

function seriesOf(key: string): RawBuilder<unknown> {
  return sql`select 1 from metric_series m where m.run_id = tracking_runs.id and m.key = ${key}`;
}

/** PostgreSQL turns no subquery with an OFFSET into a join, which without statistics it may do in an order that takes minutes. */
export function fence(by: 'each' | 'all'): RawBuilder<unknown> {
  return by === 'each' ? sql` limit 1 offset 0` : sql``;
}
