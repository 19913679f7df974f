import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Pair } from '@trainyard/core/tracking/batch.ts';
import type { Condition } from '@trainyard/core/tracking/filter/condition.ts';
import type { ExperimentColumn } from '@trainyard/core/tracking/filter/searches.ts';
import { invalid } from '@trainyard/core/tracking/names.ts';
import { type Kysely, type RawBuilder, type Selectable, type SqlBool, sql } from 'kysely';
import type { ExperimentRecord, ExperimentSearch, ExperimentStore, NewExperiment, Page, Stage } from '../../tracking.ts';
import type { Database, Trx } from '../database.ts';
import { inProjects } from '../people/in-projects.ts';
import { byCodePoint, keysetPage, type SortTerm } from '../keyset.ts';
import { passes } from '../passes.ts';
import type { Schema } from '../schema.ts';
import { pairsOf, putPairs } from './pairs.ts';
import type { ExperimentTable } from './schema.ts';

export class SqlExperimentStore implements ExperimentStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  create(experiment: NewExperiment, now: number): Promise<string> {
    return this.#database.write(async (trx) => {
      const made = await trx
        .insertInto('experiments')
        .values({ name: experiment.name, project: experiment.project ?? 'default', artifact_location: experiment.artifactLocation ?? '', lifecycle_stage: 'active', creation_time: now, last_update_time: now })
        .onConflict((conflict) => conflict.column('name').doNothing())
        .returning('id')
        .executeTakeFirst();
      if (made === undefined) throw new TrainyardError('EXPERIMENT_EXISTS', { name: experiment.name });
      if (experiment.artifactLocation === undefined) await trx.updateTable('experiments').set({ artifact_location: `mlflow-artifacts:/${made.id}` }).where('id', '=', made.id).execute();
      await putPairs(trx, 'experiment_tags', experiment.tags.map((tag) => ({ ...tag, owner: { experiment_id: made.id } })));
      return String(made.id);
    });
  }

  async find(id: string): Promise<ExperimentRecord | undefined> {
    const row = await this.#database.read.selectFrom('experiments').selectAll().where('id', '=', Number(id)).executeTakeFirst();
    return row === undefined ? undefined : (await withTags(this.#database.read, [row]))[0];
  }

  async findByName(name: string): Promise<ExperimentRecord | undefined> {
    const row = await this.#database.read.selectFrom('experiments').selectAll().where('name', '=', name).executeTakeFirst();
    return row === undefined ? undefined : (await withTags(this.#database.read, [row]))[0];
  }

  async search(search: ExperimentSearch): Promise<Page<ExperimentRecord>> {
    let query = this.#database.read.selectFrom('experiments').selectAll();
    const visible = inProjects(this.#database.kind, 'experiments.project', search.projects);
    if (visible !== undefined) query = query.where(visible);
    if (search.stage !== undefined) query = query.where('lifecycle_stage', '=', search.stage);
    for (const condition of search.conditions) query = query.where(meets(this.#database.kind, condition));
    const page = await keysetPage(query, { terms: this.#terms(search), limit: search.limit, after: search.after });
    return { items: await withTags(this.#database.read, page.items), next: page.next };
  }

  #terms(search: ExperimentSearch): SortTerm[] {
    const asked = search.order.flatMap(({ subject, ascending }): SortTerm[] => (subject.entity === 'attribute' ? [{ ...this.#term(subject.column), ascending }] : []));
    const last: SortTerm[] = asked.length > 0 ? [{ ...this.#term('id'), ascending: true }] : [{ ...this.#term('creation_time'), ascending: false }, { ...this.#term('id'), ascending: false }];
    return [...asked, ...last];
  }

  #term(column: ExperimentColumn): Pick<SortTerm, 'by' | 'type'> {
    const by = sql.ref(`experiments.${column}`);
    return column === 'name' ? { by: byCodePoint(this.#database.kind, by), type: 'text' } : { by, type: 'integer' };
  }

  rename(id: string, name: string, now: number): Promise<void> {
    return this.#database.write(async (trx) => {
      const { lifecycle_stage: stage } = await lockExperiment(this.#database.kind, trx, id);
      if (stage !== 'active') throw new TrainyardError('EXPERIMENT_NOT_ACTIVE');
      const taken = await trx.selectFrom('experiments').select('id').where('name', '=', name).where('id', '!=', Number(id)).executeTakeFirst();
      if (taken !== undefined) throw new TrainyardError('EXPERIMENT_EXISTS', { name });
      await trx.updateTable('experiments').set({ name, last_update_time: now }).where('id', '=', Number(id)).execute();
    });
  }

  setStage(id: string, stage: Stage, now: number): Promise<void> {
    return this.#database.write(async (trx) => {
      const result = await trx.updateTable('experiments').set({ lifecycle_stage: stage, last_update_time: now }).where('id', '=', Number(id)).where('lifecycle_stage', '!=', stage).executeTakeFirst();
      if (result.numUpdatedRows === 0n) throw new TrainyardError('EXPERIMENT_NOT_FOUND', { id });
      await trx
        .updateTable('tracking_runs')
        .set({ lifecycle_stage: stage, deleted_time: stage === 'deleted' ? now : null })
        .where('experiment_id', '=', Number(id))
        .where('lifecycle_stage', '!=', stage)
        .execute();
    });
  }

  setTag(id: string, tag: Pair): Promise<void> {
    return this.#database.write(async (trx) => {
      await requireActiveExperiment(this.#database.kind, trx, id);
      await putPairs(trx, 'experiment_tags', [{ ...tag, owner: { experiment_id: Number(id) } }]);
    });
  }

  deleteTag(id: string, key: string): Promise<void> {
    return this.#database.write(async (trx) => {
      await requireActiveExperiment(this.#database.kind, trx, id);
      const result = await trx.deleteFrom('experiment_tags').where('experiment_id', '=', Number(id)).where('key', '=', key).executeTakeFirst();
      if (result.numDeletedRows === 0n) throw new TrainyardError('TAG_NOT_FOUND', { key, owner: `experiment with id ${id}` });
    });
  }
}

/** Reads an experiment that nobody else changes until the end of the transaction. */
async function lockExperiment(kind: Database['kind'], trx: Trx, id: string): Promise<Selectable<ExperimentTable>> {
  const query = trx.selectFrom('experiments').selectAll().where('id', '=', Number(id));
  // SQLite has one writer at a time, and no such clause
  const row = await (kind === 'postgresql' ? query.forUpdate() : query).executeTakeFirst();
  if (row === undefined) throw new TrainyardError('EXPERIMENT_NOT_FOUND', { id });
  return row;
}

/** EXPERIMENT_NOT_FOUND, or a refusal when it is deleted. */
export async function requireActiveExperiment(kind: Database['kind'], trx: Trx, id: string): Promise<Selectable<ExperimentTable>> {
  const row = await lockExperiment(kind, trx, id);
  if (row.lifecycle_stage !== 'active') throw invalid(`The experiment ${id} must be in the 'active' state. Current state is ${row.lifecycle_stage}.`);
  return row;
}

function meets(kind: Database['kind'], condition: Condition<ExperimentColumn>): RawBuilder<SqlBool> {
  const { subject, test } = condition;
  if (subject.entity === 'attribute') return passes(kind, subject.column === 'id' ? sql`cast(experiments.id as text)` : sql.ref(`experiments.${subject.column}`), test);
  const withKey = sql`select 1 from experiment_tags t where t.experiment_id = experiments.id and t.key = ${subject.key}`;
  if (test.operator === 'IS NULL') return sql<SqlBool>`not exists (${withKey})`;
  if (test.operator === 'IS NOT NULL') return sql<SqlBool>`exists (${withKey})`;
  return sql<SqlBool>`exists (${withKey} and ${passes(kind, sql.ref('t.value'), test)})`;
}

async function withTags(db: Kysely<Schema>, rows: readonly Selectable<ExperimentTable>[]): Promise<ExperimentRecord[]> {
  const tags = await pairsOf(db, 'experiment_tags', rows.map((row) => row.id));
  return rows.map((row) => ({
    id: String(row.id),
    name: row.name,
    project: row.project,
    artifactLocation: row.artifact_location,
    stage: row.lifecycle_stage as Stage,
    createdAt: row.creation_time,
    updatedAt: row.last_update_time,
    tags: tags.get(row.id) ?? [],
  }));
}
