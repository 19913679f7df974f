import type { Reason } from '@trainyard/core/training/reason.ts';
import { type AttemptRecord, failed, noted, sending, submitted } from '../attempts/attempt-record.ts';
import type { Attempts } from '../attempts/attempts.ts';
import type { Clock } from '../clock.ts';
import { NotPlaceable, type RunnerFiles } from '../remote-runner/runner-files.ts';
import { type Submission, withProgram } from '../submission.ts';
import type { Clusters } from './clusters.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { WorkspaceRefusal } from '../workspace/workspace-error.ts';

export interface HandoverParts {
  readonly attempts: Attempts;
  readonly clusters: Clusters;
  readonly workspace: Pick<Workspace, 'submit'>;
  readonly runnerFiles: Pick<RunnerFiles, 'place'>;
  /** Throws NotPlaceable. */
  readonly openOrder: (key: string, sealed: string) => string;
  readonly clock: Clock;
}

/** Between two looks at a cluster that gets ready. */
const CLUSTER_PAUSE_MS = 5_000;

/**
 * Hands one attempt over to Databricks, off everybody's path. That it is about to be sent is kept before it is: who finds it so
 * after a crash sends it again, and the token makes it the same run. Answers when to come again; undefined when it is done.
 * Throws WorkspaceTrouble.
 */
export async function handOver(key: string, parts: HandoverParts): Promise<number | undefined> {
  const record = parts.attempts.get(key);
  if (record?.phase === 'wanted' && !(await isClusterReady(record, parts))) return isWanted(key, parts) ? CLUSTER_PAUSE_MS : undefined;
  const submission = record?.phase === 'wanted' ? await submissionOf(record, parts) : undefined;
  // a stop may have ended it meanwhile; one that was being sent goes on, as Databricks may have it
  const kept = await parts.attempts.change(key, (latest) => (latest.phase === 'wanted' && submission !== undefined ? sending(latest, submission) : latest));
  if (kept?.phase === 'sending') await send(kept, parts);
  return undefined;
}

async function isClusterReady(record: AttemptRecord, parts: HandoverParts): Promise<boolean> {
  const { clusterId } = record.submission;
  if (clusterId === undefined) return true;
  const readiness = await parts.clusters.readiness(clusterId);
  switch (readiness.kind) {
    case 'ready':
      return true;
    case 'waiting':
      await parts.attempts.change(record.key, (latest) => (latest.phase === 'wanted' ? noted(latest, readiness.text, parts.clock.now()) : latest));
      return false;
    case 'failed':
      await giveUp(record, readiness, parts);
      return false;
    default:
      return readiness satisfies never;
  }
}

function isWanted(key: string, { attempts }: HandoverParts): boolean {
  return attempts.get(key)?.phase === 'wanted';
}

/** Complete; of a program everything it needs is there by then. Undefined when that cannot be, which ends the attempt. */
async function submissionOf(record: AttemptRecord, parts: HandoverParts): Promise<Submission | undefined> {
  const { key, submission, runner } = record;
  if (runner === undefined) return submission;
  try {
    return withProgram(submission, await parts.runnerFiles.place(key, parts.openOrder(key, runner.order ?? '')));
  } catch (error) {
    if (!(error instanceof WorkspaceRefusal || error instanceof NotPlaceable)) throw error;
    const message = error instanceof WorkspaceRefusal ? `Databricks refuses the files of the runner: ${error.message}` : error.message;
    await giveUp(record, { reason: 'could_not_start', message }, parts);
    return undefined;
  }
}

async function send(record: AttemptRecord, parts: HandoverParts): Promise<void> {
  try {
    const runId = await parts.workspace.submit(record.submission);
    await parts.attempts.change(record.key, (latest) => (latest.phase === 'sending' ? submitted(latest, runId, parts.clock.now()) : latest));
  } catch (error) {
    if (!(error instanceof WorkspaceRefusal)) throw error;
    await giveUp(record, { reason: error.isAboutRights ? 'could_not_start' : 'bad_spec', message: `Databricks refuses the run: ${error.message}` }, parts);
  }
}

async function giveUp({ key }: AttemptRecord, { reason, message }: { readonly reason: Reason; readonly message: string }, { attempts, clock }: HandoverParts): Promise<void> {
  await attempts.change(key, (latest) => (latest.phase === 'wanted' || latest.phase === 'sending' ? failed(latest, { reason, message, now: clock.now() }) : latest));
}
