import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Every process of an attempt has this variable, `<run>-<attempt>`: it finds daemons that left the process group, too. */
export const MARK_VARIABLE = 'TRAINYARD_ATTEMPT';

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** Clock ticks from boot to its start: with the pid it names a process for ever. */
  readonly start: string;
}

/** Processes that belong together: a process group, everything with a mark, and the descendants of both. */
export interface ProcessTree {
  readonly group?: number | undefined;
  readonly mark?: string | undefined;
  readonly exceptPids: readonly number[];
}

const SHORTEST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;
/** A process in an uninterruptible wait dies when that is over; nobody can wait for it here. */
const KILL_ROUNDS = 60;

/** Field 22 of /proc/<pid>/stat; '' when the process is gone or a zombie, and where there is no /proc. */
export function processStart(pid: number): string {
  return readStat(pid)?.start ?? '';
}

/** Is there a process of this number that is no zombie? */
export function isAlive(pid: number): boolean {
  return hasProc() ? readStat(pid) !== undefined : signalProcess(pid, 0);
}

/** Living processes that were started with the mark; [] where there is no /proc. A thousand processes cost about 20 ms. */
export function markedProcesses(mark: string): number[] {
  return livingStats()
    .filter(({ pid }) => hasMark(pid, mark))
    .map(({ pid }) => pid);
}

/** Sends the signal to every marked process and answers how many there were. */
export function signalMarked(mark: string, signal: NodeJS.Signals, exceptPids: readonly number[]): number {
  const pids = markedProcesses(mark).filter((pid) => !exceptPids.includes(pid));
  for (const pid of pids) signalProcess(pid, signal);
  return pids.length;
}

/** Sends the signal to a whole process group; a group that is gone is fine. */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  signalProcess(-group, signal);
}

/**
 * Ends a tree: SIGTERM and up to `graceMs` of patience, then SIGKILL in rounds until none is left. Answers those that would
 * not die. Does nothing, fast, when the tree is gone already.
 */
export async function killTree(tree: ProcessTree, graceMs: number): Promise<readonly number[]> {
  let left = livingTree(tree);
  if (left.length > 0 && graceMs > 0) {
    const deadline = performance.now() + graceMs;
    for (const pid of left) signalProcess(pid, 'SIGTERM');
    for (let pauseMs = SHORTEST_PAUSE_MS; left.length > 0 && performance.now() < deadline; pauseMs = longer(pauseMs)) {
      await sleep(Math.min(pauseMs, Math.max(1, deadline - performance.now())));
      left = livingTree(tree);
    }
  }
  for (let round = 0, pauseMs = SHORTEST_PAUSE_MS; left.length > 0 && round < KILL_ROUNDS; round++, pauseMs = longer(pauseMs)) {
    for (const pid of left) signalProcess(pid, 'SIGKILL');
    await sleep(pauseMs);
    left = livingTree(tree);
  }
  return left;
}

function longer(pauseMs: number): number {
  return Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
}

function livingTree({ group, mark, exceptPids }: ProcessTree): number[] {
  const stats = livingStats();
  if (stats.length === 0) return group !== undefined && signalProcess(-group, 0) ? [-group] : [];
  const found = new Set<number>();
  const add = ({ pid }: ProcessStat): unknown => exceptPids.includes(pid) || found.add(pid);
  for (const stat of stats) if (stat.group === group || (mark !== undefined && hasMark(stat.pid, mark))) add(stat);
  // a program that overwrites its own environment (a changed process title) is still somebody's child
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const stat of stats) if (found.has(stat.parent)) add(stat);
  }
  return [...found];
}

function hasProc(): boolean {
  return existsSync('/proc/self/stat');
}

function livingStats(): ProcessStat[] {
  // without /proc, process groups are all there is
  return (hasProc() ? readdirSync('/proc') : []).flatMap((name) => (/^\d+$/.test(name) ? (readStat(Number(name)) ?? []) : []));
}

function readStat(pid: number): ProcessStat | undefined {
  const text = readProc(pid, 'stat');
  if (text === undefined) return undefined;
  // the name in parentheses may hold spaces and parentheses itself: fields are counted from behind it
  const [state = '', parent, group, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return 'ZX'.includes(state) ? undefined : { pid, parent: Number(parent), group: Number(group), start: rest[16] ?? '' };
}

function hasMark(pid: number, mark: string): boolean {
  const environment = readProc(pid, 'environ');
  return environment !== undefined && `\0${environment}`.includes(`\0${MARK_VARIABLE}=${mark}\0`);
}

function readProc(pid: number, file: 'stat' | 'environ'): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return undefined; // it ended in between, or belongs to somebody else
  }
}

/** False when there is nobody to send it to. */
export function signalProcess(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ESRCH') return false;
    if (code === 'EPERM') return true; // there, but somebody else's by now (a program that changed its user)
    throw error;
  }
}
