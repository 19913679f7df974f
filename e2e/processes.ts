import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Living processes of an attempt, found without the product's own code: by the mark in their environment. */
export function markedPids(key: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => !isZombie(pid) && read(`/proc/${pid}/environ`).split('\0').includes(`TRAINYARD_ATTEMPT=${key}`))
    .map(Number);
}

/** The process that carries the attempt out. */
export function runnerPid(dataDir: string, key: string): number {
  return (JSON.parse(readFileSync(join(dataDir, 'attempts', key, 'claim'), 'utf8')) as { pid: number }).pid;
}

function isZombie(pid: string): boolean {
  return /\) Z /.test(read(`/proc/${pid}/stat`));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // it ended in between
    return '';
  }
}
