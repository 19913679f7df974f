import type { Selectable } from 'kysely';
import type { StopFacts } from '@trainyard/core/training/decide.ts';
import type { Facts, Failure, Outcome } from '@trainyard/core/training/outcome.ts';
import type { RunState, StepName } from '@trainyard/core/training/states.ts';
import type { RunRecord } from '../../runs.ts';
import type { Trx } from '../database.ts';
import type { RunTable } from '../schema.ts';
import { readSpec } from './read-spec.ts';

/** Row → record. The casts are the store's promise: only this store writes these columns, from values of these types. */
export function toRun(row: Selectable<RunTable>): RunRecord {
  return {
    number: row.number,
    id: row.id,
    trainingId: row.training_id,
    project: row.project,
    engine: row.engine,
    spec: readSpec(row.spec),
    experimentId: row.experiment_id,
    state: row.state as RunState,
    priority: row.priority,
    queuedAt: row.queued_at,
    nextAttemptAt: row.next_attempt_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    attempt: row.attempt,
    attemptStartedAt: row.attempt_started_at,
    submitted: row.submitted === 1,
    step: row.step as StepName | null,
    stepStartedAt: row.step_started_at,
    cancelRequestedAt: row.cancel_requested_at,
    stop: parsed<StopFacts>(row.stop),
    missingSince: row.missing_since,
    outcome: parsed<Outcome>(row.outcome),
    failure: parsed<Failure>(row.failure),
    facts: JSON.parse(row.facts) as Facts,
    warnings: JSON.parse(row.warnings) as string[],
    lease: row.lease,
  };
}

export function parsed<T>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(text) as T);
}

export interface NewEvent {
  readonly runId: string;
  readonly kind: 'state' | 'step' | 'note' | 'facts' | 'attempt' | 'stop';
  readonly data: Readonly<Record<string, unknown>>;
}

/** All events of a transaction in one statement. */
export async function insertEvents(trx: Trx, events: readonly NewEvent[], at: number): Promise<void> {
  if (events.length === 0) return;
  await trx.insertInto('events').values(events.map((event) => ({ run_id: event.runId, at, kind: event.kind, data: JSON.stringify(event.data) }))).execute();
}
