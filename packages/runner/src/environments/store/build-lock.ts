import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isHolderAlive, ownHolder } from './holder.ts';

/*
 * A lock is a row of numbered files, `<name>.<n>`; the one with the highest number says who has it. Taking over from a dead
 * process makes the next number, which only one can make; nothing is removed for it, because whoever removes a lock he thinks
 * dead may remove that of somebody who was quicker. A lock that was given back says so and keeps its number, for the same reason.
 */

const RELEASED = 'released';
/** Between making a file and writing the holder into it. Longer than that, and its maker died in between. */
const WRITING_MS = 10_000;
const PAUSE_MS = 100;

export interface BuildLock {
  release(): Promise<void>;
}

export interface Waiting {
  readonly signal: AbortSignal;
  /** Called once when somebody else has it: `process 4711`. */
  onWait(holder: string): void;
}

/** Waits until the lock is free, or its holder is dead. Rejects when the signal is aborted. */
export async function takeLock(dir: string, name: string, { signal, onWait }: Waiting): Promise<BuildLock> {
  for (let told = false; ; ) {
    const lock = await tryLock(dir, name);
    if ('release' in lock) return lock;
    if (!told) onWait(lock.heldBy);
    told = true;
    await sleep(PAUSE_MS, undefined, { signal });
  }
}

/** The lock, or who has it. */
export async function tryLock(dir: string, name: string): Promise<BuildLock | { readonly heldBy: string }> {
  await mkdir(dir, { recursive: true });
  for (;;) {
    const last = Math.max(0, ...(await numbersOf(dir, name)));
    const holder = last === 0 ? RELEASED : await holderOf(join(dir, `${name}.${last}`));
    if (holder !== RELEASED && holder !== undefined) return { heldBy: holder };
    if (holder === undefined) continue;
    const lock = await makeNext(dir, name, last + 1);
    if (lock !== undefined) return lock;
  }
}

async function makeNext(dir: string, name: string, number: number): Promise<BuildLock | undefined> {
  const path = join(dir, `${name}.${number}`);
  try {
    await writeFile(path, ownHolder(), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  }
  const numbers = await numbersOf(dir, name);
  // who slept since he looked may have made a number that is over already
  if (numbers.some((other) => other > number)) {
    await rm(path, { force: true });
    return undefined;
  }
  await Promise.all(numbers.filter((other) => other < number).map((other) => rm(join(dir, `${name}.${other}`), { force: true })));
  return { release: () => writeFile(path, RELEASED) };
}

async function numbersOf(dir: string, name: string): Promise<readonly number[]> {
  const files = await readdir(dir);
  return files.filter((file) => file.startsWith(`${name}.`)).map((file) => Number(file.slice(name.length + 1)));
}

/** Who has it, in words; `released` also when the holder is dead; undefined when the file is gone and one has to look again. */
async function holderOf(path: string): Promise<string | undefined> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    if (text === '') return Date.now() - mtimeMs < WRITING_MS ? 'another process' : RELEASED;
    return text === RELEASED || !isHolderAlive(text) ? RELEASED : `process ${text.split('-')[0]}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
