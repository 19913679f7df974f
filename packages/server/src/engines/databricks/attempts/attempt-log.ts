import type { AttemptRecord } from './attempt-record.ts';
import type { RunOutput } from '../workspace/workspace.ts';

/** The log of an attempt: what can be had of a notebook, once, at its end. Databricks forgets a run after 60 days; this stays. */
export function logOf({ runId, pageUrl, verdict }: AttemptRecord, { result, truncated, error, trace }: RunOutput): Uint8Array {
  const parts = [
    `Databricks run ${runId ?? ''}${pageUrl === undefined ? '' : ` ${pageUrl}`}`,
    ...(verdict?.message === undefined || verdict.message === '' ? [] : [verdict.message]),
    result,
    ...(truncated ? ['(Databricks gives the first 5 MB of a result only)'] : []),
    error,
    trace,
  ];
  return Buffer.from(parts.filter((part) => part !== '').map((part) => (part.endsWith('\n') ? part : `${part}\n`)).join(''));
}
