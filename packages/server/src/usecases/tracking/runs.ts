import { TrainyardError } from '@trainyard/core/errors.ts';
import { checkBatch, checkParam, checkTag, type Pair, type RunBatch } from '@trainyard/core/tracking/batch.ts';
import { checkDatasets, type DatasetInput } from '@trainyard/core/tracking/dataset.ts';
import { readFilter, readOrder } from '@trainyard/core/tracking/filter/check.ts';
import { RUN_SEARCH } from '@trainyard/core/tracking/filter/searches.ts';
import { checkHeartbeat, HEARTBEAT_TAG } from '@trainyard/core/tracking/heartbeat.ts';
import type { Int64 } from '@trainyard/core/tracking/int64.ts';
import { checkMetric, type Metric, type Point } from '@trainyard/core/tracking/metric.ts';
import { invalid, randomName } from '@trainyard/core/tracking/names.ts';
import type { BulkHistoryQuery, CurveBucket, CurveQuery, DatasetSummary, HistoryQuery, ModelLink, Page, RunPoint, RunUpdate, SampledHistoryQuery, Stage, TrackingRunInfo, TrackingRunRecord, TrackingRunStore } from '../../stores/tracking.ts';
import type { Caller, Rights } from './authorize.ts';

const RUN_NAME_TAG = 'mlflow.runName';
const USER_TAG = 'mlflow.user';
const PARENT_TAG = 'mlflow.parentRunId';

export interface RunRequest {
  readonly experimentId: string;
  readonly name?: string | undefined;
  readonly userId?: string | undefined;
  readonly startTime: Int64;
  readonly tags: readonly Pair[];
}

export interface RunQuery {
  readonly experimentIds: readonly string[];
  readonly filter: string;
  readonly orderBy: readonly string[];
  readonly stage?: Stage | undefined;
  readonly limit: number;
  readonly after?: string | undefined;
}

interface Needs {
  readonly runs: TrackingRunStore;
  readonly rights: Rights;
  readonly now: () => number;
  /** 32 hex digits. */
  readonly newId: () => string;
}

/** What clients do with runs. */
export class TrackingRuns {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** A run created by a run's token is its child: it gets the parent tag when the code did not set one. */
  async create(caller: Caller, request: RunRequest): Promise<TrackingRunRecord> {
    await this.#needs.rights.requireExperiment(caller, request.experimentId);
    const id = this.#needs.newId();
    const tags = new Map(request.tags.map((tag) => checkRunTag(tag)).map(({ key, value }) => [key, value]));
    const named = tags.get(RUN_NAME_TAG);
    if (request.name !== undefined && request.name !== '' && named !== undefined && named !== request.name) {
      throw invalid(`Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='${request.name}', mlflow.runName='${named}').`);
    }
    const name = request.name || named || randomName(id);
    tags.set(RUN_NAME_TAG, name);
    if (caller.kind === 'run' && !tags.has(PARENT_TAG)) tags.set(PARENT_TAG, caller.runId);
    return this.#needs.runs.create({
      id,
      experimentId: request.experimentId,
      name,
      userId: request.userId || (tags.get(USER_TAG) ?? ''),
      startTime: request.startTime,
      creatorRun: caller.kind === 'run' ? caller.runId : null,
      tags: [...tags].map(([key, value]) => ({ key, value })),
    });
  }

  async get(caller: Caller, id: string): Promise<TrackingRunRecord> {
    await this.#needs.rights.seeRun(caller, id);
    const found = await this.#needs.runs.find(id);
    if (found === undefined) throw new TrainyardError('TRACKING_RUN_NOT_FOUND', { id });
    return found;
  }

  async info(caller: Caller, id: string): Promise<TrackingRunInfo> {
    await this.#needs.rights.seeRun(caller, id);
    const found = await this.#needs.runs.findInfo(id);
    if (found === undefined) throw new TrainyardError('TRACKING_RUN_NOT_FOUND', { id });
    return found;
  }

  async search(caller: Caller, query: RunQuery): Promise<Page<TrackingRunRecord>> {
    return this.#needs.runs.search({
      experimentIds: await this.#needs.rights.experimentsSeenBy(caller, query.experimentIds),
      stage: query.stage,
      conditions: readFilter(query.filter, RUN_SEARCH),
      order: readOrder(query.orderBy, RUN_SEARCH),
      limit: query.limit,
      after: query.after,
    });
  }

  async update(caller: Caller, id: string, update: RunUpdate): Promise<TrackingRunInfo> {
    await this.#needs.rights.requireRun(caller, id);
    return this.#needs.runs.update(id, update);
  }

  async setStage(caller: Caller, id: string, stage: Stage): Promise<void> {
    await this.#needs.rights.requireRun(caller, id);
    await this.#needs.runs.setStage(id, stage, this.#needs.now());
  }

  async log(caller: Caller, batch: RunBatch): Promise<void> {
    const checked = checkBatch(batch);
    for (const tag of checked.tags) checkRunTag(tag);
    await this.#needs.rights.requireRun(caller, batch.runId);
    await this.#requireModelsOf(caller, batch.metrics);
    await this.#needs.runs.log(checked);
  }

  async logMetric(caller: Caller, runId: string, metric: Metric): Promise<void> {
    const checked = checkMetric(metric);
    await this.#needs.rights.requireRun(caller, runId);
    await this.#requireModelsOf(caller, [checked]);
    await this.#needs.runs.log({ runId, metrics: [checked], params: [], tags: [] });
  }

  async logParam(caller: Caller, runId: string, param: Pair): Promise<void> {
    const checked = checkParam(param);
    await this.#needs.rights.requireRun(caller, runId);
    await this.#needs.runs.log({ runId, metrics: [], params: [checked], tags: [] });
  }

  async setTag(caller: Caller, runId: string, tag: Pair): Promise<void> {
    const checked = checkRunTag(tag);
    await this.#needs.rights.requireRun(caller, runId);
    await this.#needs.runs.log({ runId, metrics: [], params: [], tags: [checked] });
  }

  async deleteTag(caller: Caller, runId: string, key: string): Promise<void> {
    await this.#needs.rights.requireRun(caller, runId);
    await this.#needs.runs.deleteTag(runId, key);
  }

  async logInputs(caller: Caller, runId: string, inputs: { readonly datasets: readonly DatasetInput[]; readonly models: readonly ModelLink[] }): Promise<void> {
    checkDatasets(inputs.datasets);
    await this.#needs.rights.requireRun(caller, runId);
    await this.#needs.runs.logInputs(runId, inputs.datasets, inputs.models);
  }

  async logOutputs(caller: Caller, runId: string, models: readonly ModelLink[]): Promise<void> {
    await this.#needs.rights.requireRun(caller, runId);
    await this.#needs.runs.logOutputs(runId, models);
  }

  async history(caller: Caller, query: HistoryQuery): Promise<Page<Point>> {
    await this.#needs.rights.seeRun(caller, query.runId);
    return this.#needs.runs.history(query);
  }

  async bulkHistory(caller: Caller, query: BulkHistoryQuery): Promise<readonly RunPoint[]> {
    return this.#needs.runs.bulkHistory({ ...query, runIds: await this.#needs.rights.runsSeenBy(caller, query.runIds) });
  }

  async sampledHistory(caller: Caller, query: SampledHistoryQuery): Promise<readonly RunPoint[]> {
    return this.#needs.runs.sampledHistory({ ...query, runIds: await this.#needs.rights.runsSeenBy(caller, query.runIds) });
  }

  /** TRACKING_RUN_NOT_FOUND; a metric that is not there has none. */
  async curve(caller: Caller, query: CurveQuery): Promise<readonly CurveBucket[]> {
    await this.info(caller, query.runId);
    return this.#needs.runs.curve(query);
  }

  async searchDatasets(caller: Caller, experimentIds: readonly string[], limit: number): Promise<readonly DatasetSummary[]> {
    return this.#needs.runs.searchDatasets(await this.#needs.rights.experimentsSeenBy(caller, experimentIds), limit);
  }

  /** Metrics may say something about a logged model: only about one that the caller sees. */
  async #requireModelsOf(caller: Caller, metrics: readonly Metric[]): Promise<void> {
    if (this.#needs.rights.seenBy(caller) === 'all') return;
    for (const id of new Set(metrics.flatMap(({ modelId }) => modelId ?? []))) await this.#needs.rights.seeModel(caller, id);
  }
}

/** Also what a tag of ours may say. */
function checkRunTag(tag: Pair): Pair {
  if (tag.key === HEARTBEAT_TAG) checkHeartbeat(tag.value);
  return checkTag(tag);
}
