import type { Int64 } from './int64.ts';

export const RUN_STATUSES = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

function isTerminal(status: RunStatus): boolean {
  return status === 'FINISHED' || status === 'FAILED' || status === 'KILLED';
}

/** What decides about a run's status. */
export interface RunTruth {
  /** Launched by Trainyard. */
  readonly managed: boolean;
  readonly status: RunStatus;
  readonly endTime: Int64 | null;
}

export interface StatusUpdate {
  readonly status?: RunStatus | undefined;
  readonly endTime?: Int64 | undefined;
}

export interface StatusDecision {
  /** What becomes of the run. */
  readonly status: RunStatus;
  readonly endTime: Int64 | null;
  /** What to remember as the client's word about a managed run; undefined leaves what is remembered. */
  readonly clientWord?: { readonly status: RunStatus | null; readonly endTime: Int64 | null };
  /** What the client is answered. */
  readonly shown: { readonly status: RunStatus; readonly endTime: Int64 | null };
}

/**
 * Who may end a run. An unmanaged run is what its client says. A managed run is what Trainyard saw: exit code 1 after
 * `end_run(FINISHED)` is a failure. So a client's word about a managed run is kept and shown back to it, but the run stays
 * RUNNING until Trainyard ends it, and after that a late client changes nothing.
 */
export function decideStatus(run: RunTruth, update: StatusUpdate): StatusDecision {
  const now = { status: run.status, endTime: run.endTime };
  const asked = { status: update.status ?? run.status, endTime: update.endTime ?? run.endTime };
  if (!run.managed) return { ...asked, shown: asked };
  if (isTerminal(run.status) || update.status === undefined) return { ...now, shown: now };
  if (!isTerminal(update.status)) return { ...now, clientWord: { status: null, endTime: null }, shown: now };
  return { ...now, clientWord: asked, shown: asked };
}
