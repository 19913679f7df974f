import type { Facts, Failure } from '@trainyard/core/training/outcome.ts';
import type { RunRecord } from '../../stores/runs.ts';

/** A run as who asked for it sees it. Without what it was asked for with: that may be a megabyte, and thousands of runs are remembered. */
export interface SeenRun extends Pick<RunRecord, 'number' | 'id' | 'engine' | 'state' | 'cancelRequestedAt'> {
  readonly failure: Pick<Failure, 'reason' | 'message' | 'lastLines'> | null;
  readonly facts: Pick<Facts, 'result' | 'externalId' | 'url'>;
  /** The latest one. */
  readonly warning: string | undefined;
}

export function seenRun({ number, id, engine, state, cancelRequestedAt, failure, facts: { result, externalId, url }, warnings }: RunRecord): SeenRun {
  return {
    number,
    id,
    engine,
    state,
    cancelRequestedAt,
    failure: failure === null ? null : { reason: failure.reason, message: failure.message, lastLines: failure.lastLines },
    facts: { result, externalId, url },
    warning: warnings.at(-1),
  };
}

/** Characters of the texts that may be long. */
export function lengthOf({ failure, facts, warning }: SeenRun): number {
  return [failure?.message, failure?.lastLines, facts.result, facts.externalId, facts.url, warning].reduce((sum, text) => sum + (text?.length ?? 0), 0);
}
