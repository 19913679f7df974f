import { silentLogger } from '@trainyard/testkit/silent-logger.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../stores/sql/database.ts';
import { openTrackingStore } from '../../stores/sql/tracking/store.ts';
import type { TrackingStore } from '../../stores/tracking.ts';
import { SilentRuns } from './silent-runs.ts';

const START = 1_763_700_000_000;
let dir: string;
let database: Database;
let store: TrackingStore;
let now: number;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'trainyard-silent-'));
  database = await openDatabase(`sqlite://${dir}/trainyard.db`);
  now = START;
  store = openTrackingStore(database, () => now);
});
afterEach(async () => {
  await database.close();
  rmSync(dir, { recursive: true });
});

async function aRun(id: string, heartbeat?: string): Promise<string> {
  const tags = heartbeat === undefined ? [] : [{ key: 'trainyard.heartbeat', value: heartbeat }];
  await store.runs.create({ id, experimentId: '0', name: id, userId: '', startTime: now, creatorRun: null, tags });
  return id;
}

const silent = (silentMs?: number) => new SilentRuns({ runs: store.runs, silentMs, now: () => now, log: silentLogger });
const statusOf = async (id: string) => (await store.runs.findInfo(id))?.status;

describe('looking for silent runs', () => {
  it('ends those that broke their promise, among more than one look can hold', async () => {
    const [promised, kept, quiet] = [await aRun('b', '1m'), await aRun('c', '1h'), await aRun('a')];
    await Promise.all(Array.from({ length: 1200 }, (_, at) => aRun(`quiet-${at}`)));
    const late = await aRun('z', '1m');
    const looking = silent();
    now += 181_000;
    expect(await looking.look()).toBe(2);
    expect(await Promise.all([promised, late, kept, quiet].map(statusOf))).toEqual(['FAILED', 'FAILED', 'RUNNING', 'RUNNING']);
    expect(await looking.look()).toBe(0);
  });

  it('counts every write as a sign of life', async () => {
    const id = await aRun('r', '1m');
    const looking = silent();
    for (let minute = 0; minute < 10; minute++) {
      now += 60_000;
      await store.runs.log({ runId: id, metrics: [{ key: 'm', value: 1, timestamp: now, step: minute }], params: [], tags: [] });
      expect(await looking.look()).toBe(0);
    }
    now += 181_000;
    expect(await looking.look()).toBe(1);
    expect(await store.runs.find(id)).toMatchObject({ status: 'FAILED', endTime: now - 181_000 });
  });

  it('does not count the time in which the server was away', async () => {
    const id = await aRun('r', '1m');
    now += 3_600_000;
    const looking = silent();
    expect(await looking.look()).toBe(0);
    now += 181_000;
    expect([await looking.look(), await statusOf(id)]).toEqual([1, 'FAILED']);
  });

  it('ends everybody who is silent for longer than the operator allows', async () => {
    const id = await aRun('r');
    const looking = silent(1000);
    now += 1001;
    expect([await looking.look(), await statusOf(id)]).toEqual([1, 'FAILED']);
  });
});
