import { randomBytes } from 'node:crypto';
import { aSpec } from '@trainyard/testkit/builders.ts';
import type { RunRecord } from './runs.ts';
import type { Stores } from './stores.ts';

/** A new run of the training, which is made or edited for it. */
export async function submitted({ trainings }: Pick<Stores, 'trainings'>, id: string, changes: Record<string, unknown> = {}): Promise<RunRecord> {
  const spec = aSpec(changes);
  const run = { id: randomBytes(16).toString('hex'), trainingId: id, spec, user: 'ann' };
  const kind = (await trainings.find(id)) === undefined ? 'create' : 'edit';
  const { latestRun } = await trainings.submit({ kind, id, spec, run });
  if (latestRun === undefined) throw new Error('no run');
  return latestRun;
}
