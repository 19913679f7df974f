import { isTrainyardError } from '@trainyard/core/errors.ts';
import type { Pair, RunBatch } from '@trainyard/core/tracking/batch.ts';
import { parametersToNote } from '@trainyard/core/tracking/parameters-to-note.ts';

/** What could not be noted. */
export interface NotNoted {
  /** Names of parameters that the run has in other words already, and names that no parameter may have. */
  readonly refused: readonly string[];
  /** How many are more than are noted on a run. */
  readonly omitted: number;
}

/**
 * Notes parameters on a run, within MLflow's limits: long values are cut. What the run has in other words already stays. Again
 * with the same ones changes nothing. `log` throws what TrackingRuns.log throws; errors that are not about a value are thrown on.
 */
export async function noteParameters(log: (batch: RunBatch) => Promise<void>, runId: string, parameters: Readonly<Record<string, string>>): Promise<NotNoted> {
  const { batches, unfit, omitted } = parametersToNote(parameters);
  const refused = [...unfit];
  for (const batch of batches) {
    if (await isTaken(log, runId, batch)) continue;
    // one of them is refused: the others are not to go with it
    for (const pair of batch) if (!(await isTaken(log, runId, [pair]))) refused.push(pair.key);
  }
  return { refused, omitted };
}

async function isTaken(log: (batch: RunBatch) => Promise<void>, runId: string, params: readonly Pair[]): Promise<boolean> {
  try {
    await log({ runId, metrics: [], params, tags: [] });
    return true;
  } catch (error) {
    if (isTrainyardError(error) && error.code === 'INVALID_TRACKING_VALUE') return false;
    throw error;
  }
}
