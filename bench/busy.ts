// 10 trainings log while others search among 100,000 runs and read a long history: how long the slowest request takes; sqlite, or postgresql as an argument.
import { aDirectory } from './measuring/cache-dir.ts';
import { print, quantile, say } from './measuring/measure.ts';
import { type BenchServer, databaseKind, TwoServers } from './mlflow/two-servers.ts';
import { fillOurs, RUNS } from './search/many-runs.ts';
import { batch, LOG_BATCH, LOG_METRIC, makeRuns, metric } from './tracking/runs.ts';

const TRAININGS = 10;
const FOR_MS = 20_000;
/** One that no index helps with. */
const SEARCH = JSON.stringify({ experiment_ids: ['1'], filter: "tags.t3 LIKE '%7%' and params.p1 != '3'", order_by: ['tags.t2 ASC'], max_results: 50 });

const kind = databaseKind(process.argv.slice(2));
using dir = aDirectory();
await using servers = await TwoServers.prepare(dir.path, kind);
await servers.ours(async () => undefined);
await fillOurs(servers);
await servers.ours(async (server) => {
  const runs = await makeRuns(server, TRAININGS);
  for (const [name, delays] of Object.entries(await busy(server, runs))) {
    say(`${name}: ${delays.length} answers, p99 ${quantile(delays, 0.99).toFixed(0)} ms`);
    print({ name: `slowest ${name} while ${TRAININGS} trainings log and two search ${RUNS} runs, ${kind}; peer: the goal`, ours: Math.max(...delays), peer: 1000, unit: 'ms', better: 'less' });
  }
});

async function busy({ clients }: BenchServer, runs: readonly string[]): Promise<Record<string, readonly number[]>> {
  const [batches, single, searches] = await Promise.all([
    clients.load(TRAININGS, FOR_MS, (client, call) => ({ method: 'POST', path: LOG_BATCH, body: batch(runs[client] ?? '', call, 100) })),
    clients.load(TRAININGS, FOR_MS, (client, call) => ({ method: 'POST', path: LOG_METRIC, body: metric(runs[client] ?? '', call) })),
    clients.load(2, FOR_MS, () => ({ method: 'POST', path: '/api/2.0/mlflow/runs/search', body: SEARCH })),
  ]);
  return { 'log-batch': batches.delaysMs, 'log-metric': single.delaysMs, search: searches.delaysMs };
}
