import type { Projects } from '@trainyard/core/access/reach.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { stoppedBefore } from '@trainyard/core/training/decide.ts';
import type { Failure } from '@trainyard/core/training/outcome.ts';
import { hasEnded, type RunState, type StepName, type StepState } from '@trainyard/core/training/states.ts';
import { GroupCommit } from '../../../platform/group-commit.ts';
import type { AttemptRecord, EventRecord, ReportCall, RunFilter, RunRecord, RunStore } from '../../runs.ts';
import type { Database, Trx } from '../database.ts';
import { inProjects } from '../people/in-projects.ts';
import { reasonText } from './apply.ts';
import { takeReports } from './reports.ts';
import { insertEvents, parsed, toRun } from './run-rows.ts';
import { endManagedRuns } from '../tracking/managed-runs.ts';

export class SqlRunStore implements RunStore {
  readonly #database: Database;
  readonly #reports: GroupCommit<ReportCall, { lastSeq: number; stop: boolean }>;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#reports = new GroupCommit((calls) => database.write((trx) => takeReports(trx, calls, now())));
  }

  async find(idOrNumber: string): Promise<RunRecord | undefined> {
    const query = this.#database.read.selectFrom('runs').selectAll();
    if (/^[0-9a-f]{32}$/.test(idOrNumber)) {
      const row = await query.where('id', '=', idOrNumber).executeTakeFirst();
      return row === undefined ? undefined : toRun(row);
    }
    if (/^[0-9]{1,15}$/.test(idOrNumber)) {
      const row = await query.where('number', '=', Number(idOrNumber)).executeTakeFirst();
      if (row !== undefined) return toRun(row);
    }
    if (!/^[0-9a-f]{6,31}$/.test(idOrNumber)) return undefined;
    // a range on the unique index, not a LIKE
    const rows = await query.where('id', '>=', idOrNumber).where('id', '<', `${idOrNumber}g`).limit(2).execute();
    return rows.length === 1 && rows[0] !== undefined ? toRun(rows[0]) : undefined;
  }

  async list(filter: RunFilter): Promise<RunRecord[]> {
    let query = this.#database.read.selectFrom('runs').selectAll().orderBy('number', 'desc').limit(filter.limit);
    if (filter.training !== undefined) query = query.where('training_id', '=', filter.training);
    const visible = inProjects(this.#database.kind, 'project', filter.projects);
    if (visible !== undefined) query = query.where(visible);
    if (filter.states !== undefined) query = query.where('state', 'in', filter.states);
    if (filter.before !== undefined) query = query.where('number', '<', filter.before);
    return (await query.execute()).map(toRun);
  }

  async attemptsOf(runId: string): Promise<AttemptRecord[]> {
    const [attempts, steps] = await Promise.all([
      this.#database.read.selectFrom('attempts').selectAll().where('run_id', '=', runId).orderBy('number').execute(),
      this.#database.read.selectFrom('steps').selectAll().where('run_id', '=', runId).orderBy('started_at').execute(),
    ]);
    return attempts.map((attempt) => ({
      number: attempt.number,
      engine: attempt.engine,
      state: attempt.state as AttemptRecord['state'],
      startedAt: attempt.started_at,
      endedAt: attempt.ended_at,
      step: attempt.step as StepName | null,
      failure: parsed<Failure>(attempt.failure),
      steps: steps
        .filter((step) => step.attempt === attempt.number)
        .map((step) => ({ name: step.name as StepName, state: step.state as StepState, startedAt: step.started_at, endedAt: step.ended_at, message: step.message, exitCode: step.exit_code })),
    }));
  }

  async eventsOf(runId: string, afterId: number, limit: number): Promise<EventRecord[]> {
    const rows = await this.#database.read.selectFrom('events').selectAll().where('run_id', '=', runId).where('id', '>', afterId).orderBy('id').limit(limit).execute();
    return rows.map((row) => ({ id: row.id, at: row.at, kind: row.kind, data: JSON.parse(row.data) as Record<string, unknown> }));
  }

  async countActive(projects: Projects = 'all'): Promise<Partial<Record<RunState, number>>> {
    let query = this.#database.read
      .selectFrom('runs')
      .select(['state', (eb) => eb.fn.countAll<number>().as('count')])
      .where('state', 'in', ['queued', 'preparing', 'running'])
      .groupBy('state');
    const visible = inProjects(this.#database.kind, 'project', projects);
    if (visible !== undefined) query = query.where(visible);
    const rows = await query.execute();
    return Object.fromEntries(rows.map((row) => [row.state, Number(row.count)]));
  }

  requestStop(runId: string, now: number): Promise<RunRecord> {
    return this.#database.write((trx) => requestStop(trx, runId, now));
  }

  report(call: ReportCall): Promise<{ lastSeq: number; stop: boolean }> {
    return this.#reports.add(call);
  }
}

async function requestStop(trx: Trx, runId: string, now: number): Promise<RunRecord> {
  // the state is part of the condition: a claim that came first wins, and then the run is stopped as an active one
  const failure = stoppedBefore({ step: null }, now);
  const ended = await trx
    .updateTable('runs')
    .set({ state: 'stopped', ended_at: now, cancel_requested_at: now, next_attempt_at: null, failure: JSON.stringify(failure) })
    .where('id', '=', runId)
    .where('state', '=', 'queued')
    .returningAll()
    .executeTakeFirst();
  if (ended !== undefined) {
    await insertEvents(trx, [{ runId, kind: 'state', data: { state: 'stopped', reason: 'cancelled' } }], now);
    await endManagedRuns(trx, [{ id: runId, status: 'KILLED', endTime: now, reason: reasonText(failure) }]);
    return toRun(ended);
  }
  const row = await trx.selectFrom('runs').selectAll().where('id', '=', runId).executeTakeFirst();
  if (row === undefined) throw new TrainyardError('RUN_NOT_FOUND', { id: runId });
  const run = toRun(row);
  if (hasEnded(run.state)) throw new TrainyardError('RUN_ENDED', { id: run.number, state: run.state });
  if (run.cancelRequestedAt !== null) return run;
  await trx.updateTable('runs').set({ cancel_requested_at: now, look_at: now }).where('id', '=', runId).execute();
  await insertEvents(trx, [{ runId, kind: 'stop', data: { requestedAt: now } }], now);
  return { ...run, cancelRequestedAt: now };
}
