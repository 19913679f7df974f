import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { takeLock, tryLock, type Waiting } from './build-lock.ts';
import { isHolderAlive, ownHolder } from './holder.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'locks-'));
});
afterEach(() => rm(dir, { recursive: true }));

/** The word of a process that is over. */
function deadHolder(): string {
  return `${spawnSync('true').pid}-1`;
}

function waiting(signal = new AbortController().signal): Waiting & { readonly waitedFor: string[] } {
  const waitedFor: string[] = [];
  return { signal, waitedFor, onWait: (holder) => void waitedFor.push(holder) };
}

it('tells the living from the dead, also when a number is used again', () => {
  expect(isHolderAlive(ownHolder())).toBe(true);
  expect(isHolderAlive(deadHolder())).toBe(false);
  expect(isHolderAlive(`${process.pid}-1`)).toBe(false);
});

it('has one holder at a time', async () => {
  let [inside, most, entries] = [0, 0, 0];
  const enter = async (): Promise<void> => {
    const lock = await takeLock(dir, 'a', waiting());
    [inside, entries] = [inside + 1, entries + 1];
    most = Math.max(most, inside);
    for (let i = 0; i < 5; i++) await setImmediate();
    inside -= 1;
    await lock.release();
  };
  await Promise.all(Array.from({ length: 12 }, enter));
  expect([most, entries]).toEqual([1, 12]);
  expect(await readdir(dir)).toEqual(['a.12']);
});

it('is taken over from the dead by one of many', async () => {
  await writeFile(join(dir, 'a.7'), deadHolder());
  const all = await Promise.all(Array.from({ length: 20 }, () => tryLock(dir, 'a')));
  expect(all.filter((one) => 'release' in one)).toHaveLength(1);
  expect(await readdir(dir)).toEqual(['a.8']);
});

it('is not made by one who looked long ago and slept', async () => {
  // numbers 3 and 4 came and went while he slept; 5 is held
  await writeFile(join(dir, 'a.5'), ownHolder());
  await writeFile(join(dir, 'a.3'), deadHolder());
  expect(await tryLock(dir, 'a')).toEqual({ heldBy: `process ${process.pid}` });
});

it('is not taken from one who has made the file and not yet written his name', async () => {
  await writeFile(join(dir, 'a.1'), '');
  expect(await tryLock(dir, 'a')).toEqual({ heldBy: 'another process' });
  await utimes(join(dir, 'a.1'), new Date(0), new Date(0));
  expect(await tryLock(dir, 'a')).toHaveProperty('release');
});

it('says once whom it waits for, and stops waiting when told', async () => {
  const lock = await takeLock(dir, 'a', waiting());
  const stop = new AbortController();
  const other = waiting(stop.signal);
  const second = takeLock(dir, 'a', { ...other, onWait: (holder) => (other.onWait(holder), stop.abort()) });
  await expect(second).rejects.toHaveProperty('name', 'AbortError');
  expect(other.waitedFor).toEqual([`process ${process.pid}`]);
  await lock.release();
});

it('names do not meet', async () => {
  await tryLock(dir, 'a');
  expect(await tryLock(dir, 'b')).toHaveProperty('release');
});
