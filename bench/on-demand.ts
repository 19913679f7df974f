// Requests for trainings and their statuses, as the original's clients ask: 50 at the same time, and as many statuses as there are.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '@trainyard/testkit/loopback/free-port.ts';
import { cleanEnvironment } from '../e2e/server-process.ts';
import { aDirectory } from './measuring/cache-dir.ts';
import { HttpClients, type Load } from './measuring/http-load.ts';
import { median, print, quantile, say } from './measuring/measure.ts';
import { rawLoad } from './on-demand/raw-clients.ts';
import { StartedServer } from './server/ready-time.ts';

const BIN = join(import.meta.dirname, '../packages/cli/bin/trainyard.mjs');
const CLIENTS = 50;
const ASK_FOR_MS = 20_000;
const READ_FOR_MS = 10_000;
const ROUNDS = 3;
const GOAL_P99_MS = 50;
const GOAL_READS = 10_000;
/** Runs whose statuses are asked for. */
const RUNS = 1_000;

using dir = aDirectory();
const port = await freePort();
await using _server = await StartedServer.start(await command());
const barePort = await freePort();
await using _bare = await StartedServer.start({ argv: [process.execPath, fileURLToPath(import.meta.resolve('./on-demand/bare-server.ts')), String(barePort), join(dir.path, 'lines')], port: barePort, cwd: dir.path, env: cleanEnvironment() });
using clients = new HttpClients(port);
using bareClients = new HttpClients(barePort);
await occupyEngine();
await asks();
await reads();

/** One run at a time: what is measured is the service, not the trainings it starts. */
async function command(): Promise<Parameters<typeof StartedServer.start>[0]> {
  const notebooks = join(dir.path, 'notebooks');
  mkdirSync(notebooks);
  writeFileSync(join(notebooks, 'wait.ipynb'), JSON.stringify({ nbformat: 4, metadata: {}, cells: [{ cell_type: 'code', metadata: {}, source: 'import time\ntime.sleep(3600)' }] }));
  const native = await freePort();
  const env = { ...cleanEnvironment(), NODE_ENV: 'production', PORT: String(port), ON_DEMAND_ENGINE: 'local', ON_DEMAND_SOURCE: notebooks, DATABRICKS_TYPE_MAPPING: '{"wine":"/wait"}' };
  return { argv: [process.execPath, BIN, 'up', '--data-dir', join(dir.path, 'data'), '--port', String(native), '--max-local-runs', '1'], port: native, cwd: dir.path, env };
}

/** Until the one run that may run does, and everything else waits. */
async function occupyEngine(): Promise<void> {
  while (!(await isUp())) await sleep(20);
  const { runId } = JSON.parse(await clients.call({ method: 'POST', path: '/train', body: '{"modelType":"wine"}' })) as { runId: number };
  while ((JSON.parse(await clients.call({ method: 'GET', path: `/train/${runId}` })) as { state: string }).state !== 'running') await sleep(100);
  // its program starts up, and would share the processors with what is measured
  await sleep(1_000);
}

/** It opens behind the native port. */
async function isUp(): Promise<boolean> {
  try {
    await clients.call({ method: 'GET', path: '/' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return false;
    throw error;
  }
}

/** In turns, so that both have the same machine around them. */
async function asks(): Promise<void> {
  const rounds: { readonly ours: number; readonly bare: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [ours, bare] = [await askFor(clients), await askFor(bareClients)];
    say(`POST /train, ${CLIENTS} clients: ${described(ours)}; bare: ${described(bare)}`);
    rounds.push({ ours: quantile(ours.delaysMs, 0.99), bare: quantile(bare.delaysMs, 0.99) });
  }
  const ours = median(rounds.map((round) => round.ours));
  print({ name: `POST /train, p99 with ${CLIENTS} clients, on disk before the answer; peer: the goal`, ours, peer: GOAL_P99_MS, unit: 'ms', better: 'less' });
  print({ name: 'the same; peer: node:http alone, which appends a line and syncs', ours, peer: median(rounds.map((round) => round.bare)), unit: 'ms', better: 'less' });
}

function askFor(who: HttpClients): Promise<Load> {
  return who.load(CLIENTS, ASK_FOR_MS / ROUNDS / 2, (client, call) => ({ method: 'POST', path: '/train', body: JSON.stringify({ modelType: 'wine', parameters: { alpha: call / 1000, l1_ratio: String(client) } }) }));
}

function described({ delaysMs, perSecond }: Load): string {
  return `${perSecond.toFixed(0)} /s, median ${median(delaysMs).toFixed(1)} ms, p99 ${quantile(delaysMs, 0.99).toFixed(1)} ms, slowest ${quantile(delaysMs, 1).toFixed(0)} ms`;
}

async function reads(): Promise<void> {
  const rounds: { readonly ours: number; readonly bare: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [ours, bare] = [await readFrom(port), await readFrom(barePort)];
    say(`GET /train/<run>, ${CLIENTS} clients, ${RUNS} runs that have not ended: ${described(ours)}; bare: ${described(bare)}`);
    rounds.push({ ours: ours.perSecond, bare: bare.perSecond });
  }
  const ours = median(rounds.map((round) => round.ours));
  print({ name: `statuses of ${RUNS} runs, ${CLIENTS} clients; peer: the goal`, ours, peer: GOAL_READS, unit: '/s', better: 'more' });
  print({ name: 'the same; peer: node:http alone, which answers a constant', ours, peer: median(rounds.map((round) => round.bare)), unit: '/s', better: 'more' });
}

function readFrom(at: number): Promise<Load> {
  return rawLoad(at, { clients: CLIENTS, forMs: READ_FOR_MS / 2, path: (client, call) => `/train/${((client * 7919 + call) % RUNS) + 1}` });
}
