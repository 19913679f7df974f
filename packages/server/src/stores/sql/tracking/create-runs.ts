import { withoutEndingSlashes } from '@trainyard/core/ending-slashes.ts';
import { artifactUri } from '@trainyard/core/tracking/artifact-place.ts';
import type { Pair } from '@trainyard/core/tracking/batch.ts';
import type { Selectable } from 'kysely';
import type { Settled } from '../../../platform/group-commit.ts';
import type { NewTrackingRun, TrackingRunInfo, TrackingRunRecord } from '../../tracking.ts';
import type { Database, Trx } from '../database.ts';
import { insertRows } from '../insert-rows.ts';
import { requireActiveExperiment } from './experiments.ts';
import { byKey, putPairs } from './pairs.ts';
import type { ExperimentTable } from './schema.ts';

type Found = Settled<Selectable<ExperimentTable>>;

/** Adds runs of clients in one transaction; one whose experiment is not there or deleted does not touch the others. */
export function createRuns(database: Database, runs: readonly NewTrackingRun[], now: number): Promise<Settled<TrackingRunRecord>[]> {
  return database.write(async (trx) => {
    const experiments = new Map<string, Found>();
    // always in the same order, so that two servers never wait for each other
    for (const id of [...new Set(runs.map((run) => run.experimentId))].toSorted()) experiments.set(id, await findExperiment(database.kind, trx, id));
    const outcomes = runs.map((run): Settled<TrackingRunRecord> => {
      const experiment = experiments.get(run.experimentId);
      if (experiment === undefined || 'error' in experiment) return experiment ?? { error: new Error(`experiment ${run.experimentId} was not looked for`) };
      return { value: recordOf(run, experiment.value.artifact_location, now) };
    });
    await insert(trx, outcomes.flatMap((outcome) => ('value' in outcome ? [outcome.value] : [])));
    return outcomes;
  });
}

async function findExperiment(kind: Database['kind'], trx: Trx, id: string): Promise<Found> {
  try {
    return { value: await requireActiveExperiment(kind, trx, id) };
  } catch (error) {
    return { error };
  }
}

function recordOf(run: NewTrackingRun, location: string, now: number): TrackingRunRecord {
  const info: TrackingRunInfo = { id: run.id, experimentId: run.experimentId, name: run.name, userId: run.userId, status: 'RUNNING', startTime: run.startTime, endTime: null, stage: 'active', artifactUri: artifactUriOf(run, location), managed: false, creatorRun: run.creatorRun, lastSeenAt: now };
  // of the same name the last one stays
  const tags = [...new Map(run.tags.map(({ key, value }): [string, Pair] => [key, { key, value }])).values()].sort(byKey);
  return { ...info, tags, metrics: [], params: [], datasets: [], inputModels: [], outputModels: [] };
}

async function insert(trx: Trx, runs: readonly TrackingRunRecord[]): Promise<void> {
  const rows = runs.map((run) => ({
    id: run.id,
    experiment_id: Number(run.experimentId),
    name: run.name,
    user_id: run.userId,
    status: run.status,
    start_time: run.startTime,
    end_time: null,
    lifecycle_stage: run.stage,
    deleted_time: null,
    artifact_uri: run.artifactUri,
    managed: 0,
    client_status: null,
    client_end_time: null,
    creator_run: run.creatorRun,
    last_seen: run.lastSeenAt,
  }));
  await insertRows(trx, { table: 'tracking_runs' }, rows);
  await putPairs(trx, 'run_tags', runs.flatMap((run) => run.tags.map((tag) => ({ ...tag, owner: { run_id: run.id } }))));
}

/** Below our own scheme always at the address of the run; elsewhere below what the experiment says. */
function artifactUriOf(run: NewTrackingRun, location: string): string {
  if (location.startsWith('mlflow-artifacts:')) return artifactUri({ experimentId: run.experimentId, kind: 'run', id: run.id });
  return `${withoutEndingSlashes(location)}/${run.id}/artifacts`;
}
