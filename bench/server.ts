// Time until the server is ready, its memory when idle and its size on disk, beside `mlflow server`.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@trainyard/testkit/loopback/free-port.ts';
import { cleanEnvironment } from '../e2e/server-process.ts';
import { aDirectory } from './measuring/cache-dir.ts';
import { median, print, say, spread } from './measuring/measure.ts';
import { residentBytes } from './measuring/resident-memory.ts';
import { type MlflowVenv, mlflowVenv } from './mlflow/venv.ts';
import { bytesOnDisk, installedBytes } from './server/installed-size.ts';
import { type ServerCommand, StartedServer } from './server/ready-time.ts';

const BIN = join(import.meta.dirname, '../packages/cli/bin/trainyard.mjs');
const STARTS = 7;
const PEER_STARTS = 2;
const IDLE_MS = 5_000;

const mlflow = await mlflowVenv();
using dir = aDirectory();
await starts();
await sizes();

async function starts(): Promise<void> {
  const first: number[] = [];
  const later: number[] = [];
  for (let i = 0; i < STARTS; i++) {
    const place = join(dir.path, `server-${i}`);
    first.push((await measured(await trainyard(place))).readyMs);
    later.push((await measured(await trainyard(place))).readyMs);
  }
  const ours = await measured(await trainyard(join(dir.path, 'server-0')), IDLE_MS);
  const peerStarts: number[] = [];
  const peerFirst = (await measured(await mlflowServer(mlflow))).readyMs;
  for (let i = 1; i < PEER_STARTS; i++) peerStarts.push((await measured(await mlflowServer(mlflow))).readyMs);
  const peer = await measured(await mlflowServer(mlflow), IDLE_MS);
  peerStarts.push(peer.readyMs);
  say(`ready: first ${spread(first, 'ms')}, later ${spread(later, 'ms')}; mlflow ${mlflow.version} server: first ${Math.round(peerFirst)} ms, later ${spread(peerStarts, 'ms')}`);
  print({ name: 'ready, first start (no compile cache, no database); peer: mlflow server, no database', ours: median(first), peer: peerFirst, unit: 'ms', better: 'less' });
  print({ name: 'ready, later starts; peer: mlflow server', ours: median(later), peer: median(peerStarts), unit: 'ms', better: 'less' });
  print({ name: 'resident memory, idle; peer: all processes of mlflow server', ours: ours.residentBytes / 1e6, peer: peer.residentBytes / 1e6, unit: 'MB', better: 'less' });
}

async function sizes(): Promise<void> {
  const copy = join(dir.path, 'copy');
  mkdirSync(copy);
  print({ name: 'npm ci --omit=dev on disk; peer: virtual environment with mlflow', ours: (await installedBytes(copy)) / 1e6, peer: bytesOnDisk(mlflow.dir) / 1e6, unit: 'MB', better: 'less' });
}

async function measured(command: ServerCommand, idleMs = 0): Promise<{ readonly readyMs: number; readonly residentBytes: number }> {
  await using server = await StartedServer.start(command);
  await sleep(idleMs);
  return { readyMs: server.readyMs, residentBytes: residentBytes(server.pid) };
}

/** With a compile cache of its own, so that the first start in a place finds none. */
async function trainyard(place: string): Promise<ServerCommand> {
  mkdirSync(place, { recursive: true });
  const port = await freePort();
  const argv = [process.execPath, BIN, 'up', '--port', String(port), '--data-dir', join(place, 'data')] as const;
  return { argv, port, cwd: place, env: { ...cleanEnvironment(), NODE_COMPILE_CACHE: join(place, 'compiled') } };
}

async function mlflowServer({ mlflow: program }: MlflowVenv): Promise<ServerCommand> {
  const cwd = join(dir.path, 'mlflow');
  mkdirSync(cwd, { recursive: true });
  const port = await freePort();
  const argv = [program, 'server', '--host', '127.0.0.1', '--port', String(port), '--backend-store-uri', `sqlite:///${join(cwd, 'mlflow.db')}`] as const;
  return { argv, port, cwd, env: cleanEnvironment() };
}
