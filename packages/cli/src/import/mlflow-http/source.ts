import { TrainyardError } from '@trainyard/core/errors.ts';
import type { DatasetRecord, ModelPointsRecord, PointsRecord, RecordKind, RegisteredModelRecord } from '@trainyard/core/tracking/records/record.ts';
import type { Env } from '../../io.ts';
import { readLocation } from '../artifact-location.ts';
import { missingNames, type RecordSource, type SourceFacts, type SourceItem } from '../record-source.ts';
import { type Json, listOf, MlflowClient, objectOf, textOf, textOrNull } from './client.ts';
import { modelFolder, runFolder } from './folders.ts';
import { doubleOf, wholeOf } from './read-json.ts';
import { RunSpool, type SpooledRun } from './run-spool.ts';
import { datasetsOf, isPrompt, toExperiment, toLoggedModel, toRegisteredModel, toRun, toVersion } from './translate.ts';

const PAGE = { experiments: 1000, runs: 500, points: 25_000, loggedModels: 50, models: 100, versions: 1000 };
const POINTS_PER_RECORD = 5000;

export interface HttpSourceOptions {
  readonly experiments: readonly string[] | undefined;
  readonly workspace: string;
  readonly env: Env;
  readonly interrupted: AbortSignal;
}

/** An MLflow server, by its REST API: what its database is does not matter. */
export async function openHttpSource(uri: string, options: HttpSourceOptions): Promise<RecordSource> {
  const client = new MlflowClient(uri, options);
  const experiments = new Map<string, Json>();
  for await (const page of client.pages('POST', 'experiments/search', { view_type: 'ALL', max_results: PAGE.experiments, order_by: ['experiment_id ASC'] })) {
    for (const experiment of listOf(page, 'experiments')) if (options.experiments?.includes(textOf(experiment, 'name')) ?? true) experiments.set(textOf(experiment, 'experiment_id'), experiment);
  }
  if (experiments.size === 0) throw new TrainyardError('USAGE', { problem: `there are no such experiments at ${client.url}`, advice: 'every MLflow has at least one, Default: is this the address of one, and are the names right?' });
  return new HttpSource(client, experiments, options.experiments);
}

class HttpSource implements RecordSource {
  readonly #client: MlflowClient;
  /** By id, in their order. */
  readonly #experiments: ReadonlyMap<string, Json>;
  readonly #wanted: readonly string[] | undefined;
  #spool: Promise<RunSpool> | undefined;
  #prompts = 0;

  constructor(client: MlflowClient, experiments: ReadonlyMap<string, Json>, wanted: readonly string[] | undefined) {
    this.#client = client;
    this.#experiments = experiments;
    this.#wanted = wanted;
  }

  async facts(): Promise<SourceFacts> {
    const version = await this.#client.open('/version').then((response) => response.text(), () => 'of an unknown version');
    await this.#runs();
    const warnings = [...missingNames(this.#wanted, [...this.#experiments.values()].map((experiment) => textOf(experiment, 'name'))), 'traces and prompts are not brought', 'deleted logged models, and when runs were deleted, are not told by this API'];
    return { title: `MLflow ${version.trim().slice(0, 40)} at ${this.#client.url}`, counts: { experiments: this.#experiments.size }, leftOut: [], warnings };
  }

  records<K extends RecordKind>(kind: K, from?: string): AsyncIterable<SourceItem<K>> {
    const readers: { readonly [R in RecordKind]: () => AsyncIterable<SourceItem<R>> } = {
      experiment: () => this.#readExperiments(),
      dataset: () => this.#readDatasets(),
      run: () => this.#readRuns(from),
      points: () => this.#readPoints(from),
      logged_model: () => this.#readLoggedModels(),
      model_points: () => this.#readModelPoints(),
      registered_model: () => this.#readRegisteredModels(),
      model_version: () => this.#readVersions(),
    };
    return readers[kind]() as AsyncIterable<SourceItem<K>>;
  }

  remarks(): readonly string[] {
    return this.#prompts === 0 ? [] : [`${this.#prompts} prompts were left out`];
  }

  async close(): Promise<void> {
    // one that could not be filled has removed itself
    await this.#spool?.then((spool) => spool.remove(), () => undefined);
  }

  async *#readExperiments(): AsyncGenerator<SourceItem<'experiment'>> {
    for (const experiment of this.#experiments.values()) yield { record: toExperiment(experiment), place: undefined };
  }

  #runs(): Promise<RunSpool> {
    return (this.#spool ??= RunSpool.fill(this.#searchRuns()));
  }

  readonly #datasets = new Map<string, DatasetRecord>();

  /** Oldest first: what is new meanwhile comes at the end, and moves nobody to another page. */
  async *#searchRuns(): AsyncGenerator<SpooledRun> {
    for (const [id, experiment] of this.#experiments) {
      const name = textOf(experiment, 'name');
      for await (const page of this.#client.pages('POST', 'runs/search', { experiment_ids: [id], run_view_type: 'ALL', max_results: PAGE.runs, order_by: ['attributes.start_time ASC', 'attributes.run_id ASC'] })) {
        for (const run of listOf(page, 'runs')) {
          for (const dataset of datasetsOf(run, name)) this.#datasets.set(JSON.stringify([name, dataset.dataset.name, dataset.dataset.digest]), dataset);
          const location = textOrNull(objectOf(run, 'info'), 'artifact_uri');
          yield { record: toRun(run, name), keys: listOf(objectOf(run, 'data'), 'metrics').map((metric) => textOf(metric, 'key')), hasFiles: location !== null && readLocation(location).kind !== 'elsewhere' };
        }
      }
    }
  }

  async *#readDatasets(): AsyncGenerator<SourceItem<'dataset'>> {
    await this.#runs();
    for (const record of this.#datasets.values()) yield { record, place: undefined };
  }

  async *#readRuns(from?: string): AsyncGenerator<SourceItem<'run'>> {
    for await (const { record, hasFiles } of (await this.#runs()).read(from)) yield { record, place: record.id, folder: hasFiles ? runFolder(this.#client, record.id) : undefined };
  }

  /** A place is a run all of whose points have been read. */
  async *#readPoints(from?: string): AsyncGenerator<SourceItem<'points'>> {
    for await (const { record, keys } of (await this.#runs()).read(from)) {
      for (const [index, key] of keys.entries()) {
        let last: PointsRecord | undefined;
        for await (const points of this.#history(record.id, key)) {
          if (last !== undefined) yield { record: last, place: undefined };
          last = points;
        }
        if (last !== undefined) yield { record: last, place: index === keys.length - 1 ? record.id : undefined };
      }
    }
  }

  async *#history(runId: string, key: string): AsyncGenerator<PointsRecord> {
    for await (const page of this.#client.pages('GET', 'metrics/get-history', { run_id: runId, metric_key: key, max_results: PAGE.points })) {
      const points = listOf(page, 'metrics');
      for (let at = 0; at < points.length; at += POINTS_PER_RECORD) yield { kind: 'points', runId, key, ...columnsOf(points.slice(at, at + POINTS_PER_RECORD)) };
    }
  }

  async *#searchLoggedModels(): AsyncGenerator<{ readonly model: Json; readonly experiment: string }> {
    for (const [id, experiment] of this.#experiments) {
      for await (const page of this.#client.pages('POST', 'logged-models/search', { experiment_ids: [id], max_results: PAGE.loggedModels })) for (const model of listOf(page, 'models')) yield { model, experiment: textOf(experiment, 'name') };
    }
  }

  async *#readLoggedModels(): AsyncGenerator<SourceItem<'logged_model'>> {
    for await (const { model, experiment } of this.#searchLoggedModels()) {
      const location = textOrNull(objectOf(model, 'info'), 'artifact_uri');
      const record = toLoggedModel(model, experiment);
      yield { record, place: undefined, folder: location !== null && readLocation(location).kind !== 'elsewhere' ? modelFolder(this.#client, record.id) : undefined };
    }
  }

  async *#readModelPoints(): AsyncGenerator<SourceItem<'model_points'>> {
    for await (const { model } of this.#searchLoggedModels()) {
      const modelId = textOf(objectOf(model, 'info'), 'model_id');
      const groups = Map.groupBy(listOf(objectOf(model, 'data'), 'metrics'), (metric) => JSON.stringify(['run_id', 'key', 'dataset_name', 'dataset_digest'].map((name) => textOrNull(metric, name))));
      for (const points of groups.values()) {
        const first = points[0] ?? {};
        const record: ModelPointsRecord = { kind: 'model_points', modelId, runId: textOf(first, 'run_id'), key: textOf(first, 'key'), datasetName: textOrNull(first, 'dataset_name'), datasetDigest: textOrNull(first, 'dataset_digest'), ...columnsOf(points) };
        yield { record, place: undefined };
      }
    }
  }

  async *#registeredModels(): AsyncGenerator<Json> {
    this.#prompts = 0;
    const wanted = this.#wanted !== undefined ? await this.#modelsOfRuns() : undefined;
    for await (const page of this.#client.pages('GET', 'registered-models/search', { max_results: PAGE.models })) {
      for (const model of listOf(page, 'registered_models')) {
        if (isPrompt(model)) this.#prompts++;
        else if (wanted?.has(textOf(model, 'name')) ?? true) yield model;
      }
    }
  }

  async *#readRegisteredModels(): AsyncGenerator<SourceItem<'registered_model'>> {
    for await (const model of this.#registeredModels()) yield { record: toRegisteredModel(model) satisfies RegisteredModelRecord, place: undefined };
  }

  /** Names of models with a version that one of the chosen runs left. */
  async #modelsOfRuns(): Promise<ReadonlySet<string>> {
    const names = new Set<string>();
    for await (const version of this.#versions()) names.add(textOf(version, 'name'));
    return names;
  }

  async *#versions(): AsyncGenerator<Json> {
    const runs = this.#wanted !== undefined ? await this.#runIds() : undefined;
    for await (const page of this.#client.pages('GET', 'model-versions/search', { max_results: PAGE.versions })) {
      for (const version of listOf(page, 'model_versions')) if (!isPrompt(version) && (runs?.has(textOf(version, 'run_id')) ?? true)) yield version;
    }
  }

  async #runIds(): Promise<ReadonlySet<string>> {
    const ids = new Set<string>();
    for await (const { record } of (await this.#runs()).read()) ids.add(record.id);
    return ids;
  }

  async *#readVersions(): AsyncGenerator<SourceItem<'model_version'>> {
    const aliases = new Map<string, string[]>();
    for await (const model of this.#registeredModels()) {
      for (const { alias, version } of listOf(model, 'aliases')) push(aliases, `${textOf(model, 'name')}\n${String(version)}`, String(alias));
    }
    for await (const version of this.#versions()) {
      const [name, number] = [textOf(version, 'name'), textOf(version, 'version')];
      const storage = await this.#client.ask('GET', 'model-versions/get-download-uri', { name, version: number });
      yield { record: toVersion(version, { storage: storage === undefined ? null : textOrNull(storage, 'artifact_uri'), aliases: aliases.get(`${name}\n${number}`) ?? [] }), place: undefined };
    }
  }
}

function columnsOf(points: readonly Json[]) {
  return { steps: points.map(({ step }) => wholeOf(step) ?? 0), timestamps: points.map(({ timestamp }) => wholeOf(timestamp) ?? 0), values: points.map(({ value }) => doubleOf(value)) };
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
