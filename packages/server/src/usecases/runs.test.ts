import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report } from '@trainyard/core/training/outcome.ts';
import { aSpec } from '@trainyard/testkit/builders.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogStore } from '../logs/log-store.ts';
import { Hub } from '../platform/hub.ts';
import { type Database, openDatabase } from '../stores/sql/database.ts';
import { openStores } from '../stores/sql/open-stores.ts';
import type { Stores } from '../stores/stores.ts';
import { Runs } from './runs.ts';

const name = { runId: 'b'.repeat(32), attempt: 1 };
const MAX_LOG_BYTES = 100;

let dir: string;
let database: Database;
let stores: Stores;
let runs: Runs;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'trainyard-runs-'));
  database = await openDatabase(`sqlite://${dir}/trainyard.db`);
  stores = openStores(database, () => 7);
  runs = new Runs({ runs: stores.runs, logs: new LogStore(dir, MAX_LOG_BYTES), hub: new Hub(), now: () => 7, wake: () => undefined, ended: () => undefined });
  await stores.trainings.submit({ kind: 'create', id: 'wine', spec: aSpec(), run: { id: name.runId, trainingId: 'wine', spec: aSpec(), user: 'ann' } });
  await stores.queue.claimQueued({ lease: 'test', leaseUntil: 30_000, now: 7, max: 1 }, { total: 1, perProject: 1, perEngine: {} });
});
afterEach(async () => {
  await database.close();
  rmSync(dir, { recursive: true });
});

async function* lettersOf(text: string): AsyncIterable<Uint8Array> {
  for (const letter of text) yield Buffer.from(letter);
}

/** A runner that left this log, and two reports. */
function left(log: string, signal = new AbortController().signal) {
  const reports: Report[] = [1, 2].map((seq) => ({ kind: 'note', seq, at: 5, level: 'info', message: `note ${seq}` }));
  return runs.collect(name, { logs: (from) => lettersOf(log.slice(from)), reports: () => Promise.resolve(reports) }, signal);
}

async function logOf(): Promise<string> {
  let text = '';
  for await (const block of runs.readLog(name.runId, 1, { from: 0, to: await runs.logSize(name.runId, 1) })) text += block.toString();
  return text;
}

const notesOf = async (): Promise<unknown[]> => (await stores.runs.eventsOf(name.runId, 0, 100)).filter(({ kind }) => kind === 'note').map(({ data }) => data['message']);

describe('what a runner left behind', () => {
  it('is taken over behind what it had sent, once', async () => {
    await runs.appendLog(name, 0, lettersOf('hello '));
    for (let i = 0; i < 2; i++) await left('hello world');
    expect([await logOf(), await notesOf()]).toEqual(['hello world', ['note 1', 'note 2']]);
  });

  it('is cut where the log has its limit, and the run says so', async () => {
    for (let i = 0; i < 2; i++) await left('x'.repeat(MAX_LOG_BYTES + 1));
    expect([await logOf(), await notesOf()]).toEqual(['x'.repeat(MAX_LOG_BYTES), ['the log of an attempt is larger than 100 bytes: its end is not kept', 'note 1', 'note 2']]);
    expect((await stores.runs.find(name.runId))?.warnings).toHaveLength(1);
  });

  it('does not wait for somebody who sends the log and stalls', async () => {
    const stall = Promise.withResolvers<void>();
    async function* stalling(): AsyncIterable<Uint8Array> {
      yield Buffer.from('hello');
      await stall.promise;
    }
    const sent = runs.appendLog(name, 0, stalling());
    await left('hello world');
    stall.resolve();
    expect([await sent, await logOf()]).toEqual(['hello world'.length, 'hello world']);
  });

  it('is left when nobody waits for it any more', async () => {
    await expect(left('hello world', AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
    expect([await logOf(), await notesOf()]).toEqual(['', []]);
  });
});
