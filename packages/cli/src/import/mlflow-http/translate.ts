import { type Stage, STAGES } from '@trainyard/core/registry/stages.ts';
import type { Pair } from '@trainyard/core/tracking/batch.ts';
import type { DatasetRecord, DatasetUse, ExperimentRecord, Lifecycle, LoggedModelRecord, ModelUse, ModelVersionRecord, RegisteredModelRecord, RunRecord } from '@trainyard/core/tracking/records/record.ts';
import type { RunStatus } from '@trainyard/core/tracking/run-status.ts';
import { elsewhere, toSource } from '../artifact-location.ts';
import { type Json, listOf, objectOf, textOf, textOrNull } from './client.ts';
import { wholeOf } from './read-json.ts';

/** Answers of MLflow's REST API as records. */
export function toExperiment(json: Json): ExperimentRecord {
  return { kind: 'experiment', name: textOf(json, 'name'), stage: lifecycle(json), createdAt: time(json, 'creation_time'), updatedAt: time(json, 'last_update_time'), artifactLocation: elsewhere(textOrNull(json, 'artifact_location')), tags: pairs(json, 'tags') };
}

export function toRun(json: Json, experiment: string): RunRecord {
  const [info, data, inputs, outputs] = ['info', 'data', 'inputs', 'outputs'].map((name) => objectOf(json, name)) as [Json, Json, Json, Json];
  return {
    kind: 'run',
    id: textOf(info, 'run_id') || textOf(info, 'run_uuid'),
    experiment,
    name: textOf(info, 'run_name'),
    userId: textOf(info, 'user_id'),
    status: textOf(info, 'status') as RunStatus,
    startTime: wholeOf(info['start_time']) ?? 0,
    endTime: wholeOf(info['end_time']) ?? null,
    stage: lifecycle(info),
    // the API does not say when
    deletedAt: null,
    artifactUri: elsewhere(textOrNull(info, 'artifact_uri')),
    params: pairs(data, 'params'),
    tags: pairs(data, 'tags'),
    datasets: listOf(inputs, 'dataset_inputs').map(datasetUse),
    inputModels: listOf(inputs, 'model_inputs').map(modelUse),
    outputModels: listOf(outputs, 'model_outputs').map(modelUse),
    metrics: listOf(data, 'metrics').length,
    // counted while they are read
    points: null,
  };
}

/** The data a run used, one record each. */
export function datasetsOf(json: Json, experiment: string): DatasetRecord[] {
  return listOf(objectOf(json, 'inputs'), 'dataset_inputs').map((input) => {
    const dataset = objectOf(input, 'dataset');
    const [schema, profile] = [textOrNull(dataset, 'schema'), textOrNull(dataset, 'profile')];
    const more = { ...(schema === null ? {} : { schema }), ...(profile === null ? {} : { profile }) };
    return { kind: 'dataset', experiment, dataset: { name: textOf(dataset, 'name'), digest: textOf(dataset, 'digest'), sourceType: textOf(dataset, 'source_type'), source: textOf(dataset, 'source'), ...more } };
  });
}

const MODEL_STATUSES = { LOGGED_MODEL_PENDING: 'PENDING', LOGGED_MODEL_READY: 'READY', LOGGED_MODEL_UPLOAD_FAILED: 'UPLOAD_FAILED' } as const;

export function toLoggedModel(json: Json, experiment: string): LoggedModelRecord {
  const [info, data] = [objectOf(json, 'info'), objectOf(json, 'data')];
  return {
    kind: 'logged_model',
    id: textOf(info, 'model_id'),
    experiment,
    name: textOf(info, 'name'),
    modelType: textOrNull(info, 'model_type') || null,
    sourceRunId: textOrNull(info, 'source_run_id') || null,
    status: MODEL_STATUSES[textOf(info, 'status') as keyof typeof MODEL_STATUSES] ?? 'PENDING',
    statusMessage: textOrNull(info, 'status_message'),
    artifactUri: elsewhere(textOrNull(info, 'artifact_uri')),
    createdAt: time(info, 'creation_timestamp_ms'),
    updatedAt: time(info, 'last_updated_timestamp_ms'),
    params: pairs(data, 'params'),
    tags: pairs(info, 'tags'),
    points: listOf(data, 'metrics').length,
  };
}

export function toRegisteredModel(json: Json): RegisteredModelRecord {
  // numbers of deleted versions are not told; those that come raise it
  return { kind: 'registered_model', name: textOf(json, 'name'), description: textOrNull(json, 'description'), createdAt: time(json, 'creation_timestamp'), updatedAt: time(json, 'last_updated_timestamp'), lastVersion: 0, tags: pairs(json, 'tags') };
}

export function toVersion(json: Json, more: { readonly storage: string | null; readonly aliases: readonly string[] }): ModelVersionRecord {
  const source = textOf(json, 'source');
  return {
    kind: 'model_version',
    name: textOf(json, 'name'),
    version: Number(textOf(json, 'version')),
    createdAt: time(json, 'creation_timestamp'),
    updatedAt: time(json, 'last_updated_timestamp'),
    description: textOrNull(json, 'description'),
    userId: textOrNull(json, 'user_id'),
    stage: stageOf(textOf(json, 'current_stage')),
    source: toSource(source),
    storageLocation: more.storage === null ? null : toSource(more.storage),
    runId: textOrNull(json, 'run_id') || null,
    runLink: textOrNull(json, 'run_link') || null,
    modelId: textOrNull(json, 'model_id') || (/^models:\/(m-[a-z0-9-]{1,62})$/.exec(source)?.[1] ?? null),
    tags: pairs(json, 'tags'),
    aliases: more.aliases,
  };
}

export function isPrompt(json: Json): boolean {
  return pairs(json, 'tags').some(({ key, value }) => key === 'mlflow.prompt.is_prompt' && value.toLowerCase() === 'true');
}

function pairs(json: Json, name: string): Pair[] {
  return listOf(json, name).map((pair) => ({ key: textOf(pair, 'key'), value: textOf(pair, 'value') }));
}

function datasetUse(json: Json): DatasetUse {
  const dataset = objectOf(json, 'dataset');
  return { name: textOf(dataset, 'name'), digest: textOf(dataset, 'digest'), tags: pairs(json, 'tags') };
}

function modelUse(json: Json): ModelUse {
  return { modelId: textOf(json, 'model_id'), step: wholeOf(json['step']) ?? 0 };
}

function time(json: Json, name: string): number {
  return Number(wholeOf(json[name]) ?? 0);
}

function lifecycle(json: Json): Lifecycle {
  return textOf(json, 'lifecycle_stage') === 'deleted' ? 'deleted' : 'active';
}

function stageOf(text: string): Stage {
  return STAGES.find((stage) => stage === text) ?? 'None';
}
