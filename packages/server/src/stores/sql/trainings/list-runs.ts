import { RUN_STATES, type RunState } from '@trainyard/core/training/states.ts';
import { type SqlBool, sql } from 'kysely';
import type { RunFilter, RunRecord } from '../../runs.ts';
import type { Database } from '../database.ts';
import { inProjects } from '../people/in-projects.ts';
import { toRun } from './run-rows.ts';

/** Runs that lie in the order of an index: of everything, of a state, or of a state of a training or project. */
interface Part {
  readonly state?: RunState | undefined;
  readonly project?: string | undefined;
}

/** More projects than this are not read one by one, but picked out of all runs. */
const FEW_PROJECTS = 10;

/** Newest first. It reads about what it gives, however many runs there are. */
export async function listRuns(database: Database, filter: RunFilter): Promise<RunRecord[]> {
  return (await runsOf(database, filter).execute()).map(toRun);
}

/**
 * As many of each part as are asked for, merged: with several states or projects in one condition a database reads all that fit,
 * and sorts them.
 */
export function runsOf(database: Database, filter: RunFilter) {
  const parts = partsOf(filter).map((part) => sql`select number from (${newest(database, filter, part)}) as part`);
  const numbers = parts.length === 0 ? sql`select number from runs where false` : sql`select number from (${sql.join(parts, sql` union all `)}) as parts order by number desc limit ${filter.limit}`;
  return database.read.selectFrom('runs').selectAll().where(sql<SqlBool>`number in (${numbers})`).orderBy('number', 'desc');
}

function partsOf({ states, training, projects }: RunFilter): Part[] {
  if (training !== undefined) return (states ?? RUN_STATES).map((state) => ({ state }));
  if (isFew(projects)) return projects.flatMap((project) => (states ?? RUN_STATES).map((state) => ({ state, project })));
  return states === undefined ? [{}] : states.map((state) => ({ state }));
}

function isFew(projects: RunFilter['projects']): projects is readonly string[] {
  return projects !== undefined && projects !== 'all' && projects.length <= FEW_PROJECTS;
}

function newest(database: Database, { training, projects, before, limit }: RunFilter, { state, project }: Part) {
  let query = database.read.selectFrom('runs').select('number').orderBy('number', 'desc').limit(limit);
  if (training !== undefined) query = query.where('training_id', '=', training);
  if (project !== undefined) query = query.where('project', '=', project);
  if (state !== undefined) query = query.where('state', '=', state);
  if (before !== undefined) query = query.where('number', '<', before);
  const visible = project === undefined ? inProjects(database.kind, 'project', projects) : undefined;
  // in a case no index serves the condition: those by project lead away from the order of several, and from a training's runs, which are fewer
  return visible === undefined ? query : query.where(sql<SqlBool>`case when ${visible} then 1 else 0 end = 1`);
}
