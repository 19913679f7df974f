import type { Run } from '@trainyard/api/schemas/run.ts';
import { ACTIVE_STATES } from '@trainyard/core/training/states.ts';
import type { Connection } from '../connection/connection.ts';
import { isServerAnswer } from '../exit-codes.ts';

const STOPPING_MS = 60_000;
const POLL_MS = 200;

/** Asks every run that has not ended to stop, and waits until they have, but not for ever: what is left is stopped by the next server. */
export async function stopRuns(connection: Connection): Promise<void> {
  for (const run of await active(connection)) await stop(connection, run);
  for (const deadline = Date.now() + STOPPING_MS; Date.now() < deadline && (await active(connection)).length > 0; ) await new Promise((done) => setTimeout(done, POLL_MS));
}

async function active(connection: Connection): Promise<Run[]> {
  const runs = await connection.list<Run>(Infinity, ({ limit, cursor }) => connection.call('listRuns', { query: { state: [...ACTIVE_STATES], limit, ...(cursor === undefined ? {} : { cursor }) } }));
  return runs.items;
}

async function stop(connection: Connection, run: Run): Promise<void> {
  try {
    await connection.call('stopRun', { params: { id: run.id } });
  } catch (error) {
    // it ended meanwhile; the others have not
    if (!isServerAnswer(error) || error.code !== 'RUN_ENDED') throw error;
  }
}
