import { type Kysely, sql } from 'kysely';
import { autoId } from './auto-id.ts';

/** The control side: trainings, their runs, attempts, steps and events; tokens and sealed secrets. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('trainings')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('project', 'text', (c) => c.notNull())
    .addColumn('model_name', 'text', (c) => c.notNull())
    .addColumn('toolchain', 'text', (c) => c.notNull())
    .addColumn('spec', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addColumn('latest_run', 'text')
    .addColumn('run_count', 'integer', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('trainings_by_change').on('trainings').columns(['updated_at', 'id']).execute();
  await createRuns(db);
  await createRunDetails(db);
  await db.schema
    .createTable('tokens')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('last_used_at', 'bigint')
    .execute();
  await db.schema
    .createTable('secrets')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('sealed', 'text', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .execute();
}

async function createRuns(db: Kysely<unknown>): Promise<void> {
  await autoId(db, db.schema.createTable('runs'), 'number')
    .addColumn('id', 'text', (c) => c.notNull().unique())
    .addColumn('training_id', 'text', (c) => c.notNull())
    .addColumn('project', 'text', (c) => c.notNull())
    .addColumn('engine', 'text', (c) => c.notNull())
    .addColumn('lane', 'text', (c) => c.notNull())
    .addColumn('spec', 'text', (c) => c.notNull())
    .addColumn('experiment_id', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('priority', 'integer', (c) => c.notNull())
    .addColumn('ready', 'integer', (c) => c.notNull())
    .addColumn('queued_at', 'bigint', (c) => c.notNull())
    .addColumn('next_attempt_at', 'bigint')
    .addColumn('started_at', 'bigint')
    .addColumn('ended_at', 'bigint')
    .addColumn('attempt', 'integer', (c) => c.notNull())
    .addColumn('attempt_started_at', 'bigint')
    .addColumn('submitted', 'integer', (c) => c.notNull())
    .addColumn('step', 'text')
    .addColumn('step_started_at', 'bigint')
    .addColumn('cancel_requested_at', 'bigint')
    .addColumn('stop', 'text')
    .addColumn('missing_since', 'bigint')
    .addColumn('outcome', 'text')
    .addColumn('failure', 'text')
    .addColumn('facts', 'text', (c) => c.notNull())
    .addColumn('warnings', 'text', (c) => c.notNull())
    .addColumn('look_at', 'bigint')
    .addColumn('lease', 'text')
    .addColumn('lease_until', 'bigint')
    .execute();
  // partial: their size is that of the work at hand, whatever the length of the history
  // state and ready come first although the condition says them: without them SQLite prefers runs_by_state, and sorts the whole queue
  await sql`create index runs_queue on runs (state, ready, lane, priority desc, number) where state = 'queued' and ready = 1`.execute(db);
  await sql`create index runs_waiting on runs (state, ready, next_attempt_at) where state = 'queued' and ready = 0`.execute(db);
  await sql`create index runs_active on runs (look_at) where state in ('preparing', 'running')`.execute(db);
  await db.schema.createIndex('runs_by_training').on('runs').columns(['training_id', 'number']).execute();
  await db.schema.createIndex('runs_by_state').on('runs').columns(['state', 'number']).execute();
  await db.schema.createIndex('runs_by_project').on('runs').columns(['project', 'number']).execute();
}

async function createRunDetails(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('attempts')
    .addColumn('run_id', 'text', (c) => c.notNull())
    .addColumn('number', 'integer', (c) => c.notNull())
    .addColumn('engine', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('started_at', 'bigint', (c) => c.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('step', 'text')
    .addColumn('failure', 'text')
    .addColumn('last_seq', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('attempts_key', ['run_id', 'number'])
    .execute();
  await db.schema
    .createTable('steps')
    .addColumn('run_id', 'text', (c) => c.notNull())
    .addColumn('attempt', 'integer', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('started_at', 'bigint', (c) => c.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('message', 'text')
    .addColumn('exit_code', 'integer')
    .addPrimaryKeyConstraint('steps_key', ['run_id', 'attempt', 'name'])
    .execute();
  await autoId(db, db.schema.createTable('events'), 'id')
    .addColumn('run_id', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('data', 'text', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('events_by_run').on('events').columns(['run_id', 'id']).execute();
}
