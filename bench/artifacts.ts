// One artifact of 1 GB up and down through the proxy, beside `mlflow server`; and how much memory that takes.
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { mostResidentBytes, residentBytes } from './measuring/resident-memory.ts';
import { aDirectory } from './measuring/cache-dir.ts';
import { median, print, say, spread } from './measuring/measure.ts';
import { type BenchServer, TwoServers } from './mlflow/two-servers.ts';
import { makeRuns } from './tracking/runs.ts';

const MEGABYTES = 1024;
const ROUNDS = 3;

interface Transfer {
  readonly up: readonly number[];
  readonly down: readonly number[];
  /** The most over what the server holds when idle. */
  readonly extraBytes: number;
}

using dir = aDirectory();
const file = join(dir.path, 'model.bin');
const digest = await makeFile(file);
await using servers = await TwoServers.prepare(dir.path, 'sqlite');
const ours = await servers.ours(measure);
const peer = await servers.peer(measure);
for (const way of ['up', 'down'] as const) {
  say(`${way}: ${spread(ours[way], 'MB/s')}; mlflow ${servers.mlflow.version}: ${spread(peer[way], 'MB/s')}`);
  print({ name: `artifact of 1 GB, ${way}load`, ours: median(ours[way]), peer: median(peer[way]), unit: 'MB/s', better: 'more' });
}
print({ name: 'memory over idle while it goes up and down', ours: ours.extraBytes / 1e6, peer: peer.extraBytes / 1e6, unit: 'MB', better: 'less' });

async function measure(server: BenchServer): Promise<Transfer> {
  const [run] = await makeRuns(server, 1);
  const { run: made } = JSON.parse(await server.clients.call({ method: 'GET', path: `/api/2.0/mlflow/runs/get?run_id=${run}` })) as { run: { info: { artifact_uri: string } } };
  const path = `/api/2.0/mlflow-artifacts/artifacts/${made.info.artifact_uri.replace(/^mlflow-artifacts:\/+/, '')}/model.bin`;
  const [up, down]: [number[], number[]] = [[], []];
  const idle = residentBytes(server.pid);
  const most = await mostResidentBytes(server.pid, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      up.push(await timed(() => server.clients.upload(path, createReadStream(file, { highWaterMark: 1 << 20 }), MEGABYTES * 2 ** 20)));
      down.push(await timed(() => server.clients.download(path)));
    }
    // not while the clock runs: the digest costs more than the bytes
    mustBe(await digestOf(server, path));
  });
  return { up, down, extraBytes: most - idle };
}

/** 10^6 bytes per second. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (MEGABYTES * 2 ** 20) / 1e6 / ((performance.now() - began) / 1000);
}

async function digestOf(server: BenchServer, path: string): Promise<string> {
  const hash = createHash('sha256');
  await server.clients.download(path, (part) => hash.update(part));
  return hash.digest('hex');
}

function mustBe(seen: string): void {
  if (seen !== digest) throw new Error('what came down is not what went up');
}

async function makeFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  const parts = function* (): Generator<Buffer> {
    for (let i = 0; i < MEGABYTES; i++) {
      const part = randomBytes(2 ** 20);
      hash.update(part);
      yield part;
    }
  };
  await pipeline(Readable.from(parts()), createWriteStream(path));
  return hash.digest('hex');
}
