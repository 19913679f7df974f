import { isTrainyardError } from '@trainyard/core/errors.ts';
import { type AttemptRecord, failed, isFirstSend, sendingAgain, submitted, unsent } from '../attempts/attempt-record.ts';
import type { Attempts } from '../attempts/attempts.ts';
import type { Clock } from '../clock.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { WorkspaceRefusal, WorkspaceTrouble } from '../workspace/workspace-error.ts';
import { findRun } from './find-run.ts';

export interface SendParts {
  readonly attempts: Attempts;
  readonly workspace: Pick<Workspace, 'submit' | 'runs' | 'cancel'>;
  readonly clock: Clock;
}

/** A run that Databricks took is in its lists by then, also when the call was still on its way as its server was killed. */
const SHOWN_AFTER_MS = 60_000;
/** Between two looks for a run that is not shown yet. */
const LOOK_EVERY_MS = 10_000;
const FIRST_PAUSE_MS = 500;
/** Nobody is there to be disturbed, and it may be back at any moment. */
const MAX_PAUSE_UNANSWERED_MS = 30_000;
/** Databricks asks for 30 s to 10 minutes between repeats. */
const MAX_PAUSE_ANSWERED_MS = 600_000;

/** Before the next try, after so many `failures` in a row before this one. Soon at first, as most troubles are short. */
export function pauseAfter(failures: number, error: unknown): number {
  const mostMs = error instanceof WorkspaceTrouble && error.answered ? MAX_PAUSE_ANSWERED_MS : MAX_PAUSE_UNANSWERED_MS;
  return Math.min(mostMs, FIRST_PAUSE_MS * 4 ** Math.min(failures, 10));
}

/** Sends an attempt that is kept as `sending`. Throws WorkspaceTrouble. */
export async function send(record: AttemptRecord, parts: SendParts): Promise<undefined> {
  if (!('body' in record.submission)) return;
  let runId: string;
  try {
    runId = await parts.workspace.submit(record.submission);
  } catch (error) {
    if (error instanceof WorkspaceRefusal) await refused(record, error, parts);
    else await unanswered(record, error, parts);
    return;
  }
  const kept = await take(record, runId, parts);
  // another server concluded meanwhile that there is none
  if (kept?.runId !== runId) await parts.workspace.cancel(runId);
}

/**
 * Goes on with an attempt of which nobody knows whether Databricks has it. Sent again, the token makes it the same run. One that
 * is to stop is not: it would be started to be cancelled; its run is looked for instead. Answers when to come again. Throws
 * WorkspaceTrouble.
 */
export async function sendAgain({ key }: AttemptRecord, parts: SendParts): Promise<number | undefined> {
  const { attempts, clock } = parts;
  const kept = await attempts.change(key, (latest) => (latest.phase === 'sending' && latest.stopAt === undefined ? sendingAgain(latest, clock.now()) : latest));
  if (kept?.phase !== 'sending') return undefined;
  return kept.stopAt === undefined ? send(kept, parts) : stop(kept, parts);
}

/** Of the first send it is the last word. Of another one it says nothing about those before, so that only the lists do. */
async function refused(record: AttemptRecord, refusal: WorkspaceRefusal, parts: SendParts): Promise<void> {
  const { attempts, clock } = parts;
  const end = { reason: refusal.reason, message: `Databricks refuses the run: ${refusal.message}`, now: clock.now() };
  const kept = await attempts.change(record.key, (latest) => (isFirstSend(latest) ? failed(latest, end) : latest));
  if (kept?.phase !== 'sending') return;
  const run = await findRun(kept, parts.workspace);
  if (run !== undefined) await take(record, run.runId, parts);
  // whoever has no right to start a run may have none to see it
  else if (refusal.isAboutRights || clock.now() - (kept.earlierSentAt ?? 0) < SHOWN_AFTER_MS) throw new WorkspaceTrouble(refusal.message, { answered: true, cause: refusal });
  else await attempts.change(record.key, (latest) => (latest.phase === 'sending' ? failed(latest, end) : latest));
}

async function unanswered({ key }: AttemptRecord, error: unknown, { attempts, clock }: SendParts): Promise<never> {
  if (isUnsent(error)) await attempts.change(key, (latest) => (isFirstSend(latest) ? unsent(latest, clock.now()) : latest));
  throw error;
}

async function stop(record: AttemptRecord, parts: SendParts): Promise<number | undefined> {
  const { attempts, clock, workspace } = parts;
  const run = await findRun(record, workspace);
  if (run !== undefined) {
    await take(record, run.runId, parts);
    return undefined;
  }
  const now = clock.now();
  if (now - (record.sentAt ?? record.wantedAt) < SHOWN_AFTER_MS) return LOOK_EVERY_MS;
  await attempts.change(record.key, (latest) => (latest.phase === 'sending' ? failed(latest, { reason: 'cancelled', message: 'stopped; Databricks has no run of it', now }) : latest));
  return undefined;
}

async function take({ key }: AttemptRecord, runId: string, { attempts, clock }: SendParts): Promise<AttemptRecord | undefined> {
  return attempts.change(key, (latest) => (latest.phase === 'sending' ? submitted(latest, runId, clock.now()) : latest));
}

/** Whether a call did not leave this machine, by the laws of outbound calls. */
export function isUnsent(error: unknown): boolean {
  const cause = error instanceof WorkspaceTrouble ? error.cause : undefined;
  return isTrainyardError(cause) && (cause.code === 'OUTBOUND_UNREACHABLE' || cause.code === 'OUTBOUND_REFUSED');
}
