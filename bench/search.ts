// Searches among 100,000 runs with 4 clients, beside `mlflow server` on sqlite, or postgresql as an argument.
import { fillOurs, fillPeer, RUNS } from './search/many-runs.ts';
import { aDirectory } from './measuring/cache-dir.ts';
import type { HttpCall, Load } from './measuring/http-load.ts';
import { median, print, quantile, say } from './measuring/measure.ts';
import { type BenchServer, databaseKind, TwoServers } from './mlflow/two-servers.ts';

const CLIENTS = 4;
const FOR_MS = 6_000;
/** The peer may be at its first answer for long. */
const PEER_FOR_MS = 20_000;

const SEARCHES = {
  'by metric and param, sorted by a metric': { filter: "metrics.m1 > 0.5 and params.p1 = '3'", order_by: ['metrics.m2 DESC'] },
  'newest first, without a filter': { filter: '', order_by: [] },
  'by a param that few have, sorted by a metric': { filter: "params.p5 = '77'", order_by: ['metrics.m2 ASC'] },
  'by the beginning of a tag': { filter: "tags.t3 LIKE '7%'", order_by: ['attributes.start_time ASC'] },
} as const;

const kind = databaseKind(process.argv.slice(2));
using dir = aDirectory();
await using servers = await TwoServers.prepare(dir.path, kind);
// a first start of each makes its tables
await servers.ours(async () => undefined);
await servers.peer(async () => undefined);
await fillOurs(servers);
await fillPeer(servers);
const ours = await servers.ours((server) => measure(server, FOR_MS));
const peer = await servers.peer((server) => measure(server, PEER_FOR_MS));
for (const [index, name] of Object.keys(SEARCHES).entries()) {
  const [mine, theirs] = [ours[index], peer[index]];
  if (mine === undefined || theirs === undefined || mine.delaysMs.length === 0) throw new Error(`no answer to the search ${name}`);
  const title = `search of ${RUNS} runs, ${name}, ${kind}`;
  const slow = theirs.delaysMs.length === 0 ? `no answer in ${PEER_FOR_MS / 1000} s` : `p50 ${Math.round(median(theirs.delaysMs))} ms`;
  say(`${title}: p50 ${median(mine.delaysMs).toFixed(1)} ms, p99 ${quantile(mine.delaysMs, 0.99).toFixed(1)} ms; mlflow ${servers.mlflow.version}: ${slow}`);
  // without any answer the peer is given the benefit of one at the very end
  print({ name: title, ours: mine.perSecond, peer: Math.max(theirs.perSecond, 1000 / PEER_FOR_MS), unit: 'answers/s', better: 'more' });
}

async function measure(server: BenchServer, forMs: number): Promise<Load[]> {
  const found: Load[] = [];
  for (const search of Object.values(SEARCHES)) {
    const call: HttpCall = { method: 'POST', path: '/api/2.0/mlflow/runs/search', body: JSON.stringify({ experiment_ids: ['1'], max_results: 50, ...search }) };
    found.push(await server.clients.loadUntil(CLIENTS, forMs, () => call));
  }
  return found;
}
