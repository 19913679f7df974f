import type { Kysely } from 'kysely';

/** The runs of a training and of a project, state by state: those that go on, or that failed, are found without a look at all the others. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const index of ['runs_by_training', 'runs_by_project']) await db.schema.dropIndex(index).execute();
  // the project at its end: whoever may see no run of a training is told so from the index alone
  await db.schema.createIndex('runs_by_training').on('runs').columns(['training_id', 'state', 'number', 'project']).execute();
  await db.schema.createIndex('runs_by_project').on('runs').columns(['project', 'state', 'number']).execute();
}
