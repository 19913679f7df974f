// What clients write, 10 of them at a time, beside `mlflow server` on the same kind of database: sqlite, or postgresql as an argument.
import { aDirectory } from './measuring/cache-dir.ts';
import { median, print, quantile, say } from './measuring/measure.ts';
import type { HttpCall, Load } from './measuring/http-load.ts';
import { type BenchServer, databaseKind, TwoServers } from './mlflow/two-servers.ts';
import { rawMetricsPerSecond } from './tracking/raw-layout.ts';
import { batch, CREATE_RUN, LOG_BATCH, LOG_METRIC, makeRuns, metric } from './tracking/runs.ts';

const CLIENTS = 10;
const FOR_MS = 6_000;
const WARM_UP_MS = 1_000;

interface Work {
  readonly name: string;
  /** Things written by one call. */
  readonly each: number;
  readonly unit: string;
  call(run: string, call: number): HttpCall;
}

const WORKS: readonly Work[] = [
  { name: 'log-batch, 1,000 names × 1 step', each: 1000, unit: 'metrics/s', call: (run, call) => ({ method: 'POST', path: LOG_BATCH, body: batch(run, call, 1000) }) },
  { name: 'log-batch, 10 names × 100 steps', each: 1000, unit: 'metrics/s', call: (run, call) => ({ method: 'POST', path: LOG_BATCH, body: batch(run, call, 10) }) },
  { name: 'log-metric', each: 1, unit: 'metrics/s', call: (run, call) => ({ method: 'POST', path: LOG_METRIC, body: metric(run, call) }) },
  { name: 'create run', each: 1, unit: 'runs/s', call: (_, call) => ({ method: 'POST', path: CREATE_RUN, body: JSON.stringify({ experiment_id: '0', start_time: 1_763_700_000_000 + call, run_name: 'bench', tags: [{ key: 'mlflow.user', value: 'ann' }] }) }) },
];

const kind = databaseKind(process.argv.slice(2));
using dir = aDirectory();
await using servers = await TwoServers.prepare(dir.path, kind);
const ours = await servers.ours(measure);
const peer = await servers.peer(measure);
const raw = kind === 'sqlite' ? await rawMetricsPerSecond(dir.path) : undefined;
for (const [index, { name, each, unit }] of WORKS.entries()) {
  const [mine, theirs] = [ours[index], peer[index]];
  if (mine === undefined || theirs === undefined) throw new Error(`'${name}' was not measured`);
  const title = `${name}, ${CLIENTS} clients, ${kind}`;
  say(`${title}: p50 ${Math.round(median(mine.delaysMs))} ms, p99 ${Math.round(quantile(mine.delaysMs, 0.99))} ms; mlflow ${servers.mlflow.version}: p50 ${Math.round(median(theirs.delaysMs))} ms, p99 ${Math.round(quantile(theirs.delaysMs, 0.99))} ms`);
  print({ name: title, ours: mine.perSecond * each, peer: theirs.perSecond * each, unit, better: 'more' });
  print({ name: `${title}: our p99; peer: its median`, ours: quantile(mine.delaysMs, 0.99), peer: median(theirs.delaysMs), unit: 'ms', better: 'less' });
}
if (raw !== undefined) {
  for (const [index, perSecond] of raw.entries()) print({ name: `${WORKS[index]?.name}, ${kind}; peer: the rows alone, without server`, ours: (ours[index]?.perSecond ?? 0) * 1000, peer: perSecond, unit: 'metrics/s', better: 'more' });
}

async function measure(server: BenchServer): Promise<Load[]> {
  const loads: Load[] = [];
  for (const { call } of WORKS) {
    const runs = await makeRuns(server, CLIENTS);
    const next = (from: number) => (client: number, at: number) => call(runs[client] ?? '', from + at);
    await server.clients.load(CLIENTS, WARM_UP_MS, next(0));
    loads.push(await server.clients.load(CLIENTS, FOR_MS, next(100_000)));
  }
  return loads;
}
