import type { TrackingStore } from '../../tracking.ts';
import type { Database } from '../database.ts';
import { SqlExperimentStore } from './experiments.ts';
import { SqlLoggedModelStore } from './logged-models.ts';
import { SqlTrackingRunStore } from './runs.ts';

/** Experiments, runs and logged models on one database. */
export function openTrackingStore(database: Database, now: () => number = Date.now): TrackingStore {
  return { experiments: new SqlExperimentStore(database), runs: new SqlTrackingRunStore(database, now), loggedModels: new SqlLoggedModelStore(database) };
}
