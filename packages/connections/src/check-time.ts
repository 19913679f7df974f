import { type ConnectionContext, ConnectionError } from './connection.ts';

/** Clients wait 10 s for the answer of a check, which has a way to go as well. */
const CHECK_TIME_MS = 8_000;

/** A check that ends in time: a place that has not answered by then counts as unreachable. `what` names it, without credentials. */
export async function withinCheckTime<T>(what: string, context: ConnectionContext, check: (context: ConnectionContext) => Promise<T>): Promise<T> {
  const late = AbortSignal.timeout(CHECK_TIME_MS);
  try {
    return await check({ ...context, signal: AbortSignal.any([context.signal, late]) });
  } catch (error) {
    if (!late.aborted || context.signal.aborted || error instanceof ConnectionError) throw error;
    throw new ConnectionError('unreachable', `${what} did not answer within ${CHECK_TIME_MS / 1000} s: check the address, and the firewall and proxy between it and this machine`, { cause: error });
  }
}
