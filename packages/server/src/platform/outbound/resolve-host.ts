/** Looks names up as the machine does (hosts file, then DNS), a few at a time: a lookup holds a thread that file access needs too. */
import { lookup } from 'node:dns/promises';
import type { Address } from './addresses.ts';

/** Every address of a name. Rejects with a system error such as ENOTFOUND. */
export type ResolveHost = (host: string) => Promise<readonly Address[]>;

/** Of the four threads a process has; a name server that is silent must not stop everything else. */
const MAX_AT_ONCE = 2;

let running = 0;
const waiting: (() => void)[] = [];

export const resolveHost: ResolveHost = async (host) => {
  if (running >= MAX_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    const found = await lookup(host, { all: true });
    return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
  } finally {
    // the place goes on to the next in line, if there is one
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
};
