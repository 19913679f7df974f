import { type Kysely, PostgresAdapter, sql } from 'kysely';

/** Connections, toolchain integrations, and trainings listed by id. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('connections')
    .addColumn('id', sortedText(db), (c) => c.primaryKey())
    .addColumn('project', 'text', (c) => c.notNull())
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('spec', 'text', (c) => c.notNull())
    .addColumn('sealed', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('connections_by_type').on('connections').columns(['type', 'id']).execute();
  await db.schema
    .createTable('toolchain_integrations')
    .addColumn('id', sortedText(db), (c) => c.primaryKey())
    .addColumn('project', 'text', (c) => c.notNull())
    .addColumn('spec', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .execute();
  await addOdahusToolchains(db);
  await listTrainingsById(db);
}

/** Text whose index is sorted by code point, whatever the locale of the database. */
function sortedText(db: Kysely<unknown>) {
  return isPostgres(db) ? sql`text collate "C"` : sql`text`;
}

/** Those ODAHU is installed with. Once: who deletes one does not find it again after the next start. */
async function addOdahusToolchains(db: Kysely<unknown>): Promise<void> {
  const now = Date.now();
  for (const [id, program] of [['mlflow', 'odahu-flow-mlflow-runner'], ['mlflow-project', 'odahu-flow-mlflow-project-runner']] as const) {
    const spec = JSON.stringify({ entrypoint: `/opt/conda/bin/${program}`, defaultImage: 'odahu/odahu-flow-mlflow-toolchain:1.6.1', additionalEnvironments: {} });
    await sql`insert into toolchain_integrations (id, project, spec, created_at, updated_at) values (${id}, 'default', ${spec}, ${now}, ${now})`.execute(db);
  }
}

async function listTrainingsById(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('trainings')
    .addColumn('model_version', 'text', (c) => c.notNull().defaultTo(''))
    .execute();
  const version = isPostgres(db) ? sql`spec::json #>> '{model,version}'` : sql`json_extract(spec, '$.model.version')`;
  await sql`update trainings set model_version = coalesce(${version}, '')`.execute(db);
  // all that a list by id chooses by: however deep a page lies, only its own rows are read besides
  const id = isPostgres(db) ? sql`id collate "C"` : sql`id`;
  await sql`create index trainings_by_id on trainings (${id}, project, model_name, model_version, toolchain)`.execute(db);
}

function isPostgres(db: Kysely<unknown>): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter;
}
