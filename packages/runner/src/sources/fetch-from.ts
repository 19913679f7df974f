import { loadConnection } from '@trainyard/connections/catalog.ts';
import { type ConnectionContext, ConnectionError, type ConnectionProblem, type Fetched, type FetchRequest } from '@trainyard/connections/connection.ts';
import type { Reason } from '@trainyard/core/training/reason.ts';
import { StepFailure } from '../step-failure.ts';

const REASON_OF = {
  unreachable: 'source_unavailable',
  disk_full: 'disk_full',
  not_found: 'bad_spec',
  refused: 'bad_spec',
  invalid: 'bad_spec',
  too_large: 'bad_spec',
  not_installed: 'bad_spec',
} as const satisfies Record<ConnectionProblem, Reason>;

/** Fetches a source from a connection; what goes wrong there is a StepFailure here. */
export async function fetchFrom(type: string, request: FetchRequest, context: ConnectionContext): Promise<Fetched> {
  try {
    const connection = await loadConnection(type);
    return await connection.fetch(request, context);
  } catch (error) {
    if (error instanceof ConnectionError) throw new StepFailure(REASON_OF[error.problem], error.message, { cause: error });
    throw error;
  }
}
