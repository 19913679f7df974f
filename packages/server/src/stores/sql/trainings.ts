import { TrainyardError } from '@trainyard/core/errors.ts';
import type { TrainingSpec } from '@trainyard/core/training/spec.ts';
import type { Selectable } from 'kysely';
import { GroupCommit, type Settled } from '../../platform/group-commit.ts';
import type { NewRun, RunRecord } from '../runs.ts';
import type { Submission, TrainingFilter, TrainingRecord, TrainingStore } from '../trainings.ts';
import type { Database, Trx } from './database.ts';
import { insertEvents, toRun } from './run-rows.ts';
import type { TrainingTable } from './schema.ts';
import { ensureExperiment, insertManagedRuns } from './tracking/managed-runs.ts';

export class SqlTrainingStore implements TrainingStore {
  readonly #database: Database;
  readonly #submissions: GroupCommit<Submission, TrainingRecord>;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#submissions = new GroupCommit((batch) => database.write((trx) => submitBatch(trx, batch, now())));
  }

  async find(id: string): Promise<TrainingRecord | undefined> {
    const row = await this.#database.read.selectFrom('trainings').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? undefined : (await this.#withRuns([row]))[0];
  }

  async list(filter: TrainingFilter): Promise<TrainingRecord[]> {
    let query = this.#database.read.selectFrom('trainings').selectAll().orderBy('updated_at', 'desc').orderBy('id', 'desc').limit(filter.limit);
    if (filter.project !== undefined) query = query.where('project', '=', filter.project);
    if (filter.modelName !== undefined) query = query.where('model_name', '=', filter.modelName);
    if (filter.toolchain !== undefined) query = query.where('toolchain', '=', filter.toolchain);
    const { after } = filter;
    if (after !== undefined) query = query.where((eb) => eb(eb.refTuple('updated_at', 'id'), '<', eb.tuple(after.updatedAt, after.id)));
    return this.#withRuns(await query.execute());
  }

  submit(submission: Submission): Promise<TrainingRecord> {
    return this.#submissions.add(submission);
  }

  async delete(id: string): Promise<void> {
    await this.#database.write(async (trx) => {
      const result = await trx.deleteFrom('trainings').where('id', '=', id).executeTakeFirst();
      if (result.numDeletedRows === 0n) throw new TrainyardError('TRAINING_NOT_FOUND', { id });
    });
  }

  async #withRuns(rows: readonly Selectable<TrainingTable>[]): Promise<TrainingRecord[]> {
    const ids = rows.flatMap((row) => (row.latest_run === null ? [] : [row.latest_run]));
    const runs = ids.length === 0 ? [] : await this.#database.read.selectFrom('runs').selectAll().where('id', 'in', ids).execute();
    const byId = new Map(runs.map((run) => [run.id, toRun(run)]));
    return rows.map((row) => toTraining(row, row.latest_run === null ? undefined : byId.get(row.latest_run)));
  }
}

function toTraining(row: Selectable<TrainingTable>, latestRun: RunRecord | undefined): TrainingRecord {
  return { id: row.id, spec: JSON.parse(row.spec) as TrainingSpec, createdAt: row.created_at, updatedAt: row.updated_at, runCount: row.run_count, latestRun };
}

async function submitBatch(trx: Trx, batch: readonly Submission[], now: number): Promise<Settled<TrainingRecord>[]> {
  const answers: Settled<TrainingRecord>[] = [];
  for (const submission of batch) answers.push(await submitOne(trx, submission, now));
  return answers;
}

async function submitOne(trx: Trx, submission: Submission, now: number): Promise<Settled<TrainingRecord>> {
  const before = await trx.selectFrom('trainings').selectAll().where('id', '=', submission.id).executeTakeFirst();
  if (submission.kind === 'create' && before !== undefined) return { error: new TrainyardError('TRAINING_EXISTS', { id: submission.id }) };
  if (submission.kind !== 'create' && before === undefined) return { error: new TrainyardError('TRAINING_NOT_FOUND', { id: submission.id }) };
  const run = submission.run === undefined ? undefined : await insertRun(trx, submission.run, now);
  const changed = submission.kind === 'run' ? {} : columnsOf(submission.spec);
  const latest = { updated_at: now, ...(run === undefined ? {} : { latest_run: run.id, run_count: (before?.run_count ?? 0) + 1 }) };
  const row =
    before === undefined && submission.kind === 'create'
      ? await trx.insertInto('trainings').values({ id: submission.id, created_at: now, latest_run: null, run_count: 0, ...columnsOf(submission.spec), ...latest }).returningAll().executeTakeFirstOrThrow()
      : await trx.updateTable('trainings').set({ ...changed, ...latest }).where('id', '=', submission.id).returningAll().executeTakeFirstOrThrow();
  return { value: toTraining(row, run) };
}

function columnsOf(spec: TrainingSpec): Pick<TrainingTable, 'project' | 'model_name' | 'toolchain' | 'spec'> {
  return { project: spec.project, model_name: spec.model.name, toolchain: spec.toolchain, spec: JSON.stringify(spec) };
}

/** A run and the MLflow run it is, in one go. */
async function insertRun(trx: Trx, run: NewRun, now: number): Promise<RunRecord> {
  const { spec } = run;
  const experimentId = await ensureExperiment(trx, spec.experiment ?? run.trainingId, now);
  const row = await trx
    .insertInto('runs')
    .values({
      id: run.id,
      training_id: run.trainingId,
      project: spec.project,
      engine: spec.engine,
      lane: `${spec.project}/${spec.engine}`,
      spec: JSON.stringify(spec),
      experiment_id: experimentId,
      state: 'queued',
      priority: spec.priority,
      ready: 1,
      queued_at: now,
      attempt: 0,
      submitted: 0,
      facts: '{}',
      warnings: '[]',
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  const tags = { 'trainyard.training': run.trainingId, 'trainyard.run': String(row.number), 'trainyard.engine': spec.engine, 'trainyard.project': spec.project };
  await insertManagedRuns(trx, [{ id: run.id, experimentId, name: `${run.trainingId}-${row.number}`, userId: run.user, startTime: now, tags }]);
  await insertEvents(trx, [{ runId: run.id, kind: 'state', data: { state: 'queued' } }], now);
  return toRun(row);
}
