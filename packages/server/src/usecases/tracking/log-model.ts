import { invalid } from '@trainyard/core/tracking/names.ts';
import type { Caller } from './authorize.ts';
import type { TrackingRuns } from './runs.ts';

const HISTORY_TAG = 'mlflow.log-model.history';
const FIELDS = ['artifact_path', 'flavors', 'run_id', 'utc_time_created'];
/** What the tag keeps of a model. */
const KEPT = ['run_id', 'artifact_path', 'utc_time_created', 'model_uuid', 'flavors'];

/** Appends a model, as older clients describe it in JSON, to the tag that is a run's list of them. */
export async function logModel(runs: TrackingRuns, caller: Caller, call: { readonly runId: string; readonly modelJson: string }): Promise<void> {
  const model = readModel(call.modelJson);
  const run = await runs.get(caller, call.runId);
  const before = readHistory(run.tags.find((tag) => tag.key === HISTORY_TAG)?.value);
  await runs.setTag(caller, call.runId, { key: HISTORY_TAG, value: JSON.stringify([...before, model]) });
}

function readModel(json: string): Record<string, unknown> {
  const model = parse(json);
  if (typeof model !== 'object' || model === null || Array.isArray(model)) throw invalid(`Malformed model info. \n ${json} \n is not a valid JSON.`);
  const missing = FIELDS.filter((field) => !(field in model));
  if (missing.length > 0) throw invalid(`Model json is missing mandatory fields: {${missing.map((field) => `'${field}'`).join(', ')}}`);
  return Object.fromEntries(KEPT.map((field) => [field, (model as Record<string, unknown>)[field] ?? null]));
}

function readHistory(text: string | undefined): unknown[] {
  const history = text === undefined ? [] : parse(text);
  return Array.isArray(history) ? history : [];
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
