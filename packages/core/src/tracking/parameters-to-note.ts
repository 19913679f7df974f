import { isTrainyardError } from '../errors.ts';
import { checkParam, type Pair } from './batch.ts';
import { LIMITS } from './limits.ts';

/** What a run is noted with that did not log its parameters itself. */
export interface ParametersToNote {
  /** Each of a size one call takes; values that are too long are cut. */
  readonly batches: readonly (readonly Pair[])[];
  /** Names that no parameter of a run may have. */
  readonly unfit: readonly string[];
  /** How many there are beyond MOST_NOTED. */
  readonly omitted: number;
}

/** Of one run: as many as a run of Databricks may have. A training itself gets all of them, however many. */
export const MOST_NOTED = 1600;

/** Sorts out before a call is made what no call would take: one bad name would have its whole batch refused. */
export function parametersToNote(parameters: Readonly<Record<string, string>>): ParametersToNote {
  const all = Object.entries(parameters);
  const checked = all.slice(0, MOST_NOTED).map(([key, value]) => fitted({ key, value }));
  const fit = checked.filter((pair) => typeof pair !== 'string');
  const batches = Array.from({ length: Math.ceil(fit.length / LIMITS.paramsPerBatch) }, (_, at) => fit.slice(at * LIMITS.paramsPerBatch, (at + 1) * LIMITS.paramsPerBatch));
  return { batches, unfit: checked.filter((pair) => typeof pair === 'string'), omitted: Math.max(0, all.length - MOST_NOTED) };
}

/** The name alone when no parameter may have it. */
function fitted(pair: Pair): Pair | string {
  try {
    return checkParam(pair);
  } catch (error) {
    if (isTrainyardError(error) && error.code === 'INVALID_TRACKING_VALUE') return pair.key;
    throw error;
  }
}
