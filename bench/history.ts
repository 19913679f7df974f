// One metric with a million points: thinned out for a picture, and page by page, beside `mlflow server` on sqlite, or postgresql as an argument.
import { fillPeerHistory, HISTORY_KEY, POINTS } from './mlflow/peer-points.ts';
import { aDirectory } from './measuring/cache-dir.ts';
import { median, print, say, spread } from './measuring/measure.ts';
import { type BenchServer, databaseKind, TwoServers } from './mlflow/two-servers.ts';
import { LOG_BATCH, makeRuns } from './tracking/runs.ts';

const SAMPLES = 10;
const PEER_SAMPLES = 3;
const PAGE = 25_000;

interface Reads {
  readonly sampledMs: readonly number[];
  /** All points, page by page. */
  readonly wholeMs: number;
}

const kind = databaseKind(process.argv.slice(2));
using dir = aDirectory();
await using servers = await TwoServers.prepare(dir.path, kind);
const ours = await servers.ours(async (server) => read(server, await fill(server), SAMPLES));
// its tables are there once it has run: a million points through its API would take minutes
const [run = ''] = await servers.peer((server) => makeRuns(server, 1));
await fillPeerHistory(servers, run);
const peer = await servers.peer((server) => read(server, run, PEER_SAMPLES));
say(`sampled: ${spread(ours.sampledMs, 'ms')}; mlflow ${servers.mlflow.version}: ${spread(peer.sampledMs, 'ms')}`);
print({ name: `a million points thinned out to 320, ${kind}`, ours: median(ours.sampledMs), peer: median(peer.sampledMs), unit: 'ms', better: 'less' });
print({ name: `a million points in pages of ${PAGE}, ${kind}`, ours: ours.wholeMs, peer: peer.wholeMs, unit: 'ms', better: 'less' });

async function fill(server: BenchServer): Promise<string> {
  const [id = ''] = await makeRuns(server, 1);
  for (let first = 0; first < POINTS; first += 1000) {
    const metrics = Array.from({ length: 1000 }, (_, i) => ({ key: HISTORY_KEY, value: Math.sin(first + i), timestamp: 1_763_700_000_000 + first + i, step: first + i }));
    await server.clients.call({ method: 'POST', path: LOG_BATCH, body: JSON.stringify({ run_id: id, metrics }) });
  }
  return id;
}

async function read({ clients }: BenchServer, id: string, samples: number): Promise<Reads> {
  const sampledMs: number[] = [];
  const path = `/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?run_ids=${id}&metric_key=${HISTORY_KEY}&max_results=320`;
  for (let i = 0; i < samples; i++) {
    const began = performance.now();
    const { metrics } = JSON.parse(await clients.call({ method: 'GET', path })) as { metrics: readonly unknown[] };
    sampledMs.push(performance.now() - began);
    if (metrics.length < 300 || metrics.length > 330) throw new Error(`${metrics.length} points are not the 320 that were asked for`);
  }
  const began = performance.now();
  let points = 0;
  let token = '';
  do {
    const after = token === '' ? '' : `&page_token=${encodeURIComponent(token)}`;
    const page = JSON.parse(await clients.call({ method: 'GET', path: `/api/2.0/mlflow/metrics/get-history?run_id=${id}&metric_key=${HISTORY_KEY}&max_results=${PAGE}${after}` })) as { metrics: readonly unknown[]; next_page_token?: string };
    points += page.metrics.length;
    token = page.next_page_token ?? '';
  } while (token !== '');
  if (points !== POINTS) throw new Error(`${points} points came back`);
  return { sampledMs, wholeMs: performance.now() - began };
}
