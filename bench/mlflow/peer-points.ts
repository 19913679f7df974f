import type { TwoServers } from './two-servers.ts';

export const POINTS = 1_000_000;
export const HISTORY_KEY = 'loss';

/** Puts the points into the tables of `mlflow server`, where its own code would have put them. */
export async function fillPeerHistory(servers: TwoServers, runId: string): Promise<void> {
  const last = POINTS - 1;
  await servers.databases.runOnPeer([
    `insert into metrics (key, value, timestamp, run_uuid, step, is_nan)
     with recursive n (i) as (select 0 union all select i + 1 from n where i < ${last})
     select '${HISTORY_KEY}', (i % 1000) / 1000.0, 1763700000000 + i, '${runId}', i, false from n`,
    `insert into latest_metrics (key, value, timestamp, step, is_nan, run_uuid) values ('${HISTORY_KEY}', 0.5, ${1_763_700_000_000 + last}, ${last}, false, '${runId}')`,
  ]);
}
