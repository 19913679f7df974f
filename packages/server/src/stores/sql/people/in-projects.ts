import type { Projects } from '@trainyard/core/access/reach.ts';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Database } from '../database.ts';
import { among } from '../metrics/among.ts';

/** What a caller who does not see every project may find; undefined for one who does: then there is nothing to ask. */
export function inProjects(kind: Database['kind'], column: string, projects: Projects | undefined): RawBuilder<SqlBool> | undefined {
  if (projects === undefined || projects === 'all') return undefined;
  const [only] = projects;
  if (only === undefined) return sql<SqlBool>`false`;
  // one project is read in the order of an index, which no database does for a list
  return projects.length === 1 ? sql<SqlBool>`${sql.ref(column)} = ${only}` : among(kind, column, projects);
}
