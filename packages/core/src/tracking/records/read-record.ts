import { checkAlias, checkModelName, checkRegistryTag } from '../../registry/names.ts';
import { STAGES } from '../../registry/stages.ts';
import type { Pair } from '../batch.ts';
import type { Dataset } from '../dataset.ts';
import { checkExperimentName } from '../experiment.ts';
import { LIMITS } from '../limits.ts';
import { checkLoggedModelName, LOGGED_MODEL_STATUSES } from '../logged-model.ts';
import { checkKey, checkLength, invalid } from '../names.ts';
import { RUN_STATUSES } from '../run-status.ts';
import { checked, count, double, int64, isObject, list, matching, object, oneOf, orNull, pairs, type Read, text, wrong } from './fields.ts';
import { parseReference } from './artifact-reference.ts';
import {
  type DatasetUse,
  type ExperimentRecord,
  type LoggedModelRecord,
  type ModelPointsRecord,
  type ModelUse,
  type ModelVersionRecord,
  OWNER_IDS,
  type PointColumns,
  type PointsRecord,
  RECORD_KINDS,
  RECORD_LIMITS,
  type RecordKind,
  type RecordOf,
  type RegisteredModelRecord,
  type RunRecord,
  type TransferRecord,
} from './record.ts';

const DESCRIPTION = 100_000;
const USES = 10_000;
const ALIASES = 1000;
const MAX_VERSION = 2_147_483_647;

const runId = matching(OWNER_IDS.run, 'the id of a run (32 hex digits)');
const modelId = matching(OWNER_IDS.model, 'the id of a logged model (m-…)');
const lifecycle = oneOf(['active', 'deleted']);
const time = count();
const experimentName = checked(text(LIMITS.experimentNameLength), checkExperimentName);
const metricKey = checked(text(LIMITS.keyLength), (key) => checkKey(key, { parameter: 'key', what: 'Metric name' }));
const params = pairs((pair) => checkKey(pair.key, { parameter: 'key', what: 'Param key' }));
const tags = pairs((pair) => checkKey(pair.key, { parameter: 'key', what: 'Tag key' }));
const registryTags = pairs(checkRegistryTag);
const inputTags = pairs(checkInputTag);
const description = orNull(text(DESCRIPTION));
const version = checked(count(1), (number) => refuseUnless(number <= MAX_VERSION, `${number} is no number of a version`));

/** A place clients go to by themselves: noted, never opened here. Nothing on a machine's own disk, and no other server's proxy. */
const elsewhere = checked(text(LIMITS.uriLength), (uri) => refuseUnless(isUri(uri), `'${uri.slice(0, 80)}' is no place clients could go to; leave it out for one of this server's own`));

const columns = {
  steps: list(int64, RECORD_LIMITS.pointsPerLine),
  timestamps: list(int64, RECORD_LIMITS.pointsPerLine),
  values: list(double, RECORD_LIMITS.pointsPerLine),
};

const readers: { readonly [K in RecordKind]: Read<RecordOf<K>> } = {
  experiment: object<ExperimentRecord>({ kind: oneOf(['experiment']), name: experimentName, stage: lifecycle, createdAt: time, updatedAt: time, artifactLocation: orNull(elsewhere), tags }),
  dataset: (value, at) => {
    const { kind, experiment, ...dataset } = readDataset(value, at);
    return { kind, experiment, dataset: present(dataset) };
  },
  run: object<RunRecord>({
    kind: oneOf(['run']),
    id: runId,
    experiment: experimentName,
    name: text(LIMITS.tagValueLength),
    userId: text(LIMITS.tagValueLength),
    status: oneOf(RUN_STATUSES),
    startTime: int64,
    endTime: orNull(int64),
    stage: lifecycle,
    deletedAt: orNull(time),
    artifactUri: orNull(elsewhere),
    params,
    tags,
    datasets: list(object<DatasetUse>({ name: text(LIMITS.datasetNameLength), digest: text(LIMITS.datasetDigestLength), tags: inputTags }), USES),
    inputModels: list(object<ModelUse>({ modelId, step: int64 }), USES),
    outputModels: list(object<ModelUse>({ modelId, step: int64 }), USES),
    metrics: orNull(count()),
    points: orNull(count()),
  }),
  points: sameLengths(object<PointsRecord>({ kind: oneOf(['points']), runId, key: metricKey, ...columns })),
  logged_model: object<LoggedModelRecord>({
    kind: oneOf(['logged_model']),
    id: modelId,
    experiment: experimentName,
    name: checked(text(LIMITS.tagValueLength), checkLoggedModelName),
    modelType: orNull(text(LIMITS.tagValueLength)),
    sourceRunId: orNull(runId),
    status: oneOf(LOGGED_MODEL_STATUSES),
    statusMessage: description,
    artifactUri: orNull(elsewhere),
    createdAt: time,
    updatedAt: time,
    params,
    tags,
    points: orNull(count()),
  }),
  model_points: sameLengths(object<ModelPointsRecord>({ kind: oneOf(['model_points']), modelId, runId, key: metricKey, datasetName: orNull(text(LIMITS.datasetNameLength)), datasetDigest: orNull(text(LIMITS.datasetDigestLength)), ...columns })),
  registered_model: object<RegisteredModelRecord>({ kind: oneOf(['registered_model']), name: modelName(), description, createdAt: time, updatedAt: time, lastVersion: checked(count(), (number) => refuseUnless(number <= MAX_VERSION, `${number} is no number of a version`)), tags: registryTags }),
  model_version: object<ModelVersionRecord>({
    kind: oneOf(['model_version']),
    name: modelName(),
    version,
    createdAt: time,
    updatedAt: time,
    description,
    userId: orNull(text(LIMITS.tagValueLength)),
    stage: oneOf(STAGES),
    source: source(),
    storageLocation: orNull(source()),
    runId: orNull(text(LIMITS.keyLength)),
    runLink: orNull(text(LIMITS.uriLength)),
    modelId: orNull(modelId),
    tags: registryTags,
    aliases: list(checked(text(LIMITS.aliasLength), checkAlias), ALIASES),
  }),
};

/** Reads what one line holds, already parsed. INVALID_TRACKING_VALUE with the field that is wrong, INVALID_PATH. */
export function readRecord(value: unknown): TransferRecord {
  if (!isObject(value)) throw wrong(() => 'record', 'an object', value);
  const kind = oneOf(RECORD_KINDS)(value['kind'], () => 'kind');
  return readers[kind](value, () => kind);
}

interface FlatDataset {
  readonly kind: 'dataset';
  readonly experiment: string;
  readonly name: string;
  readonly digest: string;
  readonly sourceType: string;
  readonly source: string;
  readonly schema: string | null;
  readonly profile: string | null;
}

const readDataset = object<FlatDataset>({
  kind: oneOf(['dataset']),
  experiment: experimentName,
  name: text(LIMITS.datasetNameLength),
  digest: text(LIMITS.datasetDigestLength),
  sourceType: text(LIMITS.keyLength),
  source: text(LIMITS.datasetSourceLength),
  schema: orNull(text(LIMITS.datasetSchemaLength)),
  profile: orNull(text(LIMITS.datasetProfileLength)),
});

function present({ schema, profile, ...dataset }: Omit<FlatDataset, 'kind' | 'experiment'>): Dataset {
  return { ...dataset, ...(schema === null ? {} : { schema }), ...(profile === null ? {} : { profile }) };
}

function modelName(): Read<string> {
  return checked(text(LIMITS.keyLength * 2), (name) => {
    refuseUnless(name !== '', 'a registered model has a name');
    checkModelName(name);
  });
}

/** Something a client could follow, or a reference into artifacts. A path of somebody's disk is neither. */
function source(): Read<string> {
  return checked(text(LIMITS.uriLength), (uri) => {
    if (parseReference(uri) !== undefined) return;
    refuseUnless(isUri(uri), `'${uri.slice(0, 80)}' is neither a URI nor artifacts of a run or logged model`);
  });
}

function sameLengths<T extends PointColumns>(read: Read<T>): Read<T> {
  return checked(read, ({ steps, timestamps, values }) => {
    refuseUnless(values.length > 0 && steps.length === values.length && timestamps.length === values.length, 'steps, timestamps and values need the same number of entries, at least one');
    const early = timestamps.find((timestamp) => timestamp < 0);
    refuseUnless(early === undefined, `the timestamp ${String(early)} is before 1970`);
  });
}

function checkInputTag(tag: Pair): void {
  checkLength(tag.key, { what: 'key', limit: LIMITS.inputTagKeyLength });
}

/** A letter and a colon are a drive. */
function isUri(text: string): boolean {
  return /^[a-z][a-z0-9+.-]+:/i.test(text) && !/^(file|mlflow-artifacts|artifacts):/i.test(text);
}

function refuseUnless(holds: boolean, problem: string): void {
  if (!holds) throw invalid(problem);
}
