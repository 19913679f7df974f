import { TrainyardError } from '@trainyard/core/errors.ts';
import type { TrainingSpec } from '@trainyard/core/training/spec.ts';
import { ACTIVE_STATES } from '@trainyard/core/training/states.ts';
import { type Selectable, sql } from 'kysely';
import { GroupCommit, type Settled } from '../../../platform/group-commit.ts';
import type { NewRun, RunRecord } from '../../runs.ts';
import type { Submission, TrainingFilter, TrainingRecord, TrainingsById, TrainingStore } from '../../trainings.ts';
import type { Database, Trx } from '../database.ts';
import { inProjects } from '../people/in-projects.ts';
import { inParts } from '../insert-rows.ts';
import { byCodePoint } from '../keyset.ts';
import { readSpec } from './read-spec.ts';
import { insertEvents, toRun } from './run-rows.ts';
import type { TrainingTable } from '../schema.ts';
import { ensureExperiment, insertManagedRuns, type ManagedRun } from '../tracking/managed-runs.ts';

/** SQLite takes no offset without a limit. */
const ALL = 2 ** 31 - 1;

export class SqlTrainingStore implements TrainingStore {
  readonly #database: Database;
  readonly #submissions: GroupCommit<Submission, TrainingRecord>;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#submissions = new GroupCommit((batch) => database.write((trx) => submitBatch({ trx, kind: database.kind, now: now() }, batch)));
  }

  async find(id: string): Promise<TrainingRecord | undefined> {
    const row = await this.#database.read.selectFrom('trainings').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? undefined : (await this.#withRuns([row]))[0];
  }

  async list(filter: TrainingFilter): Promise<TrainingRecord[]> {
    let query = this.#database.read.selectFrom('trainings').selectAll().orderBy('updated_at', 'desc').orderBy('id', 'desc').limit(filter.limit);
    const visible = inProjects(this.#database.kind, 'project', filter.projects);
    if (visible !== undefined) query = query.where(visible);
    if (filter.modelName !== undefined) query = query.where('model_name', '=', filter.modelName);
    if (filter.toolchain !== undefined) query = query.where('toolchain', '=', filter.toolchain);
    const { after } = filter;
    if (after !== undefined) query = query.where((eb) => eb(eb.refTuple('updated_at', 'id'), '<', eb.tuple(after.updatedAt, after.id)));
    return this.#withRuns(await query.execute());
  }

  async listById(filter: TrainingsById): Promise<TrainingRecord[]> {
    const order = byCodePoint(this.#database.kind, sql.ref('id'));
    let query = this.#database.read.selectFrom('trainings').select('id').orderBy(order).limit(filter.limit ?? ALL).offset(filter.offset);
    const visible = inProjects(this.#database.kind, 'project', filter.projects);
    if (visible !== undefined) query = query.where(visible);
    for (const [column, values] of [['model_name', filter.modelNames], ['model_version', filter.modelVersions], ['toolchain', filter.toolchains]] as const) {
      if (values !== undefined && values.length > 0) query = query.where(column, 'in', values);
    }
    // the place is found in the index alone; the rows, which are large, only of what is shown
    const rows = await this.#database.read.selectFrom('trainings').selectAll().where('id', 'in', query).orderBy(order).execute();
    return this.#withRuns(rows);
  }

  submit(submission: Submission): Promise<TrainingRecord> {
    return this.#submissions.add(submission);
  }

  async delete(id: string, { stopping }: { readonly stopping: boolean }): Promise<void> {
    await this.#database.write(async (trx) => {
      if ((await locked({ trx, kind: this.#database.kind }, [id])).length === 0) throw new TrainyardError('TRAINING_NOT_FOUND', { id });
      let active = trx.selectFrom('runs').select((eb) => eb.fn.countAll<number>().as('count')).where('training_id', '=', id).where('state', 'in', ACTIVE_STATES);
      if (stopping) active = active.where('cancel_requested_at', 'is', null);
      const count = Number((await active.executeTakeFirstOrThrow()).count);
      if (count > 0) throw new TrainyardError('TRAINING_ACTIVE', { id, count });
      await trx.deleteFrom('trainings').where('id', '=', id).execute();
    });
  }

  async #withRuns(rows: readonly Selectable<TrainingTable>[]): Promise<TrainingRecord[]> {
    const ids = rows.flatMap((row) => (row.latest_run === null ? [] : [row.latest_run]));
    const byId = new Map<string, RunRecord>();
    for (const part of inParts(ids)) {
      for (const run of await this.#database.read.selectFrom('runs').selectAll().where('id', 'in', part).execute()) byId.set(run.id, toRun(run));
    }
    return rows.map((row) => toTraining(row, row.latest_run === null ? undefined : byId.get(row.latest_run)));
  }
}

function toTraining(row: Selectable<TrainingTable>, latestRun: RunRecord | undefined): TrainingRecord {
  return { id: row.id, spec: readSpec(row.spec), createdAt: row.created_at, updatedAt: row.updated_at, runCount: row.run_count, latestRun };
}

interface Writing {
  readonly trx: Trx;
  readonly kind: Database['kind'];
  readonly now: number;
}

/** As they are now, and nobody else's to change or delete until the transaction ends. */
async function locked({ trx, kind }: Omit<Writing, 'now'>, ids: readonly string[]): Promise<Selectable<TrainingTable>[]> {
  const query = trx.selectFrom('trainings').selectAll().where('id', 'in', ids);
  // SQLite has one writer at a time anyway; in one order, so that two transactions do not wait for each other
  return await (kind === 'postgresql' ? query.orderBy('id').forUpdate() : query).execute();
}

/** In their order; many runs behind each other share their statements. */
async function submitBatch(writing: Writing, batch: readonly Submission[]): Promise<Settled<TrainingRecord>[]> {
  const answers: Settled<TrainingRecord>[] = [];
  for (let at = 0; at < batch.length; ) {
    const stretch = runsFrom(batch, at);
    if (stretch.length > 0) answers.push(...(await submitRuns(writing, stretch)));
    const next = batch[at + stretch.length];
    if (next !== undefined && next.kind !== 'run') answers.push(await submitSpec(writing, next));
    at = answers.length;
  }
  return answers;
}

type RunSubmission = Extract<Submission, { kind: 'run' }>;

/** The submissions of runs that stand there until another kind comes. */
function runsFrom(batch: readonly Submission[], from: number): RunSubmission[] {
  const end = batch.findIndex(({ kind }, at) => at >= from && kind !== 'run');
  return batch.slice(from, end < 0 ? batch.length : end).filter((submission) => submission.kind === 'run');
}

async function submitRuns(writing: Writing, submissions: readonly RunSubmission[]): Promise<Settled<TrainingRecord>[]> {
  const { trx, now } = writing;
  const ids = [...new Set(submissions.map(({ id }) => id))];
  const trainings = new Map((await locked(writing, ids)).map((row) => [row.id, toTraining(row, undefined)]));
  // of another project: it was deleted and its id given again, or it has moved
  const fits = ({ id, run }: RunSubmission): boolean => trainings.get(id)?.spec.project === run.spec.project;
  const runs = await insertRuns(trx, submissions.filter(fits).map(({ run }) => run), now);
  const changed = new Map<string, TrainingRecord>();
  const answers = submissions.map((submission): Settled<TrainingRecord> => {
    const { id, run } = submission;
    const [before, latestRun] = [changed.get(id) ?? trainings.get(id), runs.get(run.id)];
    if (before === undefined || latestRun === undefined || !fits(submission)) return { error: new TrainyardError('TRAINING_NOT_FOUND', { id }) };
    const after = { ...before, updatedAt: Math.max(now, before.updatedAt), runCount: before.runCount + 1, latestRun };
    changed.set(id, after);
    return { value: after };
  });
  for (const { id, latestRun, runCount, updatedAt } of changed.values()) await trx.updateTable('trainings').set({ updated_at: updatedAt, latest_run: latestRun?.id ?? null, run_count: runCount }).where('id', '=', id).execute();
  return answers;
}

async function submitSpec(writing: Writing, submission: Exclude<Submission, RunSubmission>): Promise<Settled<TrainingRecord>> {
  const { trx, now } = writing;
  const { kind, id, spec } = submission;
  const [before] = await locked(writing, [id]);
  if (kind === 'create' && before !== undefined) return { error: new TrainyardError('TRAINING_EXISTS', { id }) };
  if (kind === 'edit' && before === undefined) return { error: new TrainyardError('TRAINING_NOT_FOUND', { id }) };
  const run = submission.run === undefined ? undefined : (await insertRuns(trx, [submission.run], now)).get(submission.run.id);
  // an edit is later than what was there, also within a millisecond: clients compare the times
  const latest = { updated_at: Math.max(now, (before?.updated_at ?? 0) + 1), ...(run === undefined ? {} : { latest_run: run.id, run_count: (before?.run_count ?? 0) + 1 }) };
  const row =
    before === undefined
      ? await trx.insertInto('trainings').values({ id, created_at: now, latest_run: null, run_count: 0, ...columnsOf(spec), ...latest }).returningAll().executeTakeFirstOrThrow()
      : await trx.updateTable('trainings').set({ ...columnsOf(spec), ...latest }).where('id', '=', id).returningAll().executeTakeFirstOrThrow();
  return { value: toTraining(row, run) };
}

function columnsOf(spec: TrainingSpec): Pick<TrainingTable, 'project' | 'model_name' | 'model_version' | 'toolchain' | 'spec'> {
  return { project: spec.project, model_name: spec.model.name, model_version: spec.model.version, toolchain: spec.toolchain, spec: JSON.stringify(spec) };
}

/** Runs and the MLflow runs they are, in one go; by their ids. OTHER_PROJECT, upon which each submission is tried alone. */
async function insertRuns(trx: Trx, runs: readonly NewRun[], now: number): Promise<ReadonlyMap<string, RunRecord>> {
  const experiments = new Map<string, string>();
  for (const run of runs) {
    const { name, project } = experimentOf(run);
    if (!experiments.has(keyOf(run))) experiments.set(keyOf(run), await ensureExperiment(trx, { name, project }, now));
  }
  const rows = runs.map((run) => rowOf(run, experiments.get(keyOf(run)) ?? '', now));
  const inserted = new Map<string, RunRecord>();
  for (const part of inParts(rows, Object.keys(rows[0] ?? {}).length)) {
    for (const row of await trx.insertInto('runs').values(part).returningAll().execute()) inserted.set(row.id, toRun(row));
  }
  const users = new Map(runs.map(({ id, user }) => [id, user]));
  await insertManagedRuns(trx, [...inserted.values()].map((run) => managedRunOf(run, users.get(run.id) ?? '', now)));
  await insertEvents(trx, runs.map(({ id }) => ({ runId: id, kind: 'state', data: { state: 'queued' } })), now);
  return inserted;
}

function experimentOf({ spec, trainingId }: NewRun): { readonly name: string; readonly project: string } {
  return { name: spec.experiment ?? trainingId, project: spec.project };
}

/** Names of projects have no slash. */
function keyOf(run: NewRun): string {
  const { name, project } = experimentOf(run);
  return `${project}/${name}`;
}

function rowOf({ id, trainingId, spec }: NewRun, experimentId: string, now: number) {
  return {
    id,
    training_id: trainingId,
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
  };
}

function managedRunOf(run: RunRecord, userId: string, now: number): ManagedRun {
  const tags = { 'trainyard.training': run.trainingId, 'trainyard.run': String(run.number), 'trainyard.engine': run.engine, 'trainyard.project': run.project };
  return { id: run.id, experimentId: run.experimentId, name: `${run.trainingId}-${run.number}`, userId, startTime: now, tags };
}
