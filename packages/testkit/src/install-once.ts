import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const DEADLINE_MS = 900_000;

/** A directory of the user's cache that `install` filled: once per machine and name, whatever runs side by side; a broken install starts over. */
export async function installOnce(name: string, install: (dir: string) => Promise<void>): Promise<string> {
  const home = inTestCache(name);
  await doOnce(`${home}.lock`, { isDone: () => existsSync(home), work: () => fill(`${home}.incoming`, home, install) });
  return home;
}

/** Where the components of tests are kept. */
export function inTestCache(name: string): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? (process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache'));
  return join(cache, 'trainyard-test', name);
}

/** Does the work unless it is done: one process of this machine at a time, which the file tells apart. */
export async function doOnce(lock: string, { isDone, work }: { readonly isDone: () => boolean; readonly work: () => Promise<void> }): Promise<void> {
  mkdirSync(dirname(lock), { recursive: true });
  const deadline = Date.now() + DEADLINE_MS;
  while (!isDone()) {
    if (!tryLock(lock)) {
      if (Date.now() > deadline) throw new Error(`another test run holds ${lock}: remove it when there is none`);
      await pause(500);
      continue;
    }
    try {
      if (!isDone()) await work();
    } finally {
      rmSync(lock, { force: true });
    }
  }
}

/** Under its name only when it is complete. */
async function fill(incoming: string, home: string, install: (dir: string) => Promise<void>): Promise<void> {
  rmSync(incoming, { recursive: true, force: true });
  mkdirSync(incoming);
  await install(incoming);
  renameSync(incoming, home);
}

/** A lock of a process that is gone counts as none. */
function tryLock(path: string): boolean {
  if (existsSync(path) && !isAlive(Number(readFileSync(path, 'utf8')))) rmSync(path, { force: true });
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
