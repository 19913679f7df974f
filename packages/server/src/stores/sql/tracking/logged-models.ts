import { withoutEndingSlashes } from '@trainyard/core/ending-slashes.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { artifactUri } from '@trainyard/core/tracking/artifact-place.ts';
import { newParams, type Pair } from '@trainyard/core/tracking/batch.ts';
import type { LoggedModelStatus } from '@trainyard/core/tracking/logged-model.ts';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { LoggedModelMetric, LoggedModelRecord, LoggedModelSearch, LoggedModelStore, NewLoggedModel, Page } from '../../tracking.ts';
import type { Database, Trx } from '../database.ts';
import { inParts } from '../insert-rows.ts';
import type { Schema } from '../schema.ts';
import { requireActiveExperiment } from './experiments.ts';
import { int64Text, readInt64 } from './int64.ts';
import { searchLoggedModels } from './logged-model-search.ts';
import { pairsOf, putPairs } from './pairs.ts';
import type { LoggedModelTable } from './schema.ts';

type Row = Selectable<LoggedModelTable>;

export class SqlLoggedModelStore implements LoggedModelStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  create(model: NewLoggedModel, now: number): Promise<LoggedModelRecord> {
    return this.#database.write(async (trx) => {
      const experiment = await requireActiveExperiment(this.#database.kind, trx, model.experimentId);
      const row: Row = {
        id: model.id,
        experiment_id: experiment.id,
        name: model.name,
        model_type: model.modelType,
        source_run_id: model.sourceRunId,
        status: 'PENDING',
        status_message: null,
        artifact_uri: artifactUriOf(model, experiment.artifact_location),
        creation_time: now,
        last_update_time: now,
        lifecycle_stage: 'active',
      };
      await trx.insertInto('logged_models').values(row).execute();
      await putPairs(trx, 'logged_model_params', model.params.map((param) => ({ ...param, owner: { model_id: model.id } })));
      await putPairs(trx, 'logged_model_tags', model.tags.map((tag) => ({ ...tag, owner: { model_id: model.id } })));
      return recordOf(trx, row);
    });
  }

  async find(id: string): Promise<LoggedModelRecord | undefined> {
    const row = await this.#database.read.selectFrom('logged_models').selectAll().where('id', '=', id).where('lifecycle_stage', '=', 'active').executeTakeFirst();
    return row === undefined ? undefined : recordOf(this.#database.read, row);
  }

  async search(search: LoggedModelSearch): Promise<Page<LoggedModelRecord>> {
    const page = await searchLoggedModels(this.#database, search);
    return { items: await toRecords(this.#database.read, page.items), next: page.next };
  }

  finalize(id: string, status: LoggedModelStatus, now: number): Promise<LoggedModelRecord> {
    return this.#writeTo(id, async (trx, row) => {
      const change = { status, last_update_time: now };
      await trx.updateTable('logged_models').set(change).where('id', '=', id).execute();
      return recordOf(trx, { ...row, ...change });
    });
  }

  logParams(id: string, params: readonly Pair[]): Promise<void> {
    return this.#writeTo(id, async (trx) => {
      const stored = await pairsOf(trx, 'logged_model_params', [id]);
      const fresh = newParams(id, params, new Map((stored.get(id) ?? []).map(({ key, value }) => [key, value])));
      await putPairs(trx, 'logged_model_params', fresh.map((param) => ({ ...param, owner: { model_id: id } })));
    });
  }

  setTags(id: string, tags: readonly Pair[]): Promise<void> {
    return this.#writeTo(id, (trx) => putPairs(trx, 'logged_model_tags', tags.map((tag) => ({ ...tag, owner: { model_id: id } }))));
  }

  deleteTag(id: string, key: string): Promise<void> {
    return this.#writeTo(id, async (trx) => {
      const result = await trx.deleteFrom('logged_model_tags').where('model_id', '=', id).where('key', '=', key).executeTakeFirst();
      if (result.numDeletedRows === 0n) throw new TrainyardError('LOGGED_MODEL_TAG_NOT_FOUND', { id, key });
    });
  }

  delete(id: string, now: number): Promise<void> {
    return this.#database.write(async (trx) => {
      const found = await trx.selectFrom('logged_models').select('lifecycle_stage').where('id', '=', id).executeTakeFirst();
      if (found === undefined) throw new TrainyardError('LOGGED_MODEL_NOT_FOUND', { id });
      await trx.updateTable('logged_models').set({ lifecycle_stage: 'deleted', last_update_time: now }).where('id', '=', id).where('lifecycle_stage', '=', 'active').execute();
    });
  }

  #writeTo<T>(id: string, work: (trx: Trx, row: Row) => Promise<T>): Promise<T> {
    return this.#database.write(async (trx) => {
      const query = trx.selectFrom('logged_models').selectAll().where('id', '=', id).where('lifecycle_stage', '=', 'active');
      const row = await (this.#database.kind === 'postgresql' ? query.forUpdate() : query).executeTakeFirst();
      if (row === undefined) throw new TrainyardError('LOGGED_MODEL_NOT_FOUND', { id });
      return work(trx, row);
    });
  }
}

/** Below our own scheme always at the address of the model; elsewhere below what the experiment says. */
function artifactUriOf(model: NewLoggedModel, location: string): string {
  if (location.startsWith('mlflow-artifacts:')) return artifactUri({ experimentId: model.experimentId, kind: 'model', id: model.id });
  return `${withoutEndingSlashes(location)}/models/${model.id}/artifacts`;
}

async function recordOf(db: Kysely<Schema>, row: Row): Promise<LoggedModelRecord> {
  const [record] = await toRecords(db, [row]);
  if (record === undefined) throw new TrainyardError('LOGGED_MODEL_NOT_FOUND', { id: row.id });
  return record;
}

async function toRecords(db: Kysely<Schema>, rows: readonly Row[]): Promise<LoggedModelRecord[]> {
  const ids = rows.map((row) => row.id);
  const params = await pairsOf(db, 'logged_model_params', ids);
  const tags = await pairsOf(db, 'logged_model_tags', ids);
  const metrics = await metricsOf(db, ids);
  return rows.map((row) => ({
    id: row.id,
    experimentId: String(row.experiment_id),
    name: row.name,
    modelType: row.model_type,
    sourceRunId: row.source_run_id,
    status: row.status as LoggedModelStatus,
    statusMessage: row.status_message,
    artifactUri: row.artifact_uri,
    createdAt: row.creation_time,
    updatedAt: row.last_update_time,
    params: params.get(row.id) ?? [],
    tags: tags.get(row.id) ?? [],
    metrics: metrics.get(row.id) ?? [],
  }));
}

async function metricsOf(db: Kysely<Schema>, modelIds: readonly string[]): Promise<ReadonlyMap<string, readonly LoggedModelMetric[]>> {
  const metrics = new Map<string, LoggedModelMetric[]>(modelIds.map((id) => [id, []]));
  for (const ids of inParts(modelIds)) {
    const rows = await db
      .selectFrom('logged_model_metrics as m')
      .select(['model_id', 'key', 'run_id', 'value', 'is_nan', 'dataset_name', 'dataset_digest', int64Text('m.timestamp').as('at'), int64Text('m.step').as('in_step')])
      .where('model_id', 'in', ids)
      .orderBy('key')
      .orderBy(sql.ref('m.step'))
      .orderBy(sql.ref('m.timestamp'))
      .orderBy('value')
      .execute();
    for (const row of rows) {
      metrics.get(row.model_id)?.push({
        key: row.key,
        value: row.is_nan === 1 ? Number.NaN : row.value,
        timestamp: readInt64(row.at),
        step: readInt64(row.in_step),
        modelId: row.model_id,
        runId: row.run_id,
        datasetName: row.dataset_name ?? undefined,
        datasetDigest: row.dataset_digest ?? undefined,
      });
    }
  }
  return metrics;
}
