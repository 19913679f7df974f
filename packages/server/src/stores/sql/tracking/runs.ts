import { TrainyardError } from '@trainyard/core/errors.ts';
import { artifactUri } from '@trainyard/core/tracking/artifact-place.ts';
import type { RunBatch } from '@trainyard/core/tracking/batch.ts';
import type { DatasetInput } from '@trainyard/core/tracking/dataset.ts';
import type { Point } from '@trainyard/core/tracking/metric.ts';
import { decideStatus } from '@trainyard/core/tracking/run-status.ts';
import { GroupCommit } from '../../../platform/group-commit.ts';
import type { HistoryQuery, ModelLink, NewTrackingRun, Page, RunSearch, RunUpdate, Stage, TrackingRunInfo, TrackingRunRecord, TrackingRunStore } from '../../tracking.ts';
import type { Database, Trx } from '../database.ts';
import { insertRows } from '../insert-rows.ts';
import { requireActiveExperiment } from './experiments.ts';
import { readHistory } from './history.ts';
import { insertInputs, insertModelLinks } from './inputs.ts';
import { logBatches, RUN_NAME_TAG } from './log-batches.ts';
import { putPairs } from './pairs.ts';
import { lockRuns, requireActive, selectRuns, toInfo, toRecords } from './run-rows.ts';
import { searchRuns } from './run-search.ts';

/** With 1,000 metrics each, a transaction of this many batches still ends within a second. */
const MAX_BATCHES = 64;

export class SqlTrackingRunStore implements TrackingRunStore {
  readonly #database: Database;
  readonly #batches: GroupCommit<RunBatch, void>;

  constructor(database: Database) {
    this.#database = database;
    this.#batches = new GroupCommit((batches) => database.write((trx) => logBatches(database.kind, trx, batches)), { maxItems: MAX_BATCHES });
  }

  async create(run: NewTrackingRun): Promise<TrackingRunRecord> {
    await this.#database.write(async (trx) => {
      const experiment = await requireActiveExperiment(this.#database.kind, trx, run.experimentId);
      const values = { id: run.id, experiment_id: experiment.id, name: run.name, user_id: run.userId, status: 'RUNNING', start_time: run.startTime, end_time: null, lifecycle_stage: 'active', deleted_time: null };
      const uri = artifactUriOf(run, experiment.artifact_location);
      await insertRows(trx, { table: 'tracking_runs' }, [{ ...values, artifact_uri: uri, managed: 0, client_status: null, client_end_time: null, creator_run: run.creatorRun }]);
      await putPairs(trx, 'run_tags', run.tags.map((tag) => ({ ...tag, owner: { run_id: run.id } })));
    });
    const made = await this.find(run.id);
    if (made === undefined) throw new TrainyardError('TRACKING_RUN_NOT_FOUND', { id: run.id });
    return made;
  }

  async findInfo(id: string): Promise<TrackingRunInfo | undefined> {
    const row = await selectRuns(this.#database.read).where('tracking_runs.id', '=', id).executeTakeFirst();
    return row === undefined ? undefined : toInfo(row);
  }

  async find(id: string): Promise<TrackingRunRecord | undefined> {
    const row = await selectRuns(this.#database.read).where('tracking_runs.id', '=', id).executeTakeFirst();
    return row === undefined ? undefined : (await toRecords(this.#database.read, [row]))[0];
  }

  search(search: RunSearch): Promise<Page<TrackingRunRecord>> {
    return searchRuns(this.#database, search);
  }

  update(id: string, update: RunUpdate): Promise<TrackingRunInfo> {
    return this.#writeTo(id, async (trx, run) => {
      const decision = decideStatus(run, update);
      const name = update.name === undefined || update.name === '' ? run.name : update.name;
      const word = decision.clientWord === undefined ? {} : { client_status: decision.clientWord.status, client_end_time: decision.clientWord.endTime };
      await trx.updateTable('tracking_runs').set({ name, status: decision.status, end_time: decision.endTime, ...word }).where('id', '=', id).execute();
      if (name !== run.name) await putPairs(trx, 'run_tags', [{ key: RUN_NAME_TAG, value: name, owner: { run_id: id } }]);
      return { ...run, ...decision.shown, name };
    });
  }

  setStage(id: string, stage: Stage, now: number): Promise<void> {
    return this.#database.write(async (trx) => {
      const result = await trx.updateTable('tracking_runs').set({ lifecycle_stage: stage, deleted_time: stage === 'deleted' ? now : null }).where('id', '=', id).executeTakeFirst();
      if (result.numUpdatedRows === 0n) throw new TrainyardError('TRACKING_RUN_NOT_FOUND', { id });
    });
  }

  log(batch: RunBatch): Promise<void> {
    return this.#batches.add(batch);
  }

  deleteTag(id: string, key: string): Promise<void> {
    return this.#writeTo(id, async (trx) => {
      const result = await trx.deleteFrom('run_tags').where('run_id', '=', id).where('key', '=', key).executeTakeFirst();
      if (result.numDeletedRows === 0n) throw new TrainyardError('TAG_NOT_FOUND', { key, owner: `run with id ${id}` });
    });
  }

  logInputs(id: string, datasets: readonly DatasetInput[], models: readonly ModelLink[]): Promise<void> {
    return this.#writeTo(id, async (trx, run) => {
      await insertInputs(trx, run, datasets);
      await insertModelLinks(trx, { runId: id, direction: 'input' }, models);
    });
  }

  logOutputs(id: string, models: readonly ModelLink[]): Promise<void> {
    return this.#writeTo(id, (trx) => insertModelLinks(trx, { runId: id, direction: 'output' }, models));
  }

  history(query: HistoryQuery): Promise<Page<Point>> {
    return readHistory(this.#database.read, query);
  }

  #writeTo<T>(id: string, work: (trx: Trx, run: TrackingRunInfo) => Promise<T>): Promise<T> {
    return this.#database.write(async (trx) => work(trx, requireActive((await lockRuns(this.#database.kind, trx, [id])).get(id), id)));
  }
}

/** Below our own scheme always at the address of the run; elsewhere below what the experiment says. */
function artifactUriOf(run: NewTrackingRun, location: string): string {
  if (location.startsWith('mlflow-artifacts:')) return artifactUri({ experimentId: run.experimentId, kind: 'run', id: run.id });
  return `${location.replace(/\/+$/, '')}/${run.id}/artifacts`;
}
