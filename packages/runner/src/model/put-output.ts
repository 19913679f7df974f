import { ConnectionError, type TransferProgress } from '@trainyard/connections/connection.ts';
import { messageOf } from '@trainyard/core/errors.ts';
import type { ArtifactFact } from '@trainyard/core/training/outcome.ts';
import type { Attempt } from '../attempt.ts';
import { type Patience, persist, ServerAway } from '../server/persistent-call.ts';
import { asStep, reach } from '../sources/reach.ts';
import { size } from '../sources/transfer.ts';
import { StepFailure } from '../step-failure.ts';

/**
 * Puts the trained model binary to a connection, below the path of its uri. A place that cannot be reached is tried again as
 * long as patience lasts. Throws StepFailure: 'registry_unavailable' then, 'bad_spec' for a place that does not take it.
 */
export async function putOutput(attempt: Attempt, id: string, binary: Pick<ArtifactFact, 'name' | 'sizeBytes'> & { readonly file: string }, patience: Patience): Promise<string> {
  const why = (error: unknown): string => `the trained model binary '${binary.name}' could not be put to the connection '${id}': ${messageOf(error)}`;
  try {
    const { connection, spec, context } = await reach(attempt, id);
    if (connection.put === undefined) throw new StepFailure('bad_spec', `the connection '${id}' is of the type ${spec.type}, to which nothing can be put; name another as outputConnection`);
    const put = connection.put.bind(connection);
    const isFinal = (error: unknown): boolean => !(error instanceof ConnectionError && error.problem === 'unreachable');
    const progress = teller(attempt, `${binary.name} to ${id}`);
    const { uri } = await asStep('registry_unavailable', () => persist(patience, () => put({ ...binary, spec }, { ...context, progress }), isFinal));
    return uri;
  } catch (error) {
    attempt.signal.throwIfAborted();
    if (error instanceof ServerAway) throw new StepFailure('registry_unavailable', why(error.cause), { cause: error });
    if (error instanceof StepFailure && error.cause instanceof ConnectionError) throw new StepFailure(error.reason, why(error), { cause: error });
    throw error;
  }
}

const TELL_EVERY_MS = 5000;

function teller({ log, progress }: Attempt, what: string): (done: TransferProgress) => void {
  let toldAt = performance.now();
  return ({ bytes, totalBytes }) => {
    if (performance.now() - toldAt < TELL_EVERY_MS) return;
    toldAt = performance.now();
    const message = `putting ${what}: ${size(bytes)} of ${size(totalBytes)}`;
    log.say(`package: ${message}`);
    progress('package', message);
  };
}
