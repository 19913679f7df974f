import { type Kysely, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Stage } from '../../tracking.ts';
import type { Database } from '../database.ts';
import { passes, passesMetric } from '../passes.ts';
import type { Schema } from '../schema.ts';
import { among } from '../metrics/among.ts';
import { pairTable, type RunCondition } from './conditions.ts';

/** Where a search looks. */
export interface SearchScope {
  readonly kind: Database['kind'];
  readonly read: Kysely<Schema>;
  readonly experimentIds: readonly number[];
  /** Both when absent. */
  readonly stage: Stage | undefined;
}

/** How much of a value the indexes over names and values hold: an index entry has a limit, a value has none. */
const INDEXED_LENGTH = 64;

/** The beginning of a value as the indexes hold it, in order of code points. */
export function indexedValue(kind: Database['kind'], alias: string): RawBuilder<unknown> {
  const beginning = sql`substr(${sql.ref(`${alias}.value`)}, 1, ${sql.lit(INDEXED_LENGTH)})`;
  return kind === 'postgresql' ? sql`${beginning} collate "C"` : beginning;
}

/** The same beginning of a text that is at hand. */
export function indexedText(text: string): string {
  return [...text].slice(0, INDEXED_LENGTH).join('');
}

/** True when the beginning says it all. */
export function isWholeValue(beginning: string): boolean {
  return [...beginning].length < INDEXED_LENGTH;
}

/** The ids (`run_id`) of all runs in the scope. */
export function allRuns({ kind, experimentIds }: SearchScope): RawBuilder<unknown> {
  return sql`select id as run_id from tracking_runs where ${among(kind, 'experiment_id', experimentIds)}`;
}

/** The ids (`run_id`) of at least the runs that meet the condition, read from an index; undefined when no index knows them. */
export function indexedRuns(scope: SearchScope, condition: RunCondition): RawBuilder<unknown> | undefined {
  if ('nan' in condition) return seriesIn(scope, condition.nan, sql<SqlBool>`m.is_nan = 1`);
  const { subject, test } = condition;
  const { kind } = scope;
  switch (subject.entity) {
    case 'attribute':
      if (subject.column !== 'id' || (test.operator !== '=' && test.operator !== 'IN')) return undefined;
      return sql`select id as run_id from tracking_runs where ${passes(kind, sql.ref('id'), test)}`;
    case 'metric':
      if (test.operator === '!=' || test.operator === 'IS NULL') return undefined;
      return seriesIn(scope, subject.key, passesMetric(sql.ref('m.value'), sql.ref('m.is_nan'), test));
    case 'param':
    case 'tag':
      if (test.operator !== '=' || !('text' in test)) return undefined;
      return sql`select run_id from ${pairTable(subject.entity)} t where key = ${subject.key} and ${indexedValue(kind, 't')} = ${indexedText(test.text)}`;
    case 'dataset':
      if (subject.key === 'context' || (test.operator !== '=' && test.operator !== 'IN')) return undefined;
      return sql`select distinct u.run_id from datasets d join run_datasets u on u.dataset_id = d.id where ${among(kind, 'd.experiment_id', scope.experimentIds)} and ${passes(kind, sql.ref(`d.${subject.key}`), test)}`;
    default:
      return subject satisfies never;
  }
}

function seriesIn({ kind, experimentIds }: SearchScope, key: string, test: RawBuilder<SqlBool>): RawBuilder<unknown> {
  return sql`select m.run_id from metric_series m where ${among(kind, 'm.experiment_id', experimentIds)} and m.key = ${key} and ${test}`;
}

/** The smallest of the sets and its size, counted to `most` and no further; undefined when all are larger. */
export async function smallest({ read }: SearchScope, sets: readonly RawBuilder<unknown>[], most: number): Promise<RawBuilder<unknown> | undefined> {
  if (sets.length === 0) return undefined;
  const counts = sets.map((set, index) => sql`(select count(*) from (${set} limit ${most + 1}) as one) as ${sql.ref(`size_${index}`)}`);
  const { rows } = await sql<Record<string, number>>`select ${sql.join(counts)}`.execute(read);
  const sizes = sets.map((_, index) => Number(rows[0]?.[`size_${index}`]));
  const least = Math.min(...sizes);
  return least > most ? undefined : sets[sizes.indexOf(least)];
}
