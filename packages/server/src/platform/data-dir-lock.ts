import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { TrainyardError } from '@trainyard/core/errors.ts';

interface Owner {
  readonly pid: number;
  /** Field 22 of /proc/<pid>/stat: with the pid it names the process for ever. */
  readonly start: string;
}

/**
 * One server per data directory. The lock names its owner, so that the lock of a server that was killed is taken over and
 * that of a living one is respected. Throws DATA_DIR_BUSY. Answers the function that gives it back.
 */
export function lockDataDir(dir: string): () => void {
  const path = `${dir}/server.lock`;
  const own: Owner = { pid: process.pid, start: startOf(process.pid) };
  const aside = `${path}.${process.pid}`;
  writeFileSync(aside, JSON.stringify(own), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 10; attempt++) {
      if (tryLink(aside, path)) return () => rmSync(path, { force: true });
      const owner = readOwner(path);
      if (owner !== undefined && isAlive(owner)) throw new TrainyardError('DATA_DIR_BUSY', { dir, pid: owner.pid });
      rmSync(path, { force: true });
    }
    throw new TrainyardError('DATA_DIR_BUSY', { dir, pid: 'unknown' });
  } finally {
    rmSync(aside, { force: true });
  }
}

/** A link fails when the name is taken, and the file behind it is whole from the first moment. */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readOwner(path: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Owner;
  } catch {
    // gone in between, or cut by a full disk: nobody's
    return undefined;
  }
}

function isAlive(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return startOf(owner.pid) === owner.start;
}

function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    // no /proc here: the pid alone must do
    return '';
  }
}
