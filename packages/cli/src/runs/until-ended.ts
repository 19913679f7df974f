import type { RunDetail } from '@trainyard/api/schemas/run.ts';
import type { Connection } from '../connection/connection.ts';
import { type RunObserver, watchRun } from './watch-run.ts';

const nobody: RunObserver = {
  began: () => Promise.resolve(),
  run: () => Promise.resolve(),
  log: () => Promise.resolve(),
  note: () => Promise.resolve(),
  lost: () => undefined,
  back: () => undefined,
};

/** Waits for the end of a run without a word about it. */
export async function untilEnded(connection: Connection, { runId, signal }: { readonly runId: string; readonly signal: AbortSignal }): Promise<RunDetail> {
  return await watchRun(connection, { runId, observer: nobody, withLog: false, signal });
}
