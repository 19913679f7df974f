import { EVERYTHING } from '@trainyard/core/access/reach.ts';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Assignment } from '@trainyard/server/engines/engine.ts';
import { Scheduler } from '@trainyard/server/scheduler/scheduler.ts';
import { SnapshotStore } from '@trainyard/server/snapshots/snapshot-store.ts';
import { openDatabase } from '@trainyard/server/stores/sql/database.ts';
import { openStores } from '@trainyard/server/stores/sql/open-stores.ts';
import { ToolchainIntegrations } from '@trainyard/server/usecases/toolchain-integrations.ts';
import { Trainings } from '@trainyard/server/usecases/trainings.ts';
import { aSpec } from '@trainyard/testkit/builders.ts';
import { FakeEngine } from '@trainyard/testkit/engines/fake-engine.ts';
import { silentLogger } from '@trainyard/testkit/silent-logger.ts';
import { aDirectory } from '../measuring/cache-dir.ts';

/** Those who submit at the same time; each waits for its answer before it submits again. */
const SUBMITTERS = 32;

/** Submits `count` trainings and waits for the end of all; answers launches per second over all of it. */
export async function launchesPerSecond(count: number): Promise<number> {
  using dir = aDirectory();
  const database = await openDatabase(`sqlite://${join(dir.path, 'trainyard.db')}`);
  const stores = openStores(database, Date.now);
  // what it starts is over at the first look
  const engine = new FakeEngine('local', { kind: 'exited', outcome: { ok: true, endedAt: 0 } });
  const allEnded = Promise.withResolvers<void>();
  let ended = 0;
  const scheduler = new Scheduler({
    queue: stores.queue,
    limits: { total: 1000, perProject: 1000, perEngine: {} },
    pace: { lookEveryMs: 1, missingGraceMs: 60_000 },
    now: Date.now,
    log: silentLogger,
    changed: () => undefined,
    ended: () => (++ended === count ? allEnded.resolve() : undefined),
    handle: { engine: () => engine, assign: () => Promise.resolve({} as Assignment), collect: () => Promise.resolve(), note: () => Promise.resolve(), now: Date.now, log: silentLogger },
  });
  const trainings = new Trainings({
    ...stores,
    snapshots: new SnapshotStore(join(dir.path, 'snapshots'), 1),
    connections: { typesOf: () => Promise.resolve(new Map()), uses: () => Promise.resolve(new Map()) },
    integrations: new ToolchainIntegrations(stores.toolchains),
    known: { engines: ['local'], toolchains: ['command'], nodePools: [] },
    launches: () => engine.can,
    newId: () => randomBytes(16).toString('hex'),
    now: Date.now,
    wake: () => scheduler.wake(),
  });
  const began = performance.now();
  scheduler.start();
  let next = 0;
  const submitter = async (): Promise<void> => {
    while (next < count) await trainings.put('create', { id: `training-${next++}`, spec: aSpec() }, { run: true, user: 'ann', reach: EVERYTHING });
  };
  await Promise.all([...Array.from({ length: SUBMITTERS }, submitter), allEnded.promise]);
  const seconds = (performance.now() - began) / 1000;
  await scheduler.stop();
  await database.close();
  if (engine.started.size !== count || [...engine.started.values()].some((times) => times !== 1)) throw new Error(`${engine.started.size} of ${count} runs were started, each had to be once`);
  return count / seconds;
}

/** One-row commits per second with the settings of our database: what the disk allows when each is waited for. */
export function commitsPerSecond(count: number): number {
  using dir = aDirectory();
  const database = new DatabaseSync(join(dir.path, 'commits.db'));
  database.exec('pragma journal_mode = wal; pragma synchronous = full; create table facts (id integer primary key, fact text)');
  const insert = database.prepare('insert into facts (fact) values (?)');
  const began = performance.now();
  for (let i = 0; i < count; i++) insert.run('a run was queued');
  const seconds = (performance.now() - began) / 1000;
  database.close();
  return count / seconds;
}
