import { includes } from '@trainyard/core/access/reach.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Pair } from '@trainyard/core/tracking/batch.ts';
import { checkArtifactLocation, checkExperimentName } from '@trainyard/core/tracking/experiment.ts';
import { readFilter, readOrder } from '@trainyard/core/tracking/filter/check.ts';
import { EXPERIMENT_SEARCH } from '@trainyard/core/tracking/filter/searches.ts';
import { LIMITS } from '@trainyard/core/tracking/limits.ts';
import { checkKey, checkLength } from '@trainyard/core/tracking/names.ts';
import type { ExperimentRecord, ExperimentStore, Page, Stage } from '../../stores/tracking.ts';
import type { Caller, Rights } from './authorize.ts';

export interface ExperimentQuery {
  readonly filter: string;
  readonly orderBy: readonly string[];
  readonly stage?: Stage | undefined;
  readonly limit: number;
  readonly after?: string | undefined;
}

interface Needs {
  readonly experiments: ExperimentStore;
  readonly rights: Rights;
  readonly now: () => number;
  /** What relative artifact locations are relative to. */
  readonly workingDirectory: string;
}

/** What clients do with experiments. Ids are checked with `parseExperimentId` before they come here. */
export class Experiments {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Answers the id. */
  create(caller: Caller, experiment: { readonly name: string; readonly artifactLocation?: string | undefined; readonly tags: readonly Pair[] }): Promise<string> {
    this.#needs.rights.requireUser(caller, 'create experiments');
    checkExperimentName(experiment.name);
    for (const tag of experiment.tags) checkExperimentTag(tag);
    const project = this.#needs.rights.projectFor(caller, 'experiments', experiment.tags);
    const { artifactLocation: location } = experiment;
    const artifactLocation = location === undefined || location === '' ? undefined : checkArtifactLocation(location, this.#needs.workingDirectory);
    return this.#needs.experiments.create({ ...experiment, project, artifactLocation }, this.#needs.now());
  }

  async get(caller: Caller, id: string): Promise<ExperimentRecord> {
    await this.#needs.rights.seeExperiment(caller, id);
    const found = await this.#needs.experiments.find(id);
    if (found === undefined) throw new TrainyardError('EXPERIMENT_NOT_FOUND', { id });
    return found;
  }

  async getByName(caller: Caller, name: string): Promise<ExperimentRecord> {
    const found = await this.#needs.experiments.findByName(name);
    if (found === undefined || !includes(this.#needs.rights.seenBy(caller), found.project)) throw new TrainyardError('EXPERIMENT_NAME_NOT_FOUND', { name });
    return found;
  }

  search(caller: Caller, query: ExperimentQuery): Promise<Page<ExperimentRecord>> {
    return this.#needs.experiments.search({
      projects: this.#needs.rights.seenBy(caller),
      stage: query.stage,
      conditions: readFilter(query.filter, EXPERIMENT_SEARCH),
      order: readOrder(query.orderBy, EXPERIMENT_SEARCH),
      limit: query.limit,
      after: query.after,
    });
  }

  async rename(caller: Caller, id: string, name: string): Promise<void> {
    this.#needs.rights.requireUser(caller, 'rename experiments');
    checkExperimentName(name);
    await this.#needs.rights.requireExperiment(caller, id);
    return this.#needs.experiments.rename(id, name, this.#needs.now());
  }

  async delete(caller: Caller, id: string): Promise<void> {
    this.#needs.rights.requireUser(caller, 'delete experiments');
    await this.#needs.rights.requireExperiment(caller, id);
    return this.#needs.experiments.setStage(id, 'deleted', this.#needs.now());
  }

  async restore(caller: Caller, id: string): Promise<void> {
    this.#needs.rights.requireUser(caller, 'restore experiments');
    await this.#needs.rights.requireExperiment(caller, id);
    return this.#needs.experiments.setStage(id, 'active', this.#needs.now());
  }

  async setTag(caller: Caller, id: string, tag: Pair): Promise<void> {
    this.#needs.rights.requireUser(caller, 'tag experiments');
    checkExperimentTag(tag);
    await this.#needs.rights.requireExperiment(caller, id);
    return this.#needs.experiments.setTag(id, tag);
  }

  async deleteTag(caller: Caller, id: string, key: string): Promise<void> {
    this.#needs.rights.requireUser(caller, 'tag experiments');
    await this.#needs.rights.requireExperiment(caller, id);
    return this.#needs.experiments.deleteTag(id, key);
  }
}

function checkExperimentTag(tag: Pair): void {
  checkKey(tag.key, { parameter: 'key', what: 'key' });
  checkLength(tag.value, { what: 'value', limit: LIMITS.experimentTagValueLength });
}
