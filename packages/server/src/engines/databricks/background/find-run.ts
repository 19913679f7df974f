import type { AttemptRecord } from '../attempts/attempt-record.ts';
import type { RunView } from '../workspace/run-view.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { WorkspaceRefusal, WorkspaceTrouble } from '../workspace/workspace-error.ts';

/** Databricks' clock and ours. */
const CLOCK_SKEW_MS = 600_000;
/** As many runs as a workspace takes in an hour or two. */
const MAX_PAGES = 1_000;

type Sent = Pick<AttemptRecord, 'submission' | 'wantedAt'>;

/**
 * Looks through the lists of the workspace for the run of an attempt that was sent without an answer. Undefined only when all
 * were read and it is in none. Throws WorkspaceTrouble.
 */
export async function findRun(sent: Sent, workspace: Pick<Workspace, 'runs'>): Promise<RunView | undefined> {
  try {
    // in this order: one that ends in between is in the second list
    return (await findIn('active', sent, workspace)) ?? (await findIn('completed', sent, workspace));
  } catch (error) {
    if (!(error instanceof WorkspaceRefusal)) throw error;
    throw new WorkspaceTrouble(`its runs cannot be looked through: ${error.message}`, { answered: true, cause: error });
  }
}

async function findIn(kind: 'active' | 'completed', { submission, wantedAt }: Sent, workspace: Pick<Workspace, 'runs'>): Promise<RunView | undefined> {
  // has the key of the attempt in it
  const name = 'body' in submission ? submission.body['run_name'] : undefined;
  let page: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const { runs, next } = await workspace.runs({ kind, from: wantedAt - CLOCK_SKEW_MS, page });
    const run = runs.find((candidate) => candidate.name === name);
    if (run !== undefined || next === undefined) return run;
    if (next === page) break;
    page = next;
  }
  throw new WorkspaceTrouble('its list of runs does not come to an end', { answered: true });
}
