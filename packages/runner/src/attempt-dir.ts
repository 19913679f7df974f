import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Outcome, Report } from '@trainyard/core/training/outcome.ts';
import type { RunnerOrder } from '@trainyard/core/training/runner-order.ts';
import { isAlive, processStart } from './process/process-tree.ts';

/**
 * The directory an engine and a runner share for one attempt. Every JSON file in it is written aside and renamed, so that a
 * reader finds it whole or not at all; all readers answer undefined when it is not there.
 */
export interface AttemptPaths {
  /** The order, private; the runner removes it as soon as it has read it. */
  readonly order: string;
  /** Which process carries the attempt out. Made once and never removed: a second runner finds it and goes. */
  readonly claim: string;
  /** Masked bytes, append only. */
  readonly log: string;
  /** Every report, one JSON line each, written before it is sent. */
  readonly reports: string;
  /** How far the server has everything. */
  readonly acknowledged: string;
  /** How the attempt ended; written before that is sent. */
  readonly outcome: string;
  /** Is there when the server has everything. */
  readonly delivered: string;
  /** The source, where the program runs. */
  readonly workspace: string;
  /** Temporary files of the attempt. */
  readonly scratch: string;
  /** What the program leaves to be kept. */
  readonly output: string;
}

export function attemptPaths(dir: string): AttemptPaths {
  return {
    order: join(dir, 'order.json'),
    claim: join(dir, 'claim'),
    log: join(dir, 'log'),
    reports: join(dir, 'reports.ndjson'),
    acknowledged: join(dir, 'acknowledged'),
    outcome: join(dir, 'outcome.json'),
    delivered: join(dir, 'delivered'),
    workspace: join(dir, 'workspace'),
    scratch: join(dir, 'scratch'),
    output: join(dir, 'output'),
  };
}

/** The value of TRAINYARD_ATTEMPT in every process of the attempt. */
export function attemptMark(order: Pick<RunnerOrder, 'run' | 'attempt'>): string {
  return `${order.run}-${order.attempt}`;
}

/** Written by the engine before it starts a runner; again with the same content does no harm. */
export async function writeOrder(dir: string, order: RunnerOrder): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await writeWhole(attemptPaths(dir).order, order, true);
}

/** Reads and removes the order. */
export async function takeOrder(dir: string): Promise<RunnerOrder | undefined> {
  const { order } = attemptPaths(dir);
  const taken = await readJson<RunnerOrder>(order);
  await rm(order, { force: true });
  return taken;
}

export interface Claim {
  readonly pid: number;
  /** With the pid it names the process for ever; '' where that cannot be read. */
  readonly processStart: string;
}

/** True for exactly one caller, ever: the attempt is its own. */
export async function claimAttempt(dir: string): Promise<boolean> {
  const claim: Claim = { pid: process.pid, processStart: processStart(process.pid) };
  const { claim: path } = attemptPaths(dir);
  const aside = await writeAside(path, claim, false);
  try {
    // a link fails when the name is taken, and the file behind it is whole from the first moment
    await link(aside, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

export function readClaim(dir: string): Promise<Claim | undefined> {
  return readJson<Claim>(attemptPaths(dir).claim);
}

/** Is the process that made the claim still there, and not another with its number? */
export function isClaimAlive(claim: Claim): boolean {
  return isAlive(claim.pid) && processStart(claim.pid) === claim.processStart;
}

export async function writeOutcome(dir: string, outcome: Outcome): Promise<void> {
  await writeWhole(attemptPaths(dir).outcome, outcome, true);
}

export function readOutcome(dir: string): Promise<Outcome | undefined> {
  return readJson<Outcome>(attemptPaths(dir).outcome);
}

/** Every report that reached the disk, in order; a line that a crash has cut or spoilt is left out. */
export async function readReports(dir: string): Promise<Report[]> {
  const text = await readText(attemptPaths(dir).reports);
  const lines = (text ?? '').split('\n');
  return lines.slice(0, -1).flatMap(reportsIn);
}

function reportsIn(line: string): Report[] {
  try {
    return [JSON.parse(line) as Report];
  } catch {
    // a machine that went down may leave half a line, or zeroes, in the middle; the reports around it are whole
    return [];
  }
}

export interface Acknowledged {
  /** Number of the last report the server has. */
  readonly seq: number;
  /** Bytes of the log the server has. */
  readonly logByte: number;
}

export function readAcknowledged(dir: string): Promise<Acknowledged | undefined> {
  return readJson<Acknowledged>(attemptPaths(dir).acknowledged);
}

/** Not forced to disk: an older one only makes the server compare more. */
export function writeAcknowledged(dir: string, acknowledged: Acknowledged): Promise<void> {
  return writeWhole(attemptPaths(dir).acknowledged, acknowledged, false);
}

export function markDelivered(dir: string): Promise<void> {
  return writeWhole(attemptPaths(dir).delivered, {}, false);
}

export async function isDelivered(dir: string): Promise<boolean> {
  return (await readText(attemptPaths(dir).delivered)) !== undefined;
}

/** Bytes in the log; 0 when there is none yet. */
export async function logSizeBytes(dir: string): Promise<number> {
  try {
    return (await stat(attemptPaths(dir).log)).size;
  } catch (error) {
    return absent(error) ?? 0;
  }
}

async function writeWhole(path: string, value: unknown, durable: boolean): Promise<void> {
  const aside = await writeAside(path, value, durable);
  await rename(aside, path);
  if (durable) await syncDir(dirname(path));
}

async function writeAside(path: string, value: unknown, durable: boolean): Promise<string> {
  const aside = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  const file = await open(aside, 'wx', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(value)}\n`);
    if (durable) await file.sync();
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  return aside;
}

async function syncDir(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readJson<T>(path: string): Promise<T | undefined> {
  const text = await readText(path);
  return text === undefined ? undefined : (JSON.parse(text) as T);
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    return absent(error);
  }
}

function absent(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  throw error;
}
