import { TrainyardError } from '@trainyard/core/errors.ts';
import type { RunBatch } from '@trainyard/core/tracking/batch.ts';
import type { DatasetInput } from '@trainyard/core/tracking/dataset.ts';
import type { Point } from '@trainyard/core/tracking/metric.ts';
import { decideStatus } from '@trainyard/core/tracking/run-status.ts';
import { GroupCommit } from '../../../platform/group-commit.ts';
import type { BulkHistoryQuery, CurveBucket, CurveQuery, DatasetSummary, HistoryQuery, LostRun, ModelLink, NewTrackingRun, OpenRunRecord, Page, RunPoint, RunSearch, RunUpdate, SampledHistoryQuery, Stage, TrackingRunInfo, TrackingRunRecord, TrackingRunStore } from '../../tracking.ts';
import type { Database, Trx } from '../database.ts';
import { createRuns } from './create-runs.ts';
import { searchDatasets } from './datasets-search.ts';
import { type HeavyReads, openHeavyReads } from './heavy-reads.ts';
import { readHistory } from './history.ts';
import { insertInputs, insertModelLinks } from './inputs.ts';
import { logTogether, packBatch, type PackedBatch } from './log-batches.ts';
import { settleLatest } from '../metrics/latest.ts';
import { putPairs } from './pairs.ts';
import { lockRuns, requireActive, RUN_NAME_TAG, selectRuns, toInfo, toRecords } from './run-rows.ts';
import { endLost, openRuns, takeBackLost } from './silent-runs.ts';

/** With 1,000 metrics each, a transaction of this many batches still ends within a second. */
const MAX_BATCHES = 64;

export class SqlTrackingRunStore implements TrackingRunStore {
  readonly #database: Database;
  readonly #now: () => number;
  readonly #heavy: HeavyReads;
  readonly #created: GroupCommit<NewTrackingRun, TrackingRunRecord>;
  readonly #batches: GroupCommit<PackedBatch, void>;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
    this.#heavy = openHeavyReads(database);
    this.#created = new GroupCommit((runs) => createRuns(database, runs, now()));
    this.#batches = new GroupCommit((batches) => logTogether(database, batches, now()), { maxItems: MAX_BATCHES });
  }

  create(run: NewTrackingRun): Promise<TrackingRunRecord> {
    return this.#created.add(run);
  }

  async findInfo(id: string): Promise<TrackingRunInfo | undefined> {
    const row = await selectRuns(this.#database.read).where('tracking_runs.id', '=', id).executeTakeFirst();
    return row === undefined ? undefined : toInfo(row);
  }

  async find(id: string): Promise<TrackingRunRecord | undefined> {
    const row = await selectRuns(this.#database.read).where('tracking_runs.id', '=', id).executeTakeFirst();
    if (row?.latest_behind === 1) await settleLatest(this.#database, [id]);
    return row === undefined ? undefined : (await toRecords(this.#database.read, [row]))[0];
  }

  async search(search: RunSearch): Promise<Page<TrackingRunRecord>> {
    await settleLatest(this.#database);
    return this.#heavy.search(search);
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
    return this.#batches.add(packBatch(batch));
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

  open(query: { readonly after: string; readonly limit: number }): Promise<readonly OpenRunRecord[]> {
    return openRuns(this.#database, query);
  }

  endLost(lost: readonly LostRun[]): Promise<number> {
    return endLost(this.#database, lost);
  }

  history(query: HistoryQuery): Promise<Page<Point>> {
    return readHistory(this.#database, query);
  }

  bulkHistory(query: BulkHistoryQuery): Promise<readonly RunPoint[]> {
    return this.#heavy.bulkHistory(query);
  }

  sampledHistory(query: SampledHistoryQuery): Promise<readonly RunPoint[]> {
    return this.#heavy.sampledHistory(query);
  }

  curve(query: CurveQuery): Promise<readonly CurveBucket[]> {
    return this.#heavy.curve(query);
  }

  searchDatasets(experimentIds: readonly string[], limit: number): Promise<readonly DatasetSummary[]> {
    return searchDatasets(this.#database, experimentIds, limit);
  }

  #writeTo<T>(id: string, work: (trx: Trx, run: TrackingRunInfo) => Promise<T>): Promise<T> {
    return this.#database.write(async (trx) => {
      const run = requireActive((await lockRuns(this.#database.kind, trx, [id])).get(id), id);
      const now = this.#now();
      const touched = await trx.updateTable('tracking_runs').set({ last_seen: now }).where('id', '=', id).returning('lost').executeTakeFirst();
      if (touched?.lost !== 1) return work(trx, { ...run, lastSeenAt: now });
      await takeBackLost(this.#database.kind, trx, [id]);
      return work(trx, { ...run, status: 'RUNNING', endTime: null, lastSeenAt: now });
    });
  }
}
