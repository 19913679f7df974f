import { LIMITS } from './limits.ts';
import { checkMetric, type Metric } from './metric.ts';
import { checkKey, invalid } from './names.ts';

/** A name with its value: a param or a tag. */
export interface Pair {
  readonly key: string;
  readonly value: string;
}

/** Everything one call logs to one run; it is kept whole or not at all. */
export interface RunBatch {
  readonly runId: string;
  readonly metrics: readonly Metric[];
  readonly params: readonly Pair[];
  readonly tags: readonly Pair[];
  /** A deleted run takes it too: what is brought over from elsewhere was logged before it was deleted there. */
  readonly evenDeleted?: boolean | undefined;
}

/** Refuses a batch over the limits or with bad names; answers it as it is kept: values that are too long are cut, as MLflow does. */
export function checkBatch(batch: RunBatch): RunBatch {
  checkCounts(batch);
  const metrics = batch.metrics.map((metric, index) => checkMetric(metric, `metrics[${index}].`));
  const tags = batch.tags.map((tag, index) => checkTag(tag, `tags[${index}].`));
  const params = batch.params.map((param, index) => checkParam(param, `params[${index}].`));
  const twice = params.map((param) => param.key).filter((key, index, keys) => keys.indexOf(key) !== index);
  if (twice.length > 0) throw invalid(`Duplicate parameter keys have been submitted: [${[...new Set(twice)].map((key) => `'${key}'`).join(', ')}]. Please ensure the request contains only one param value per param key.`);
  return { ...batch, metrics, params, tags };
}

/** Refuses a bad key; cuts a value that is too long. */
export function checkParam(param: Pair, path = ''): Pair {
  checkKey(param.key, { parameter: `${path}key`, what: 'Param key' });
  return cut(param, LIMITS.paramValueLength);
}

/** Refuses a bad key; cuts a value that is too long. */
export function checkTag(tag: Pair, path = ''): Pair {
  checkKey(tag.key, { parameter: `${path}key`, what: 'Tag key' });
  return cut(tag, LIMITS.tagValueLength);
}

function checkCounts(batch: RunBatch): void {
  const total = batch.metrics.length + batch.params.length + batch.tags.length;
  checkCount('metrics', batch.metrics.length, LIMITS.metricsPerBatch);
  checkCount('params', batch.params.length, LIMITS.paramsPerBatch);
  checkCount('tags', batch.tags.length, LIMITS.tagsPerBatch);
  checkCount('metrics, params, and tags', total, LIMITS.entitiesPerBatch);
}

function checkCount(what: string, count: number, limit: number): void {
  if (count > limit) throw invalid(`A batch logging request can contain at most ${limit} ${what}. Got ${count} ${what}. Please split up ${what} across multiple requests and try again.`);
}

function cut(pair: Pair, length: number): Pair {
  // code points are what counts; there are never more of them
  return pair.value.length <= length ? pair : { key: pair.key, value: [...pair.value].slice(0, length).join('') };
}

/** The params that have to be written. The same value again is fine and costs nothing; another value is refused. */
export function newParams(runId: string, wanted: readonly Pair[], stored: ReadonlyMap<string, string>): Pair[] {
  const changed = wanted.filter((param) => stored.has(param.key) && stored.get(param.key) !== param.value);
  const [first] = changed;
  if (first !== undefined && wanted.length === 1) {
    throw invalid(`Changing param values is not allowed. Param with key='${first.key}' was already logged with value='${stored.get(first.key)}' for run ID='${runId}'. Attempted logging new value '${first.value}'.`);
  }
  if (first !== undefined) {
    const list = changed.map((param) => `{'key': '${param.key}', 'old_value': '${stored.get(param.key)}', 'new_value': '${param.value}'}`).join(', ');
    throw invalid(`Changing param values is not allowed. Params were already logged='[${list}]' for run ID='${runId}'.`);
  }
  return wanted.filter((param) => !stored.has(param.key));
}
