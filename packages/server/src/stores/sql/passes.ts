import type { Test } from '@trainyard/core/tracking/filter/condition.ts';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Database } from './database.ts';

type Kind = Database['kind'];

/** The test of a condition on a column. Null passes none of them. */
export function passes(kind: Kind, column: RawBuilder<unknown>, test: Test): RawBuilder<SqlBool> {
  switch (test.operator) {
    case 'IS NULL':
      return sql<SqlBool>`${column} is null`;
    case 'IS NOT NULL':
      return sql<SqlBool>`${column} is not null`;
    case 'IN':
      return sql<SqlBool>`${column} in (${sql.join(test.texts)})`;
    case 'NOT IN':
      return sql<SqlBool>`${column} not in (${sql.join(test.texts)})`;
    case 'LIKE':
      return kind === 'postgresql' ? sql<SqlBool>`${column} like ${test.text} escape ''` : sql<SqlBool>`${column} glob ${globOf(test.text)}`;
    case 'ILIKE':
      return kind === 'postgresql' ? sql<SqlBool>`${column} ilike ${test.text} escape ''` : sql<SqlBool>`${column} like ${test.text}`;
    default:
      // an integer column next to 5.5 is a comparison of reals
      return 'number' in test ? compare(column, test.operator, sql`cast(${test.number} as double precision)`) : compare(column, test.operator, sql`${test.text}`);
  }
}

/** The test on a stored metric, where NaN is value 0 with a mark: it differs from every number and is neither above nor below one. */
export function passesMetric(value: RawBuilder<unknown>, isNan: RawBuilder<unknown>, test: Test): RawBuilder<SqlBool> {
  const compared = passes('sqlite', value, test);
  return test.operator === '!=' ? sql<SqlBool>`(${isNan} = 1 or ${compared})` : sql<SqlBool>`(${isNan} = 0 and ${compared})`;
}

function compare(column: RawBuilder<unknown>, operator: '=' | '!=' | '<' | '<=' | '>' | '>=', value: RawBuilder<unknown>): RawBuilder<SqlBool> {
  switch (operator) {
    case '=':
      return sql<SqlBool>`${column} = ${value}`;
    case '!=':
      return sql<SqlBool>`${column} <> ${value}`;
    case '<':
      return sql<SqlBool>`${column} < ${value}`;
    case '<=':
      return sql<SqlBool>`${column} <= ${value}`;
    case '>':
      return sql<SqlBool>`${column} > ${value}`;
    case '>=':
      return sql<SqlBool>`${column} >= ${value}`;
    default:
      return operator satisfies never;
  }
}

/** SQLite's LIKE knows no upper and lower case, its GLOB does. */
function globOf(pattern: string): string {
  return pattern.replace(/[*?[]/g, '[$&]').replaceAll('%', '*').replaceAll('_', '?');
}
