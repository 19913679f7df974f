import type { Condition, SortKey, Test } from '@trainyard/core/tracking/filter/condition.ts';
import type { RunColumn } from '@trainyard/core/tracking/filter/searches.ts';
import type { RunSearch, TrackingRunRecord } from '../../tracking.ts';

/** What a search finds, the slow and obvious way: every run asked, all of them sorted. */
export function naiveSearch(runs: readonly TrackingRunRecord[], { experimentIds, stage, conditions, order }: Omit<RunSearch, 'limit' | 'after'>): TrackingRunRecord[] {
  const met = runs.filter((run) => experimentIds.includes(run.experimentId) && (stage === undefined || run.stage === stage) && conditions.every((one) => meets(run, one)));
  const latest: SortKey<RunColumn>[] = [{ subject: { entity: 'attribute', column: 'start_time' }, ascending: false }, { subject: { entity: 'attribute', column: 'id' }, ascending: true }];
  return met.toSorted((a, b) => {
    for (const key of [...order, ...latest]) {
      const difference = compare(a, b, key);
      if (difference !== 0) return difference;
    }
    return 0;
  });
}

type Value = string | number | bigint | null;

/** Its values of what a condition or a key is about; several only for datasets. */
function valuesOf(run: TrackingRunRecord, { subject }: { readonly subject: Condition<RunColumn>['subject'] }): Value[] {
  switch (subject.entity) {
    case 'attribute': {
      const columns: Record<RunColumn, Value> = { id: run.id, name: run.name, user_id: run.userId, status: run.status, start_time: run.startTime, end_time: run.endTime, artifact_uri: run.artifactUri };
      return [columns[subject.column]].filter((value) => value !== null);
    }
    case 'metric':
      return run.metrics.filter((one) => one.key === subject.key).map((one) => one.value);
    case 'param':
      return run.params.filter((one) => one.key === subject.key).map((one) => one.value);
    case 'tag':
      return run.tags.filter((one) => one.key === subject.key).map((one) => one.value);
    case 'dataset':
      if (subject.key === 'context') return run.datasets.flatMap(({ tags }) => tags.filter((tag) => tag.key === 'mlflow.data.context').map((tag) => tag.value));
      return run.datasets.map(({ dataset }) => (subject.key === 'name' ? dataset.name : dataset.digest));
    default:
      return subject satisfies never;
  }
}

function meets(run: TrackingRunRecord, condition: Condition<RunColumn>): boolean {
  const values = valuesOf(run, condition);
  if (condition.test.operator === 'IS NULL') return values.length === 0;
  return values.some((value) => value !== null && passes(value, condition.test));
}

function passes(value: string | number | bigint, test: Test): boolean {
  if ('number' in test) return compares(Number(value), test.operator, test.number);
  switch (test.operator) {
    case '=':
      return value === test.text;
    case '!=':
      return value !== test.text;
    case 'LIKE':
    case 'ILIKE':
      return pattern(test.text, test.operator === 'ILIKE' ? 'isu' : 'su').test(String(value));
    case 'IN':
      return test.texts.includes(String(value));
    case 'NOT IN':
      return !test.texts.includes(String(value));
    case 'IS NULL':
      return false;
    case 'IS NOT NULL':
      return true;
    default:
      return test satisfies never;
  }
}

function compares(value: number, operator: '=' | '!=' | '<' | '<=' | '>' | '>=', to: number): boolean {
  switch (operator) {
    case '=':
      return value === to;
    case '!=':
      return value !== to;
    case '<':
      return value < to;
    case '<=':
      return value <= to;
    case '>':
      return value > to;
    case '>=':
      return value >= to;
    default:
      return operator satisfies never;
  }
}

function pattern(like: string, flags: string): RegExp {
  const source = like.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('%', '.*').replaceAll('_', '.');
  return new RegExp(`^${source}$`, flags);
}

function compare(a: TrackingRunRecord, b: TrackingRunRecord, key: SortKey<RunColumn>): number {
  const [one, other] = [valuesOf(a, key)[0], valuesOf(b, key)[0]];
  const rank = rankOf(one) - rankOf(other);
  if (rank !== 0 || rankOf(one) > 0) return rank;
  const difference = typeof one === 'string' ? Buffer.compare(Buffer.from(one), Buffer.from(String(other))) : Number(Number(one) > Number(other)) - Number(Number(one) < Number(other));
  return key.ascending ? difference : -difference;
}

/** Values, then NaN, then nothing. */
function rankOf(value: Value | undefined): number {
  return value === undefined || value === null ? 2 : Number.isNaN(value) ? 1 : 0;
}
