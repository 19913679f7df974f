import { loadConnection } from '@trainyard/connections/catalog.ts';
import { type Connection, type ConnectionContext, ConnectionError, type ConnectionProblem } from '@trainyard/connections/connection.ts';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import type { Reason } from '@trainyard/core/training/reason.ts';
import type { Attempt } from '../attempt.ts';
import { StepFailure } from '../step-failure.ts';

/** A connection that a step is about to use. */
export interface Reached {
  readonly connection: Connection;
  readonly spec: ConnectionSpec;
  readonly context: ConnectionContext;
}

/** Opens a connection of the order by its id. Throws StepFailure when the order has none of that id. */
export function reach(attempt: Pick<Attempt, 'order' | 'connectionEnv' | 'signal'>, id: string): Promise<Reached> {
  const { connections } = attempt.order;
  const spec = Object.hasOwn(connections, id) ? connections[id] : undefined;
  if (spec === undefined) throw new StepFailure('bad_spec', `there is no connection '${id}' any more: make it again, or let the training name another`);
  return reachSpec(attempt, spec);
}

/** The same for a place that the training itself describes. */
export async function reachSpec({ order, connectionEnv: env, signal }: Pick<Attempt, 'order' | 'connectionEnv' | 'signal'>, spec: ConnectionSpec): Promise<Reached> {
  return { connection: await loadConnection(spec.type), spec, context: { env, signal, localRoots: order.localRoots ?? [] } };
}

/** What goes wrong with a connection is a StepFailure of the runner: `unreachable` may pass, and has the given reason. */
export async function asStep<T>(unreachable: Reason, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    throw new StepFailure(reasonOf(error.problem, unreachable), error.message, { cause: error });
  }
}

function reasonOf(problem: ConnectionProblem, unreachable: Reason): Reason {
  switch (problem) {
    case 'unreachable':
      return unreachable;
    case 'disk_full':
      return 'disk_full';
    case 'not_found':
    case 'refused':
    case 'invalid':
    case 'too_large':
    case 'not_installed':
      return 'bad_spec';
    default:
      return problem satisfies never;
  }
}
