import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { RunTokens } from '@trainyard/server/auth/run-token.ts';
import { KeyFile } from '@trainyard/server/platform/key-file.ts';
import { openDatabase } from '@trainyard/server/stores/sql/database.ts';
import { openStores } from '@trainyard/server/stores/sql/open-stores.ts';
import { aSpec } from '@trainyard/testkit/builders.ts';

/** What a runner would hold: with it one can speak for the attempt. */
export interface ActiveAttempt {
  readonly runId: string;
  readonly token: string;
}

/** Flags with which a server keeps these attempts, although no process is behind them. */
export const KEEP_ATTEMPTS = ['--missing-grace', '24h', '--look-every', '2s'] as const;

/** Adds attempts in their training step to the data directory of a server that has not started yet. */
export async function addActiveAttempts(dataDir: string, count: number): Promise<ActiveAttempt[]> {
  const database = await openDatabase(`sqlite://${join(dataDir, 'trainyard.db')}`);
  const { trainings, queue, runs } = openStores(database, Date.now);
  const tokens = new RunTokens(new KeyFile(join(dataDir, 'keys.json')).signingKey);
  const spec = aSpec();
  await Promise.all(
    Array.from({ length: count }, (_, i) => {
      const run = { id: randomBytes(16).toString('hex'), trainingId: `active-${i}`, spec, user: 'ann' };
      return trainings.submit({ kind: 'create', id: run.trainingId, spec, run });
    }),
  );
  const now = Date.now();
  const claimed = await queue.claimQueued({ lease: 'bench', leaseUntil: now + 60_000, now, max: count }, { total: count, perProject: count, perEngine: {} });
  await queue.apply(claimed.map((run) => ({ kind: 'update', runId: run.id, lease: 'bench', lookAt: now, submitted: true })), now);
  await Promise.all(claimed.map((run) => runs.report({ runId: run.id, attempt: 1, reports: [{ kind: 'step', seq: 1, at: now, step: 'train', state: 'running' }] })));
  await database.close();
  return claimed.map(({ id }) => ({ runId: id, token: tokens.issue({ runId: id, attempt: 1 }) }));
}
