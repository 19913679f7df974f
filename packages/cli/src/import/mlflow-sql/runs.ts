import type { DatasetRecord, DatasetUse, ExperimentRecord, Lifecycle, ModelUse, RunRecord } from '@trainyard/core/tracking/records/record.ts';
import type { RunStatus } from '@trainyard/core/tracking/run-status.ts';
import { elsewhere } from '../artifact-location.ts';
import type { SourceItem } from '../record-source.ts';
import { CHUNK, chunks, type Context } from './context.ts';
import { ownerKey, pairsBy } from './pairs.ts';
import { int64, int64OrNull, marks, type Row, text, textOrNull, whole } from './sql-reader.ts';

/** In order of their numbers, so that they get the same order here. */
export async function* experiments({ reader, scope }: Context, from?: string): AsyncGenerator<SourceItem<'experiment'>> {
  const next = (after: string | undefined): Promise<readonly Row[]> =>
    reader.all(`select experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time from experiments where ${scope.experiments.text} and experiment_id > ? order by experiment_id limit ${CHUNK}`, [...scope.experiments.values, Number(after ?? -1)]);
  for await (const rows of chunks(next, (row) => text(row, 'experiment_id'), from)) {
    const ids = rows.map((row) => whole(row, 'experiment_id'));
    const tags = pairsBy(await reader.all(`select experiment_id, key, value from experiment_tags where experiment_id in (${marks(ids)})`, ids), { owner: ['experiment_id'], key: 'key', value: 'value' });
    for (const row of rows) {
      const record: ExperimentRecord = {
        kind: 'experiment',
        name: text(row, 'name'),
        stage: lifecycle(row),
        createdAt: whole(row, 'creation_time'),
        updatedAt: whole(row, 'last_update_time'),
        artifactLocation: elsewhere(textOrNull(row, 'artifact_location')),
        tags: tags.get(text(row, 'experiment_id')) ?? [],
      };
      yield { record, place: text(row, 'experiment_id') };
    }
  }
}

export async function* datasets({ reader, scope }: Context, from?: string): AsyncGenerator<SourceItem<'dataset'>> {
  const next = (after: string | undefined): Promise<readonly Row[]> =>
    reader.all(
      `select d.dataset_uuid, d.name, d.digest, d.dataset_source_type, d.dataset_source, d.dataset_schema, d.dataset_profile, e.name as experiment
       from datasets d join experiments e on e.experiment_id = d.experiment_id where d.${scope.inExperiments.text} and d.dataset_uuid > ? order by d.dataset_uuid limit ${CHUNK}`,
      [...scope.inExperiments.values, after ?? ''],
    );
  for await (const rows of chunks(next, (row) => text(row, 'dataset_uuid'), from)) {
    for (const row of rows) {
      const [schema, profile] = [textOrNull(row, 'dataset_schema'), textOrNull(row, 'dataset_profile')];
      const dataset = { name: text(row, 'name'), digest: text(row, 'digest'), sourceType: text(row, 'dataset_source_type'), source: text(row, 'dataset_source'), ...(schema === null ? {} : { schema }), ...(profile === null ? {} : { profile }) };
      yield { record: { kind: 'dataset', experiment: text(row, 'experiment'), dataset } satisfies DatasetRecord, place: text(row, 'dataset_uuid') };
    }
  }
}

export async function* runs(context: Context, from?: string): AsyncGenerator<SourceItem<'run'>> {
  const { reader, scope, folders } = context;
  const next = (after: string | undefined): Promise<readonly Row[]> =>
    reader.all(
      `select r.run_uuid, r.name, r.user_id, r.status, r.start_time, r.end_time, r.lifecycle_stage, r.deleted_time, r.artifact_uri, e.name as experiment
       from runs r join experiments e on e.experiment_id = r.experiment_id where r.${scope.inExperiments.text} and r.run_uuid > ? order by r.run_uuid limit ${CHUNK}`,
      [...scope.inExperiments.values, after ?? ''],
    );
  for await (const rows of chunks(next, (row) => text(row, 'run_uuid'), from)) {
    const contents = await contentsOf(context, rows.map((row) => text(row, 'run_uuid')));
    for (const row of rows) yield { record: toRecord(row, contents), place: text(row, 'run_uuid'), folder: await folders.find(textOrNull(row, 'artifact_uri')) };
  }
}

interface Contents {
  readonly params: ReturnType<typeof pairsBy>;
  readonly tags: ReturnType<typeof pairsBy>;
  readonly datasets: ReadonlyMap<string, DatasetUse[]>;
  readonly inputs: ReadonlyMap<string, ModelUse[]>;
  readonly outputs: ReadonlyMap<string, ModelUse[]>;
  readonly metrics: ReadonlyMap<string, number>;
  readonly points: ReadonlyMap<string, number>;
}

function toRecord(row: Row, contents: Contents): RunRecord {
  const id = text(row, 'run_uuid');
  const tags = contents.tags.get(id) ?? [];
  return {
    kind: 'run',
    id,
    experiment: text(row, 'experiment'),
    // a column that came later than the tag
    name: textOrNull(row, 'name') ?? tags.find((tag) => tag.key === 'mlflow.runName')?.value ?? '',
    userId: text(row, 'user_id'),
    status: text(row, 'status') as RunStatus,
    startTime: int64(row, 'start_time'),
    endTime: int64OrNull(row, 'end_time'),
    stage: lifecycle(row),
    deletedAt: textOrNull(row, 'deleted_time') === null ? null : whole(row, 'deleted_time'),
    artifactUri: elsewhere(textOrNull(row, 'artifact_uri')),
    params: contents.params.get(id) ?? [],
    tags,
    datasets: contents.datasets.get(id) ?? [],
    inputModels: contents.inputs.get(id) ?? [],
    outputModels: contents.outputs.get(id) ?? [],
    metrics: contents.metrics.get(id) ?? 0,
    points: contents.points.get(id) ?? 0,
  };
}

async function contentsOf({ reader, schema }: Context, ids: readonly string[]): Promise<Contents> {
  const among = `run_uuid in (${marks(ids)})`;
  const byRun = { owner: ['run_uuid'], key: 'key', value: 'value' };
  const step = schema.hasInputSteps ? 'step' : '0 as step';
  const links = await reader.all(`select source_type, source_id, destination_id, ${step} from inputs where source_type in ('RUN_INPUT', 'RUN_OUTPUT') and source_id in (${marks(ids)})`, ids);
  return {
    params: pairsBy(await reader.all(`select run_uuid, key, value from params where ${among}`, ids), byRun),
    tags: pairsBy(await reader.all(`select run_uuid, key, value from tags where ${among}`, ids), byRun),
    datasets: await datasetUses(reader, ids),
    inputs: modelUses(links, 'RUN_INPUT'),
    outputs: modelUses(links, 'RUN_OUTPUT'),
    metrics: counts(await reader.all(`select run_uuid, count(*) as n from latest_metrics where ${among} group by run_uuid`, ids)),
    points: counts(await reader.all(`select run_uuid, count(*) as n from metrics where ${among} group by run_uuid`, ids)),
  };
}

async function datasetUses(reader: Context['reader'], ids: readonly string[]): Promise<Map<string, DatasetUse[]>> {
  const rows = await reader.all(
    `select i.input_uuid, i.destination_id, d.name, d.digest from inputs i join datasets d on d.dataset_uuid = i.source_id
     where i.source_type = 'DATASET' and i.destination_type = 'RUN' and i.destination_id in (${marks(ids)}) order by d.name, d.digest`,
    ids,
  );
  const inputs = rows.map((row) => text(row, 'input_uuid'));
  const tags = inputs.length === 0 ? new Map<string, never[]>() : pairsBy(await reader.all(`select input_uuid, name, value from input_tags where input_uuid in (${marks(inputs)})`, inputs), { owner: ['input_uuid'], key: 'name', value: 'value' });
  const uses = new Map<string, DatasetUse[]>();
  for (const row of rows) push(uses, text(row, 'destination_id'), { name: text(row, 'name'), digest: text(row, 'digest'), tags: tags.get(text(row, 'input_uuid')) ?? [] });
  return uses;
}

function modelUses(rows: readonly Row[], type: string): Map<string, ModelUse[]> {
  const uses = new Map<string, ModelUse[]>();
  for (const row of rows) if (text(row, 'source_type') === type) push(uses, text(row, 'source_id'), { modelId: text(row, 'destination_id'), step: int64(row, 'step') });
  return uses;
}

function counts(rows: readonly Row[]): Map<string, number> {
  return new Map(rows.map((row) => [ownerKey([text(row, 'run_uuid')]), whole(row, 'n')]));
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function lifecycle(row: Row): Lifecycle {
  return text(row, 'lifecycle_stage') === 'deleted' ? 'deleted' : 'active';
}
