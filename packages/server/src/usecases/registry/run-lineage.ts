import { lineageTags } from '@trainyard/core/registry/lineage.ts';
import type { Pair } from '@trainyard/core/tracking/batch.ts';
import { LIMITS } from '@trainyard/core/tracking/limits.ts';
import type { RunRecord } from '../../stores/runs.ts';
import type { TrackingRunStore } from '../../stores/tracking.ts';

export type LaunchedRun = Pick<RunRecord, 'id' | 'number' | 'trainingId' | 'project' | 'attempt' | 'facts' | 'spec'>;

/** The runs Trainyard launched. */
export interface LaunchedRuns {
  find(id: string): Promise<LaunchedRun | undefined>;
}

interface Needs {
  readonly launched: LaunchedRuns;
  readonly runs: Pick<TrackingRunStore, 'find'>;
}

/** Where a version registered from a run comes from, as tags of the version: `trainyard.training`, `trainyard.commit` … */
export class RunLineage {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** None for a run that Trainyard did not launch: what its client did is not known. */
  async tagsOf(runId: string): Promise<Pair[]> {
    // a client may call its run anything, also by the number of a run of ours
    const run = /^[0-9a-f]{32}$/.test(runId) ? await this.#needs.launched.find(runId) : undefined;
    if (run === undefined) return [];
    const datasets = (await this.#needs.runs.find(runId))?.datasets ?? [];
    const data = datasets.map(({ dataset }) => `${dataset.name}@${dataset.digest}`).join(', ');
    return Object.entries(lineageTags(known({ ...factsOf(run), data }))).map(([key, value]) => ({ key, value }));
  }
}

function factsOf(run: LaunchedRun): Record<string, string | undefined> {
  const { commit, sourceDigest, environment } = run.facts;
  const { hyperParameters } = run.spec;
  const parameters = Object.keys(hyperParameters).length === 0 ? undefined : JSON.stringify(hyperParameters);
  return { run: run.id, number: String(run.number), training: run.trainingId, attempt: String(run.attempt), project: run.project, commit, source: sourceDigest, environment, parameters };
}

function known(facts: Record<string, string | undefined>): Record<string, string> {
  const kept = Object.entries(facts).flatMap(([key, value]) => (value === undefined || value === '' || value.length > LIMITS.registryTagValueLength ? [] : [[key, value] as const]));
  return Object.fromEntries(kept);
}
