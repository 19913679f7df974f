import { includes, type Projects } from '@trainyard/core/access/reach.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { stoppedBefore } from '@trainyard/core/training/decide.ts';
import type { Failure } from '@trainyard/core/training/outcome.ts';
import { ACTIVE_STATES, hasEnded, type RunState, type StepName, type StepState } from '@trainyard/core/training/states.ts';
import { GroupCommit } from '../../../platform/group-commit.ts';
import type { AttemptRecord, EventRecord, ReportCall, RunFilter, RunProgress, RunRecord, RunStore } from '../../runs.ts';
import type { Database, Trx } from '../database.ts';
import { inProjects } from '../people/in-projects.ts';
import { reasonText } from './apply.ts';
import { listRuns } from './list-runs.ts';
import { takeReports } from './reports.ts';
import { insertEvents, parsed, toRun } from './run-rows.ts';
import { endManagedRuns } from '../tracking/managed-runs.ts';

/** Runs that are looked at for one whose id begins as it was written: a beginning that fits so many tells nobody which one is meant. */
const LOOKED_AT = 100;

export class SqlRunStore implements RunStore {
  readonly #database: Database;
  readonly #reports: GroupCommit<ReportCall, { lastSeq: number; stop: boolean }>;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#reports = new GroupCommit((calls) => database.write((trx) => takeReports(trx, calls, now())));
  }

  async find(idOrNumber: string, projects: Projects = 'all'): Promise<RunRecord | undefined> {
    if (/^[0-9a-f]{32}$/.test(idOrNumber)) return this.#findBy({ id: idOrNumber });
    // an id may begin with a zero, a number does not
    const numbered = /^[1-9][0-9]{0,14}$/.test(idOrNumber) ? await this.#findBy({ number: Number(idOrNumber) }) : undefined;
    if (numbered !== undefined || !/^[0-9a-f]{6,31}$/.test(idOrNumber)) return numbered;
    // a range on the unique index, not a LIKE
    const range = this.#database.read.selectFrom('runs').select(['id', 'project']).where('id', '>=', idOrNumber).where('id', '<', `${idOrNumber}g`);
    const found = await range.orderBy('id').limit(LOOKED_AT).execute();
    const visible = found.filter(({ project }) => includes(projects, project));
    if (visible.length > 1 || found.length === LOOKED_AT) throw new TrainyardError('RUN_AMBIGUOUS', { id: idOrNumber });
    return visible[0] === undefined ? undefined : this.#findBy({ id: visible[0].id });
  }

  async #findBy(key: { readonly id: string } | { readonly number: number }): Promise<RunRecord | undefined> {
    const row = await this.#database.read.selectFrom('runs').selectAll().where((eb) => eb.and(key)).executeTakeFirst();
    return row === undefined ? undefined : toRun(row);
  }

  async progressOf(runId: string): Promise<RunProgress | undefined> {
    const row = await this.#database.read.selectFrom('runs').select(['state', 'attempt']).where('id', '=', runId).executeTakeFirst();
    return row === undefined ? undefined : { state: row.state as RunState, attempt: row.attempt };
  }

  list(filter: RunFilter): Promise<RunRecord[]> {
    return listRuns(this.#database, filter);
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
      .where('state', 'in', ACTIVE_STATES)
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
