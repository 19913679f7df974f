import { type CreateTableBuilder, type Kysely, PostgresAdapter, sql } from 'kysely';
import { autoId } from './auto-id.ts';
import { blob } from './blob.ts';
import { clustered } from './clustered.ts';

/** MLflow's side: experiments, runs, what they logged, models and their versions. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await createExperiments(db);
  await createRuns(db);
  await createMetrics(db);
  await createDatasets(db);
  await createLoggedModels(db);
  await createRegistry(db);
  await createVersions(db);
  await createSearchIndexes(db);
}

async function createExperiments(db: Kysely<unknown>): Promise<void> {
  await autoId(db, db.schema.createTable('experiments'), 'id')
    .addColumn('name', 'text', (c) => c.notNull().unique())
    .addColumn('artifact_location', 'text', (c) => c.notNull())
    .addColumn('lifecycle_stage', 'text', (c) => c.notNull())
    .addColumn('creation_time', 'bigint', (c) => c.notNull())
    .addColumn('last_update_time', 'bigint', (c) => c.notNull())
    .execute();
  await createPairs(db, 'experiment_tags', { experiment_id: 'bigint' });
  // clients that name no experiment use number 0
  const now = Date.now();
  await sql`insert into experiments (id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
    values (0, 'Default', 'mlflow-artifacts:/0', 'active', ${now}, ${now})`.execute(db);
}

async function createRuns(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('tracking_runs')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('experiment_id', 'bigint', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('user_id', 'text', (c) => c.notNull())
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('start_time', 'bigint', (c) => c.notNull())
    .addColumn('end_time', 'bigint')
    .addColumn('lifecycle_stage', 'text', (c) => c.notNull())
    .addColumn('deleted_time', 'bigint')
    .addColumn('artifact_uri', 'text', (c) => c.notNull())
    .addColumn('managed', 'integer', (c) => c.notNull())
    .addColumn('client_status', 'text')
    .addColumn('client_end_time', 'bigint')
    .addColumn('creator_run', 'text')
    .addColumn('last_seen', 'bigint', (c) => c.notNull())
    .addColumn('loose_batches', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('settled_batch', 'bigint', (c) => c.notNull().defaultTo(0))
    .addColumn('latest_behind', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('lost', 'integer', (c) => c.notNull().defaultTo(0))
    .execute();
  // those that nobody has ended, which may be silent; and what a run's program has left open
  await sql`create index tracking_runs_open on tracking_runs (id) where managed = 0 and status = 'RUNNING'`.execute(db);
  await sql`create index tracking_runs_by_creator on tracking_runs (creator_run) where creator_run is not null`.execute(db);
  await createPairs(db, 'run_tags', { run_id: 'text' });
  await createPairs(db, 'params', { run_id: 'text' });
}

/**
 * One row per (run, key) with its latest point, so that a search never reads points. Points are appended as they come in
 * `metric_batches`, and later moved to `metric_chunks`, sorted by series.
 */
async function createMetrics(db: Kysely<unknown>): Promise<void> {
  await autoId(db, db.schema.createTable('metric_series'), 'id')
    .addColumn('run_id', 'text', (c) => c.notNull())
    .addColumn('experiment_id', 'bigint', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('step', 'bigint', (c) => c.notNull())
    .addColumn('timestamp', 'bigint', (c) => c.notNull())
    .addColumn('value', 'double precision', (c) => c.notNull())
    .addColumn('is_nan', 'integer', (c) => c.notNull())
    .addUniqueConstraint('metric_series_key', ['run_id', 'key'])
    .execute();
  // what a search by a metric reads, and nothing else of the series
  await sql`create index metric_series_by_value on metric_series (experiment_id, key, is_nan, value, run_id)`.execute(db);
  await autoId(db, db.schema.createTable('metric_batches'), 'id')
    .addColumn('run_id', 'text', (c) => c.notNull())
    .addColumn('names', 'text', (c) => c.notNull())
    .addColumn('bytes', blob(db), (c) => c.notNull())
    .execute();
  await db.schema.createIndex('metric_batches_by_run').on('metric_batches').column('run_id').execute();
  await autoId(db, db.schema.createTable('metric_chunks'), 'id')
    .addColumn('series_id', 'bigint', (c) => c.notNull())
    .addColumn('is_full', 'integer', (c) => c.notNull())
    .addColumn('points', 'integer', (c) => c.notNull())
    .addColumn('summary', 'text', (c) => c.notNull())
    .addColumn('bytes', blob(db), (c) => c.notNull())
    .execute();
  await db.schema.createIndex('metric_chunks_by_series').on('metric_chunks').columns(['series_id', 'is_full']).execute();
  // the runs whose series do not know their latest batches yet: a handful at any time
  await sql`create index tracking_runs_behind on tracking_runs (id) where latest_behind = 1`.execute(db);
}

async function createDatasets(db: Kysely<unknown>): Promise<void> {
  await autoId(db, db.schema.createTable('datasets'), 'id')
    .addColumn('experiment_id', 'bigint', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addColumn('source_type', 'text', (c) => c.notNull())
    .addColumn('source', 'text', (c) => c.notNull())
    .addColumn('schema', 'text')
    .addColumn('profile', 'text')
    .addUniqueConstraint('datasets_key', ['experiment_id', 'name', 'digest'])
    .execute();
  await clustered(db, db.schema.createTable('run_datasets'))
    .addColumn('run_id', 'text', (c) => c.notNull())
    .addColumn('dataset_id', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('run_datasets_key', ['run_id', 'dataset_id'])
    .execute();
  await db.schema.createIndex('run_datasets_by_dataset').on('run_datasets').columns(['dataset_id', 'run_id']).execute();
  await createPairs(db, 'run_dataset_tags', { run_id: 'text', dataset_id: 'bigint' });
}

async function createLoggedModels(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('logged_models')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('experiment_id', 'bigint', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('model_type', 'text')
    .addColumn('source_run_id', 'text')
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('status_message', 'text')
    .addColumn('artifact_uri', 'text', (c) => c.notNull())
    .addColumn('creation_time', 'bigint', (c) => c.notNull())
    .addColumn('last_update_time', 'bigint', (c) => c.notNull())
    .addColumn('lifecycle_stage', 'text', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('logged_models_by_experiment').on('logged_models').columns(['experiment_id', 'creation_time', 'id']).execute();
  await db.schema.createIndex('logged_models_by_run').on('logged_models').column('source_run_id').execute();
  await createPairs(db, 'logged_model_params', { model_id: 'text' });
  await createPairs(db, 'logged_model_tags', { model_id: 'text' });
  await createModelMetrics(db);
  await clustered(db, db.schema.createTable('run_models'))
    .addColumn('run_id', 'text', (c) => c.notNull())
    .addColumn('direction', 'text', (c) => c.notNull())
    .addColumn('model_id', 'text', (c) => c.notNull())
    .addColumn('step', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('run_models_key', ['run_id', 'direction', 'model_id'])
    .execute();
}

async function createModelMetrics(db: Kysely<unknown>): Promise<void> {
  await clustered(db, db.schema.createTable('logged_model_metrics'))
    .addColumn('model_id', 'text', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('timestamp', 'bigint', (c) => c.notNull())
    .addColumn('step', 'bigint', (c) => c.notNull())
    .addColumn('run_id', 'text', (c) => c.notNull())
    .addColumn('value', 'double precision', (c) => c.notNull())
    .addColumn('is_nan', 'integer', (c) => c.notNull())
    .addColumn('dataset_name', 'text')
    .addColumn('dataset_digest', 'text')
    .addPrimaryKeyConstraint('logged_model_metrics_key', ['model_id', 'key', 'step', 'timestamp', 'value', 'is_nan', 'run_id'])
    .execute();
}

async function createRegistry(db: Kysely<unknown>): Promise<void> {
  await autoId(db, db.schema.createTable('registered_models'), 'id')
    .addColumn('name', 'text', (c) => c.notNull().unique())
    .addColumn('description', 'text')
    .addColumn('creation_time', 'bigint', (c) => c.notNull())
    .addColumn('last_update_time', 'bigint', (c) => c.notNull())
    // the number of a deleted version is never given again
    .addColumn('last_version', 'integer', (c) => c.notNull())
    .execute();
  await createPairs(db, 'registered_model_tags', { registered_model_id: 'bigint' });
  await clustered(db, db.schema.createTable('registered_model_aliases'))
    .addColumn('registered_model_id', 'bigint', (c) => c.notNull())
    .addColumn('alias', 'text', (c) => c.notNull())
    .addColumn('version', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('registered_model_aliases_key', ['registered_model_id', 'alias'])
    .execute();
}

async function createVersions(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('model_versions')
    .addColumn('registered_model_id', 'bigint', (c) => c.notNull())
    .addColumn('version', 'integer', (c) => c.notNull())
    .addColumn('creation_time', 'bigint', (c) => c.notNull())
    .addColumn('last_update_time', 'bigint', (c) => c.notNull())
    .addColumn('description', 'text')
    .addColumn('user_id', 'text')
    .addColumn('stage', 'text', (c) => c.notNull())
    .addColumn('source', 'text', (c) => c.notNull())
    .addColumn('storage_location', 'text', (c) => c.notNull())
    .addColumn('run_id', 'text')
    .addColumn('run_link', 'text')
    .addColumn('model_id', 'text')
    .addPrimaryKeyConstraint('model_versions_key', ['registered_model_id', 'version'])
    .execute();
  await db.schema.createIndex('model_versions_by_run').on('model_versions').columns(['run_id', 'registered_model_id']).execute();
  await db.schema.createIndex('model_versions_by_change').on('model_versions').columns(['last_update_time', 'version']).execute();
  await createPairs(db, 'model_version_tags', { registered_model_id: 'bigint', version: 'integer' });
}

/** A table of names and values that belong to something. */
async function createPairs(db: Kysely<unknown>, name: string, owner: Readonly<Record<string, 'text' | 'bigint' | 'integer'>>): Promise<void> {
  let table: CreateTableBuilder<string, string> = clustered(db, db.schema.createTable(name));
  for (const [column, type] of Object.entries(owner)) table = table.addColumn(column, type, (c) => c.notNull());
  await table
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('value', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint(`${name}_key`, [...Object.keys(owner), 'key'])
    .execute();
}

/** What searches for runs read. */
async function createSearchIndexes(db: Kysely<unknown>): Promise<void> {
  // the order of a search that asks for none, with all it takes to pass over deleted runs
  await sql`create index tracking_runs_by_experiment on tracking_runs (experiment_id, start_time desc, id, lifecycle_stage)`.execute(db);
  // a value may be longer than what an index entry holds, so it holds the beginnings; by code point, as searches sort
  const beginning = db.getExecutor().adapter instanceof PostgresAdapter ? sql`substr(value, 1, 64) collate "C"` : sql`substr(value, 1, 64)`;
  for (const table of ['params', 'run_tags']) await sql`create index ${sql.id(`${table}_by_value`)} on ${sql.table(table)} (key, (${beginning}), run_id)`.execute(db);
}
