import { rm } from 'node:fs/promises';
import type { Fetched, FetchLimits, FetchRequest, TransferProgress } from '@trainyard/connections/connection.ts';
import type { Reason } from '@trainyard/core/training/reason.ts';
import type { StepName } from '@trainyard/core/training/states.ts';
import type { Attempt } from '../attempt.ts';
import { StepFailure } from '../step-failure.ts';
import { asStep, type Reached } from './reach.ts';
import { resumeDirFor, touch } from './resume-dir.ts';

export interface Transfer {
  readonly from: Reached;
  /** What log and run call it. */
  readonly name: string;
  readonly step: StepName;
  /** Why the step failed when the place cannot be reached. */
  readonly unreachable: Reason;
  readonly path?: string | undefined;
  readonly reference?: string | undefined;
  /** Absolute path of a directory that is not there yet; its parent is. */
  readonly into: string;
  readonly limits: FetchLimits;
  /** Told before anything is fetched; what it throws ends the step. */
  readonly onKind?: FetchRequest['onKind'];
}

const TELL_EVERY_MS = 5000;

/** Fetches from a connection and tells now and then how far it is. A later attempt of the run goes on where this one broke off. */
export async function transfer(attempt: Attempt, wanted: Transfer): Promise<Fetched> {
  const { from: { connection, spec, context }, name, path, reference, into, limits, unreachable, onKind } = wanted;
  const resumeDir = await resumeDirFor({ cacheDir: attempt.cacheDir, into, run: attempt.order.run, place: [spec.type, spec.uri, path ?? '', reference ?? '', name] });
  const progress = teller(attempt, wanted, resumeDir);
  const forget = async (): Promise<void> => (resumeDir === undefined ? undefined : rm(resumeDir, { recursive: true, force: true }));
  try {
    const fetched = await asStep(unreachable, () => connection.fetch({ spec, path, reference, into, limits, resumeDir, onKind }, { ...context, progress }));
    for (const note of fetched.notes) attempt.log.warn(`${name}: ${note}`);
    await forget();
    return fetched;
  } catch (error) {
    // only what may pass is asked for again
    if (error instanceof StepFailure && error.reason !== unreachable) await forget();
    throw error;
  }
}

/** `120 of 2000 files, 6.1 of 100 MB` */
function amount({ files, totalFiles, bytes, totalBytes }: TransferProgress): string {
  const of = (done: string, total: string): string => (totalFiles === 0 && totalBytes === 0 ? done : `${done} of ${total}`);
  return `${of(String(files), String(totalFiles))} files, ${of(size(bytes), size(totalBytes))}`;
}

export function size(bytes: number): string {
  if (bytes < 1e3) return `${bytes} bytes`;
  const [unit, scale] = bytes < 1e6 ? ['kB', 1e3] : bytes < 1e9 ? ['MB', 1e6] : ['GB', 1e9];
  return `${(bytes / scale).toFixed(1)} ${unit}`;
}

function teller({ log, progress }: Attempt, { name, step }: Transfer, resumeDir: string | undefined): (done: TransferProgress) => void {
  let toldAt = performance.now();
  return (done) => {
    if (performance.now() - toldAt < TELL_EVERY_MS) return;
    toldAt = performance.now();
    log.say(`${step}: ${name}: ${amount(done)}`);
    progress(step, `${name}: ${amount(done)}`);
    if (resumeDir !== undefined) void touch(resumeDir);
  };
}
