import type { Reason } from '@trainyard/core/training/reason.ts';
import { type AttemptRecord, failed, noted, sending } from '../attempts/attempt-record.ts';
import { NotPlaceable } from '../remote-runner/runner-files.ts';
import { type Submission, withProgram } from '../submission.ts';
import { WorkspaceRefusal } from '../workspace/workspace-error.ts';
import type { Clusters } from './clusters.ts';
import type { Placements } from './placements.ts';
import { isUnsent, send, sendAgain, type SendParts } from './send.ts';

export interface HandoverParts extends SendParts {
  readonly clusters: Clusters;
  readonly placements: Pick<Placements, 'place'>;
  /** Whether the last call of anybody got no answer. */
  readonly isInTrouble: () => boolean;
  /** Told of an attempt that was given back meanwhile, by another server, and has files in the workspace. */
  readonly leftBehind: (key: string) => void;
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
  if (record?.phase === 'sending') return sendAgain(record, parts);
  if (record?.phase !== 'wanted') return undefined;
  if (!(await isClusterReady(record, parts))) return parts.attempts.get(key)?.phase === 'wanted' ? CLUSTER_PAUSE_MS : undefined;
  const submission = await submissionOf(record, parts);
  if (submission === undefined) return undefined;
  await reach(parts);
  return begin(record, submission, parts);
}

/** That it is sent is kept before, and that it was not after; as long as nobody is there, a question comes first that leaves nothing to keep. */
async function reach({ isInTrouble, workspace }: HandoverParts): Promise<void> {
  if (!isInTrouble()) return;
  try {
    await workspace.runs({ kind: 'active' });
  } catch (error) {
    // whatever else is wrong with lists is no reason not to send
    if (isUnsent(error)) throw error;
  }
}

async function begin({ key, runner }: AttemptRecord, submission: Submission, parts: HandoverParts): Promise<number | undefined> {
  const { attempts, clock } = parts;
  let isFirst = false;
  const kept = await attempts.change(key, (latest) => {
    // a stop may have ended it meanwhile, or another server sends it
    isFirst = latest.phase === 'wanted';
    return isFirst ? sending(latest, submission, clock.now()) : latest;
  });
  if (kept === undefined && runner !== undefined) parts.leftBehind(key);
  if (kept?.phase !== 'sending') return undefined;
  return isFirst ? send(kept, parts) : sendAgain(kept, parts);
}

async function isClusterReady(record: AttemptRecord, parts: HandoverParts): Promise<boolean> {
  const clusterId = 'body' in record.submission ? record.submission.clusterId : undefined;
  if (clusterId === undefined) return true;
  const readiness = await parts.clusters.readiness(clusterId, record.wantedAt);
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

/** Complete; of a program everything it needs is there by then. Undefined when that cannot be, which ends the attempt. */
async function submissionOf(record: AttemptRecord, parts: HandoverParts): Promise<Submission | undefined> {
  const { key, submission, runner } = record;
  if (!('body' in submission)) return undefined;
  // no order any more: it was placed before a send that did not get out
  if (runner?.order === undefined) return submission;
  try {
    return withProgram(submission, await parts.placements.place(key, runner.order));
  } catch (error) {
    if (!(error instanceof WorkspaceRefusal || error instanceof NotPlaceable)) throw error;
    const message = error instanceof WorkspaceRefusal ? `Databricks refuses the files of the runner: ${error.message}` : error.message;
    await giveUp(record, { reason: 'could_not_start', message }, parts);
    return undefined;
  }
}

async function giveUp({ key }: AttemptRecord, { reason, message }: { readonly reason: Reason; readonly message: string }, { attempts, clock }: HandoverParts): Promise<void> {
  await attempts.change(key, (latest) => (latest.phase === 'wanted' ? failed(latest, { reason, message, now: clock.now() }) : latest));
}
