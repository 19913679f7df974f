import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const REMOVE_ROUNDS = 60;
const REMOVE_PAUSE_MS = 50;

/**
 * A control group of its own for each attempt, where the machine lets us make one (cgroup v2, writable): killing it leaves
 * nothing behind, however processes fork or leave their session. Everything here answers false instead of throwing when it
 * cannot be had; process group and marks then do the work.
 */
export class AttemptCgroup {
  readonly #path: string | undefined;

  constructor(key: string) {
    const parent = ownCgroup();
    this.#path = parent === undefined ? undefined : join(parent, `trainyard-${key}`);
  }

  /** Puts a process in; its children follow. */
  adopt(pid: number): boolean {
    return this.#try((path) => {
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, 'cgroup.procs'), String(pid));
    });
  }

  kill(): boolean {
    return this.#try((path) => writeFileSync(join(path, 'cgroup.kill'), '1'));
  }

  /** Processes that were killed take a moment to be gone. True when nothing is left of it. */
  async remove(): Promise<boolean> {
    if (this.#path === undefined || !existsSync(this.#path)) return true;
    for (let round = 0; round < REMOVE_ROUNDS; round++) {
      if (this.#try((path) => rmdirSync(path))) return true;
      await sleep(REMOVE_PAUSE_MS);
    }
    return false;
  }

  #try(work: (path: string) => void): boolean {
    if (this.#path === undefined) return false;
    try {
      work(this.#path);
      return true;
    } catch {
      // not ours to use, or gone: the other means of killing stay
      return false;
    }
  }
}

let known: { readonly path: string | undefined } | undefined;

/** Where this process sits in the unified hierarchy, or undefined. */
function ownCgroup(): string | undefined {
  known ??= { path: findOwnCgroup() };
  return known.path;
}

function findOwnCgroup(): string | undefined {
  try {
    const inside = /^0::(\/.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
    const mount = /^(?:\S+ ){4}(\S+) .* - cgroup2 /m.exec(readFileSync('/proc/self/mountinfo', 'utf8'))?.[1];
    return inside === undefined || mount === undefined ? undefined : join(mount, inside);
  } catch {
    return undefined;
  }
}
