import type { ModelTypes } from '../../usecases/model-types/model-types.ts';
import { traceIn, withoutPlaces } from './trace.ts';

type Run = Awaited<ReturnType<ModelTypes['get']>>;

/** What a client is told of a run. The original's clients read `state` and `message`, and both have to be there. */
export interface Status {
  readonly state: 'pending' | 'running' | 'completed' | 'error';
  readonly message: string;
  /** What the notebook gave back. */
  readonly result?: string;
  readonly error?: { readonly reason: string; readonly message: string; readonly trace?: string };
  readonly databricksRunId?: string;
  readonly runPageUrl?: string;
}

/** `failedState`: the word for a run that failed or was stopped. */
export function statusOf(run: Run, failedState: 'completed' | 'error'): Status {
  return { ...wordsOf(run, failedState), ...placeOf(run) };
}

/** What a run of this machine says of its failure has the end of its log, and paths; what Databricks says of one is the notebook's error alone. */
function failureOf({ failure, engine }: Run): Run['failure'] {
  if (failure === null || engine === 'databricks') return failure;
  return { ...failure, message: withoutPlaces(failure.message), lastLines: traceIn(failure.lastLines ?? '') };
}

function wordsOf(run: Run, failedState: 'completed' | 'error'): Status {
  const { state, facts } = run;
  const failure = failureOf(run);
  switch (state) {
    case 'queued':
      return { state: 'pending', message: failure === null ? 'waits for its turn' : `waits for another attempt: ${messageOf(failure)}` };
    case 'preparing':
      return { state: 'pending', message: run.warning ?? 'is being prepared' };
    case 'running':
      return { state: 'running', message: run.cancelRequestedAt === null ? 'In run' : 'is being stopped' };
    case 'succeeded':
      return { state: 'completed', message: '', ...(facts.result === undefined ? {} : { result: facts.result }) };
    case 'failed':
    case 'stopped':
      return { state: failedState, message: messageOf(failure), error: errorOf(failure, state) };
    default:
      return state satisfies never;
  }
}

/** With `completed` an empty message would say that all went well. */
function messageOf(failure: Run['failure']): string {
  const message = failure?.message.trim() ?? '';
  return message === '' ? `the training ended badly (${failure?.reason ?? 'unknown reason'})` : message;
}

function errorOf(failure: Run['failure'], state: 'failed' | 'stopped'): NonNullable<Status['error']> {
  const trace = failure?.lastLines;
  return { reason: failure?.reason ?? (state === 'stopped' ? 'cancelled' : 'internal'), message: messageOf(failure), ...(trace === undefined ? {} : { trace }) };
}

function placeOf({ engine, facts: { externalId, url } }: Run): Pick<Status, 'databricksRunId' | 'runPageUrl'> {
  if (engine !== 'databricks') return {};
  return { ...(externalId === undefined ? {} : { databricksRunId: externalId }), ...(url === undefined ? {} : { runPageUrl: url }) };
}
