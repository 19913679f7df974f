import type { RunDetail } from '@trainyard/api/schemas/run.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Connection } from '../connection/connection.ts';
import { isServerAnswer } from '../exit-codes.ts';

/** How RUN is explained in every help text. */
export const RUN_ARGUMENT = 'number or id of a run, or a training: its latest run';

/** The run that is meant: by number, by id or its beginning, or the latest of a training. */
export async function findRun(connection: Connection, name: string): Promise<RunDetail> {
  if (/^\d+$|^[0-9a-f]{6,32}$/.test(name)) {
    const run = await ifFound(connection.call('getRun', { params: { id: name } }));
    if (run !== undefined) return run;
  }
  const training = /^\d/.test(name) ? undefined : await ifFound(connection.call('getTraining', { params: { id: name } }));
  if (training === undefined) throw new TrainyardError('RUN_NOT_FOUND', { id: name });
  const { runId } = training.status;
  if (runId === undefined) throw new TrainyardError('USAGE', { problem: `training '${name}' has not been run yet`, advice: `run it with: trainyard train rerun ${name}` });
  return await connection.call('getRun', { params: { id: runId } });
}

async function ifFound<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isServerAnswer(error) && error.status === 404) return undefined;
    throw error;
  }
}
