import { HEARTBEAT_TAG, REASON_TAG } from '@trainyard/core/tracking/heartbeat.ts';
import { sql } from 'kysely';
import type { LostRun, OpenRunRecord } from '../../tracking.ts';
import type { Database, Trx } from '../database.ts';
import { inParts } from '../insert-rows.ts';
import { among } from '../metrics/among.ts';
import { putPairs } from './pairs.ts';

/** Runs that Trainyard did not launch and nobody has ended, in order of their ids. */
export async function openRuns({ read }: Database, query: { readonly after: string; readonly limit: number }): Promise<OpenRunRecord[]> {
  const rows = await read
    .selectFrom('tracking_runs')
    .leftJoin('run_tags', (on) => on.onRef('run_tags.run_id', '=', 'tracking_runs.id').on('run_tags.key', '=', HEARTBEAT_TAG))
    .select(['tracking_runs.id', 'last_seen', 'run_tags.value as promise'])
    // as text: an index of some rows is not used for a parameter
    .where(sql<boolean>`managed = 0 and status = 'RUNNING'`)
    .where('tracking_runs.id', '>', query.after)
    .orderBy('tracking_runs.id')
    .limit(query.limit)
    .execute();
  return rows.map((row) => ({ id: row.id, lastSeenAt: row.last_seen, promise: row.promise ?? undefined }));
}

/** FAILED since they were last seen; one that was written to meanwhile is not lost. Answers how many are. */
export function endLost(database: Database, lost: readonly LostRun[]): Promise<number> {
  return database.write(async (trx) => {
    let ended = 0;
    for (const { id, lastSeenAt, reason } of lost) {
      const { numUpdatedRows } = await trx
        .updateTable('tracking_runs')
        .set({ status: 'FAILED', end_time: lastSeenAt, lost: 1 })
        .where('id', '=', id)
        .where('last_seen', '=', lastSeenAt)
        .where('managed', '=', 0)
        .where('status', '=', 'RUNNING')
        .executeTakeFirst();
      if (numUpdatedRows === 0n) continue;
      await putPairs(trx, 'run_tags', [{ key: REASON_TAG, value: reason, owner: { run_id: id } }]);
      ended++;
    }
    return ended;
  });
}

/** RUNNING again: somebody writes to them after all. */
export async function takeBackLost(kind: Database['kind'], trx: Trx, runIds: readonly string[]): Promise<void> {
  await trx.updateTable('tracking_runs').set({ status: 'RUNNING', end_time: null, lost: 0 }).where(among(kind, 'id', runIds)).where('lost', '=', 1).execute();
  await trx.deleteFrom('run_tags').where(among(kind, 'run_id', runIds)).where('key', '=', REASON_TAG).execute();
}

/** Ends what the programs of these runs have created and not ended: the programs are over. */
export async function endLeftOpen(trx: Trx, ended: readonly { readonly id: string; readonly endTime: number }[]): Promise<void> {
  for (const part of inParts(ended, 2)) {
    const rows = sql.join(part.map(({ id, endTime }) => sql`(cast(${id} as text), cast(${endTime} as bigint))`));
    const left = await sql<{ id: string }>`
      with ended (id, end_time) as (values ${rows})
      update tracking_runs set status = 'KILLED', end_time = ended.end_time from ended
      where tracking_runs.creator_run = ended.id and tracking_runs.managed = 0 and tracking_runs.status in ('SCHEDULED', 'RUNNING')
      returning tracking_runs.id`.execute(trx);
    await putPairs(trx, 'run_tags', left.rows.map(({ id }) => ({ key: REASON_TAG, value: 'the program that created it ended without ending it', owner: { run_id: id } })));
  }
}
