import { appendFile, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { anOrder } from '@trainyard/testkit/an-order.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attemptPaths, claimAttempt, isClaimAlive, isDelivered, logSizeBytes, readAcknowledged, readClaim, readOutcome, readReports, takeOrder, writeOrder, writeOutcome } from './attempt-dir.ts';
import { processStart } from './process/process-tree.ts';

let root: string;
let dir: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'trainyard-dir-'));
  dir = join(root, 'attempts', '1');
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('the directory of an attempt', () => {
  it('hands an order over once, privately', async () => {
    const order = anOrder({ secrets: { KEY: 'value' } });
    await writeOrder(dir, order);
    expect((await stat(attemptPaths(dir).order)).mode & 0o777).toBe(0o600);
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    expect(await takeOrder(dir)).toEqual(order);
    expect(await takeOrder(dir)).toBeUndefined();
    expect(await readdir(dir)).toEqual([]);
  });

  it('takes the same order again', async () => {
    await writeOrder(dir, anOrder({ runNumber: 1 }));
    await writeOrder(dir, anOrder({ runNumber: 2 }));
    expect((await takeOrder(dir))?.runNumber).toBe(2);
  });

  it('lets exactly one of many claim it', async () => {
    await writeOrder(dir, anOrder());
    const claims = await Promise.all(Array.from({ length: 20 }, () => claimAttempt(dir)));
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect((await readdir(dir)).toSorted()).toEqual(['claim', 'order.json']);
    expect(await readClaim(dir)).toEqual({ pid: process.pid, processStart: processStart(process.pid) });
  });

  it('knows a living claim from one of a process that is gone, or whose number somebody else has', () => {
    const claim = { pid: process.pid, processStart: processStart(process.pid) };
    expect(isClaimAlive(claim)).toBe(true);
    expect(isClaimAlive({ ...claim, processStart: '1' })).toBe(false);
    expect(isClaimAlive({ pid: 2 ** 22 + 1, processStart: '1' })).toBe(false);
  });

  it('answers undefined for what is not there, also without the directory', async () => {
    expect(await readClaim(dir)).toBeUndefined();
    expect(await readOutcome(dir)).toBeUndefined();
    expect(await readAcknowledged(dir)).toBeUndefined();
    expect(await readReports(dir)).toEqual([]);
    expect(await isDelivered(dir)).toBe(false);
    expect(await logSizeBytes(dir)).toBe(0);
  });

  it('leaves nothing half-written when the disk refuses', async () => {
    await writeOrder(dir, anOrder());
    await writeOutcome(dir, { ok: true, endedAt: 1 });
    const cyclic: { self?: unknown } = {};
    cyclic.self = cyclic;
    await expect(writeOutcome(dir, cyclic as never)).rejects.toThrow('circular');
    expect(await readOutcome(dir)).toEqual({ ok: true, endedAt: 1 });
    expect((await readdir(dir)).toSorted()).toEqual(['order.json', 'outcome.json']);
  });

  it('leaves out a report that a crash has cut', async () => {
    await writeOrder(dir, anOrder());
    const { reports } = attemptPaths(dir);
    const note = { kind: 'note', seq: 1, at: 1, level: 'info', message: 'a' };
    await writeFile(reports, `${JSON.stringify(note)}\n`);
    await appendFile(reports, '{"kind":"no');
    expect(await readReports(dir)).toEqual([note]);
  });

  it('leaves out what is no report, and keeps those around it', async () => {
    await writeOrder(dir, anOrder());
    const notes = [1, 2].map((seq) => ({ kind: 'note', seq, at: 1, level: 'info', message: 'a' }));
    const [first, second] = notes.map((note) => JSON.stringify(note));
    await writeFile(attemptPaths(dir).reports, `${first}\n{"kind":"no${first}\n\0\0\0\n${second}\n`);
    expect(await readReports(dir)).toEqual(notes);
  });
});
