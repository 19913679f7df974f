import { TrainyardError } from '@trainyard/core/errors.ts';
import { REASON_TAG } from '@trainyard/core/tracking/heartbeat.ts';
import { LIMITS } from '@trainyard/core/tracking/limits.ts';
import { type Kysely, sql } from 'kysely';
import type { Database, Trx } from '../database.ts';
import { inParts, insertRows } from '../insert-rows.ts';
import type { Schema } from '../schema.ts';
import { settleLatest } from '../metrics/latest.ts';
import { putPairs } from './pairs.ts';
import { endLeftOpen } from './silent-runs.ts';

/** The MLflow side of a run that Trainyard launches. Times are milliseconds since 1970. */
export interface ManagedRun {
  /** 32 hex digits, the id of the run in `runs`. */
  readonly id: string;
  readonly experimentId: string;
  /** Also stored as the tag mlflow.runName. */
  readonly name: string;
  readonly userId: string;
  readonly startTime: number;
  readonly tags: Readonly<Record<string, string>>;
}

export interface ManagedRunEnd {
  readonly id: string;
  readonly status: 'FINISHED' | 'FAILED' | 'KILLED';
  readonly endTime: number;
  /** Why, when it did not end well. */
  readonly reason?: string | undefined;
}

/** The id of the experiment with this name: made when there is none, restored when it was deleted. OTHER_PROJECT, and nothing written, when that of another project has the name. */
export async function ensureExperiment(trx: Trx, { name, project }: { readonly name: string; readonly project: string }, now: number): Promise<string> {
  const found = await trx.selectFrom('experiments').select(['id', 'project', 'lifecycle_stage']).where('name', '=', name).executeTakeFirst();
  if (found === undefined) {
    // two servers may get here at once: the unique name decides, and both go on with the same row
    const made = await trx
      .insertInto('experiments')
      .values({ name, project, artifact_location: '', lifecycle_stage: 'active', creation_time: now, last_update_time: now })
      .onConflict((c) => c.column('name').doUpdateSet({ lifecycle_stage: 'active' }))
      .returning(['id', 'project'])
      .executeTakeFirstOrThrow();
    if (made.project !== project) throw otherProject(name);
    await trx.updateTable('experiments').set({ artifact_location: `mlflow-artifacts:/${made.id}` }).where('id', '=', made.id).where('artifact_location', '=', '').execute();
    return String(made.id);
  }
  if (found.project !== project) throw otherProject(name);
  if (found.lifecycle_stage !== 'active') await trx.updateTable('experiments').set({ lifecycle_stage: 'active', last_update_time: now }).where('id', '=', found.id).execute();
  return String(found.id);
}

function otherProject(name: string): TrainyardError {
  return new TrainyardError('OTHER_PROJECT', { what: 'experiment', name });
}

/** Adds the runs as SCHEDULED. */
export async function insertManagedRuns(trx: Trx, runs: readonly ManagedRun[]): Promise<void> {
  const rows = runs.map((run) => ({
    id: run.id,
    experiment_id: Number(run.experimentId),
    name: run.name,
    user_id: run.userId,
    status: 'SCHEDULED',
    start_time: run.startTime,
    end_time: null,
    lifecycle_stage: 'active',
    deleted_time: null,
    artifact_uri: `mlflow-artifacts:/${run.experimentId}/${run.id}/artifacts`,
    managed: 1,
    client_status: null,
    client_end_time: null,
    creator_run: null,
    last_seen: run.startTime,
  }));
  const tags = runs.flatMap((run) => Object.entries({ ...run.tags, 'mlflow.runName': run.name }).map(([key, value]) => ({ run_id: run.id, key, value })));
  await insertRows(trx, { table: 'tracking_runs' }, rows);
  await insertRows(trx, { table: 'run_tags' }, tags);
}

/** SCHEDULED → RUNNING. Again, or after its end: nothing happens. */
export async function startManagedRun(trx: Trx, id: string, now: number): Promise<void> {
  await trx.updateTable('tracking_runs').set({ status: 'RUNNING', start_time: now, last_seen: now }).where('id', '=', id).where('managed', '=', 1).where('status', '=', 'SCHEDULED').execute();
}

/** Trainyard's last word about its runs: later ones, and those of clients, change nothing. What their programs created and left open ends with them. */
export async function endManagedRuns(trx: Trx, ends: readonly ManagedRunEnd[]): Promise<void> {
  for (const part of inParts(ends, 3)) {
    const rows = sql.join(part.map((end) => sql`(cast(${end.id} as text), cast(${end.status} as text), cast(${end.endTime} as bigint))`));
    const ended = await sql<{ id: string }>`
      with ends (id, status, end_time) as (values ${rows})
      update tracking_runs set status = ends.status, end_time = ends.end_time, last_seen = ends.end_time from ends
      where tracking_runs.id = ends.id and tracking_runs.managed = 1 and tracking_runs.status in ('SCHEDULED', 'RUNNING')
      returning tracking_runs.id`.execute(trx);
    const ids = new Set(ended.rows.map(({ id }) => id));
    const reasons = part.flatMap(({ id, reason }) => (reason === undefined || !ids.has(id) ? [] : [{ key: REASON_TAG, value: reason.slice(0, LIMITS.tagValueLength), owner: { run_id: id } }]));
    await putPairs(trx, 'run_tags', reasons);
  }
  await endLeftOpen(trx, ends);
}

/** Every parameter that was logged to the run. */
export async function paramsOf(db: Kysely<Schema>, runId: string): Promise<Record<string, string>> {
  const rows = await db.selectFrom('params').select(['key', 'value']).where('run_id', '=', runId).orderBy('key').execute();
  return Object.fromEntries(rows.map((row) => [row.key, row.value]));
}

/** The latest value of each metric of the run. It may be NaN; infinities are kept as ±Number.MAX_VALUE. */
export async function latestMetricsOf(database: Database, runId: string): Promise<Record<string, number>> {
  await settleLatest(database, [runId]);
  const rows = await database.read.selectFrom('metric_series').select(['key', 'value', 'is_nan']).where('run_id', '=', runId).orderBy('key').execute();
  return Object.fromEntries(rows.map((row) => [row.key, row.is_nan === 1 ? Number.NaN : row.value]));
}
