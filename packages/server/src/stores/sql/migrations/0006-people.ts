import { type Kysely, sql } from 'kysely';
import { autoId } from './auto-id.ts';

/** Roles of tokens, the projects of experiments and registered models, and the audit log. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // whoever has a token so far could do everything
  await db.schema.alterTable('tokens').addColumn('roles', 'text', (c) => c.notNull().defaultTo('[{"role":"admin"}]')).execute();
  await db.schema.alterTable('experiments').addColumn('project', 'text', (c) => c.notNull().defaultTo('default')).execute();
  await db.schema.alterTable('registered_models').addColumn('project', 'text', (c) => c.notNull().defaultTo('default')).execute();
  await giveExperimentsTheirProject(db);
  await giveModelsTheirProject(db);
  await autoId(db, db.schema.createTable('audit'), 'id')
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('who_name', 'text', (c) => c.notNull())
    .addColumn('who_id', 'text', (c) => c.notNull())
    .addColumn('action', 'text', (c) => c.notNull())
    .addColumn('resource', 'text')
    .addColumn('project', 'text')
    .addColumn('outcome', 'text', (c) => c.notNull())
    .addColumn('request_id', 'text', (c) => c.notNull())
    .addColumn('address', 'text', (c) => c.notNull())
    .execute();
  // what is too old goes in this order; each list is read from its end
  await db.schema.createIndex('audit_by_time').on('audit').column('at').execute();
  await db.schema.createIndex('audit_by_who').on('audit').columns(['who_id', 'id']).execute();
  await db.schema.createIndex('audit_by_action').on('audit').columns(['action', 'id']).execute();
}

/** That of the first run which Trainyard launched in it. */
async function giveExperimentsTheirProject(db: Kysely<unknown>): Promise<void> {
  await sql`
    with first as (select experiment_id, min(number) as number from runs group by experiment_id),
      found as (select cast(first.experiment_id as bigint) as id, runs.project from first join runs on runs.number = first.number where runs.project <> 'default')
    update experiments set project = found.project from found where found.id = experiments.id`.execute(db);
}

/** That of the run behind its first version. */
async function giveModelsTheirProject(db: Kysely<unknown>): Promise<void> {
  await sql`
    with first as (select registered_model_id, min(version) as version from model_versions group by registered_model_id),
      found as (
        select v.registered_model_id as id, runs.project from first
        join model_versions v on v.registered_model_id = first.registered_model_id and v.version = first.version
        join runs on runs.id = v.run_id where runs.project <> 'default')
    update registered_models set project = found.project from found where found.id = registered_models.id`.execute(db);
}
