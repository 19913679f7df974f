import { isTrainyardError } from '@trainyard/core/errors.ts';
import type { Pair, RunBatch } from '@trainyard/core/tracking/batch.ts';
import { LIMITS } from '@trainyard/core/tracking/limits.ts';

/**
 * Notes parameters on a run, within MLflow's limits: long values are cut. What the run has in other words already stays, a name
 * that no parameter may have is left out; these names are answered. Again with the same ones changes nothing. `log` throws what
 * TrackingRuns.log throws; errors that are not about a value are thrown on.
 */
export async function noteParameters(log: (batch: RunBatch) => Promise<void>, runId: string, parameters: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const pairs = Object.entries(parameters).map(([key, value]) => ({ key, value }));
  const refused: string[] = [];
  for (let at = 0; at < pairs.length; at += LIMITS.paramsPerBatch) {
    const batch = pairs.slice(at, at + LIMITS.paramsPerBatch);
    if (await isTaken(log, runId, batch)) continue;
    // one of them is refused: the others are not to go with it
    for (const pair of batch) if (!(await isTaken(log, runId, [pair]))) refused.push(pair.key);
  }
  return refused;
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
