import { sql } from 'kysely';
import type { Failure } from '@trainyard/core/training/outcome.ts';
import type { EndState, RunState } from '@trainyard/core/training/states.ts';
import type { Change } from '../../runs.ts';
import type { Trx } from '../database.ts';
import { insertEvents, type NewEvent } from './run-rows.ts';
import { endManagedRuns, type ManagedRunEnd } from '../tracking/managed-runs.ts';

const MLFLOW_STATUS = { succeeded: 'FINISHED', failed: 'FAILED', stopped: 'KILLED' } as const satisfies Record<EndState, string>;

/** Writes what was decided. Each write carries the lease of the claim: no row changed means the run is not ours any more. */
export async function applyChanges(trx: Trx, changes: readonly Change[], now: number): Promise<ReadonlySet<string>> {
  const kept = new Set<string>();
  const events: NewEvent[] = [];
  const ended: ManagedRunEnd[] = [];
  for (const change of changes) {
    if (!(await applyOne(trx, change, now))) continue;
    kept.add(change.runId);
    if (change.kind === 'update') continue;
    const state: RunState = change.kind === 'end' ? change.state : 'queued';
    await closeAttempt(trx, { runId: change.runId, state: change.kind === 'end' ? change.state : 'failed', failure: change.failure, now });
    events.push({ runId: change.runId, kind: 'state', data: { state, ...reasonOf(change.failure), ...(change.kind === 'retry' ? { nextAttemptAt: change.at } : {}) } });
    if (change.kind === 'end') ended.push({ id: change.runId, status: MLFLOW_STATUS[change.state], endTime: now, reason: change.failure === null ? undefined : reasonText(change.failure) });
  }
  await insertEvents(trx, events, now);
  if (ended.length > 0) await endManagedRuns(trx, ended);
  return kept;
}

/** For people who look at the run with an MLflow client. */
export function reasonText({ reason, message }: Failure): string {
  return `${reason}: ${message}`;
}

function reasonOf(failure: Failure | null): Record<string, unknown> {
  return failure === null ? {} : { reason: failure.reason, message: failure.message };
}

async function applyOne(trx: Trx, change: Change, now: number): Promise<boolean> {
  const result = await trx
    .updateTable('runs')
    .set({ ...columnsOf(change, now), lease: null, lease_until: null })
    .where('id', '=', change.runId)
    .where('lease', '=', change.lease)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

function columnsOf(change: Change, now: number): Record<string, unknown> {
  switch (change.kind) {
    case 'update':
      return {
        // what came in since the claim must not wait for the next look
        look_at: sql`case when outcome is not null or (cancel_requested_at is not null and stop is null) then cast(${now} as bigint) else cast(${change.lookAt} as bigint) end`,
        ...(change.submitted === undefined ? {} : { submitted: 1 }),
        ...(change.stop === undefined ? {} : { stop: JSON.stringify(change.stop) }),
        ...(change.missingSince === undefined ? {} : { missing_since: change.missingSince }),
      };
    case 'end':
      return { state: change.state, failure: change.failure === null ? null : JSON.stringify(change.failure), ended_at: now, look_at: null };
    case 'retry':
      return { state: 'queued', failure: JSON.stringify(change.failure), ready: 0, next_attempt_at: change.at, look_at: null, step: null, step_started_at: null };
    default:
      return change satisfies never;
  }
}

interface AttemptEnd {
  readonly runId: string;
  readonly state: EndState;
  readonly failure: Failure | null;
  readonly now: number;
}

/** Ends the attempt and the step it was in. */
async function closeAttempt(trx: Trx, { runId, state, failure, now }: AttemptEnd): Promise<void> {
  const run = await trx.selectFrom('runs').select(['attempt']).where('id', '=', runId).executeTakeFirstOrThrow();
  await trx
    .updateTable('attempts')
    .set((eb) => ({ state, ended_at: now, failure: failure === null ? null : JSON.stringify(failure), step: failure?.step ?? eb.ref('step') }))
    .where('run_id', '=', runId)
    .where('number', '=', run.attempt)
    .execute();
  await trx
    .updateTable('steps')
    .set({ state: state === 'succeeded' ? 'succeeded' : 'failed', ended_at: now, message: failure?.message ?? null })
    .where('run_id', '=', runId)
    .where('attempt', '=', run.attempt)
    .where('state', '=', 'running')
    .execute();
}
