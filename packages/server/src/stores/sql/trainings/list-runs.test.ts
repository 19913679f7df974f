import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunFilter } from '../../runs.ts';
import { type Database, openDatabase } from '../database.ts';
import { runsOf } from './list-runs.ts';

let dir: string;
let database: Database;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'trainyard-list-runs-'));
  database = await openDatabase(`sqlite://${dir}/t.db`);
});
afterAll(async () => {
  await database.close();
  rmSync(dir, { recursive: true });
});

/** How SQLite goes through the runs, each way once. */
async function ways(filter: Partial<RunFilter>): Promise<string[]> {
  const steps = await runsOf(database, { limit: 50, ...filter }).explain<{ detail: string }>(undefined, sql`query plan`);
  return [...new Set(steps.map(({ detail }) => detail).filter((detail) => / runs\b/.test(detail)))].toSorted();
}

const byNumber = 'SEARCH runs USING INTEGER PRIMARY KEY (rowid=?)';

test.each<[string, Partial<RunFilter>, string]>([
  ['a training', { training: 't' }, 'SEARCH runs USING COVERING INDEX runs_by_training (training_id=? AND state=?)'],
  ['what goes on of a training', { training: 't', states: ['queued', 'preparing', 'running'] }, 'SEARCH runs USING COVERING INDEX runs_by_training (training_id=? AND state=?)'],
  ['a page of a training in a project', { training: 't', projects: ['p'], before: 7 }, 'SEARCH runs USING COVERING INDEX runs_by_training (training_id=? AND state=? AND number<?)'],
  ['a project', { projects: ['p'] }, 'SEARCH runs USING COVERING INDEX runs_by_project (project=? AND state=?)'],
  ['what failed in a few projects', { projects: ['p', 'q'], states: ['failed'] }, 'SEARCH runs USING COVERING INDEX runs_by_project (project=? AND state=?)'],
  ['what ended', { states: ['succeeded', 'failed', 'stopped'] }, 'SEARCH runs USING COVERING INDEX runs_by_state (state=?)'],
  ['what failed in many projects', { projects: Array.from({ length: 20 }, (_, i) => `p${i}`), states: ['failed'] }, 'SEARCH runs USING INDEX runs_by_state (state=?)'],
])('%s is read in the order of an index', async (_, filter, way) => {
  expect(await ways(filter)).toEqual([way, byNumber].toSorted());
});
