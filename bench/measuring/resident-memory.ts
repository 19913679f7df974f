import { execFileSync } from 'node:child_process';

/** Resident memory of a process and of all it has started, in bytes. */
export function residentBytes(pid: number): number {
  const processes = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,rss='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .map(([own = 0, parent = 0, kib = 0]) => ({ own, parent, bytes: kib * 1024 }));
  const tree = new Set([pid]);
  // a child may stand before its parent: until nothing is added any more
  for (let before = 0; before < tree.size; ) {
    before = tree.size;
    for (const { own, parent } of processes) if (tree.has(parent)) tree.add(own);
  }
  return processes.filter(({ own }) => tree.has(own)).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Looks again and again until the work is done; answers the most it has seen. */
export async function mostResidentBytes(pid: number, work: () => Promise<unknown>): Promise<number> {
  let most = 0;
  const look = (): void => void (most = Math.max(most, residentBytes(pid)));
  const timer = setInterval(look, 500);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  look();
  return most;
}
