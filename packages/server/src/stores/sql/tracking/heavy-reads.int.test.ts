import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isTrainyardError } from '@trainyard/core/errors.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunSearch, TrackingRunStore } from '../../tracking.ts';
import { type Database, openDatabase } from '../database.ts';
import { heavyReadsOn, openHeavyReads } from './heavy-reads.ts';
import { openTrackingStore } from './store.ts';

const RUNS = 2100;
const POINTS = 60_000;
const idOf = (at: number): string => at.toString(16).padStart(32, '0');

let dir: string;
let database: Database;
let runs: TrackingRunStore;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'trainyard-heavy-'));
  database = await openDatabase(`sqlite://${dir}/trainyard.db`);
  ({ runs } = openTrackingStore(database));
  await Promise.all(Array.from({ length: RUNS }, (_, at) => runs.create({ id: idOf(at), experimentId: '0', name: `run-${at}`, userId: '', startTime: at, creatorRun: null, tags: [{ key: 'odd', value: String(at % 2) }] })));
  for (let from = 0; from < POINTS; from += 500) {
    const metrics = Array.from({ length: 500 }, (_, at) => ({ key: 'loss', value: Math.sin(from + at), timestamp: from + at, step: from + at }));
    await runs.log({ runId: idOf(0), metrics, params: [], tags: [] });
  }
});
afterAll(async () => {
  await database.close();
  rmSync(dir, { recursive: true });
});

describe('reads in a thread', () => {
  const search: RunSearch = { experimentIds: ['0'], conditions: [{ subject: { entity: 'tag', key: 'odd' }, test: { operator: 'LIKE', text: '%1%' } }], order: [], limit: 10 };

  it('find what reads on this thread find', async () => {
    const here = heavyReadsOn(database);
    expect(await runs.search(search)).toEqual(await here.search(search));
    const sampled = { runIds: [idOf(0)], key: 'loss', count: 20 };
    expect(await runs.sampledHistory(sampled)).toEqual(await here.sampledHistory(sampled));
    const curve = { runId: idOf(0), key: 'loss', buckets: 7 };
    expect(await runs.curve(curve)).toEqual(await here.curve(curve));
    const bulk = { runIds: [idOf(0)], key: 'loss', limit: 100 };
    expect(await runs.bulkHistory(bulk)).toEqual(await here.bulkHistory(bulk));
  });

  it('see what was written a moment before', async () => {
    const id = 'f'.repeat(32);
    await runs.create({ id, experimentId: '0', name: 'last', userId: '', startTime: 1_000_000, creatorRun: null, tags: [{ key: 'odd', value: '1' }] });
    await runs.log({ runId: id, metrics: [{ key: 'm', value: Number.NaN, timestamp: 1, step: 2n ** 60n }], params: [], tags: [] });
    expect((await runs.search(search)).items[0]).toMatchObject({ id, metrics: [{ key: 'm', value: Number.NaN, step: 2n ** 60n }] });
  });

  it('refuse in the same words', async () => {
    const refused = await runs.search({ ...search, after: 'nonsense' }).catch((error: unknown) => error);
    expect(isTrainyardError(refused) && refused.code).toBe('INVALID_TRACKING_VALUE');
  });

  it('do not hold up this one', async () => {
    const heavy = openHeavyReads(database);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await Promise.all(Array.from({ length: 20 }, () => heavy.search({ ...search, limit: 1000 })));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
  });
});
