import { TrainyardError } from '@trainyard/core/errors.ts';
import { checkAlias, checkModelName, checkRegistryTag, parseVersion } from '@trainyard/core/registry/names.ts';
import { REGISTERED_MODEL_SEARCH } from '@trainyard/core/registry/searches.ts';
import { parseStage } from '@trainyard/core/registry/stages.ts';
import type { Pair } from '@trainyard/core/tracking/batch.ts';
import { readFilter, readOrder } from '@trainyard/core/tracking/filter/check.ts';
import type { ModelVersionRecord, NewRegisteredModel, RegisteredModelRecord, RegisteredModelStore } from '../../stores/registry.ts';
import type { Page } from '../../stores/tracking.ts';
import type { Caller, Rights } from '../tracking/authorize.ts';

export interface RegistryQuery {
  readonly filter: string;
  readonly orderBy: readonly string[];
  readonly limit: number;
  readonly after?: string | undefined;
}

interface Needs {
  readonly models: RegisteredModelStore;
  readonly rights: Rights;
  readonly now: () => number;
}

/** What clients do with registered models. A run's token may create one, to register a version in it; no more. */
export class RegisteredModels {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  async create(caller: Caller, model: Omit<NewRegisteredModel, 'project'>): Promise<RegisteredModelRecord> {
    checkModelName(model.name);
    for (const tag of model.tags) checkRegistryTag(tag);
    return this.#needs.models.create({ ...model, project: this.#needs.rights.projectFor(caller, 'registered models', model.tags) }, this.#needs.now());
  }

  async get(caller: Caller, name: string): Promise<RegisteredModelRecord> {
    await this.#needs.rights.seeRegisteredModel(caller, name);
    const found = await this.#needs.models.find(name);
    if (found === undefined) throw new TrainyardError('REGISTERED_MODEL_NOT_FOUND', { name });
    return found;
  }

  search(caller: Caller, query: RegistryQuery): Promise<Page<RegisteredModelRecord>> {
    return this.#needs.models.search({ projects: this.#needs.rights.seenBy(caller), conditions: readFilter(query.filter, REGISTERED_MODEL_SEARCH), order: readOrder(query.orderBy, REGISTERED_MODEL_SEARCH), limit: query.limit, after: query.after });
  }

  /** The newest version of each of these stages; of every stage when none is named. */
  async latestVersions(caller: Caller, name: string, stages: readonly string[]): Promise<readonly ModelVersionRecord[]> {
    const wanted = stages.map(parseStage);
    const { latestVersions } = await this.get(caller, name);
    return wanted.length === 0 ? latestVersions : latestVersions.filter((version) => wanted.includes(version.stage));
  }

  async update(caller: Caller, name: string, description: string | null): Promise<RegisteredModelRecord> {
    await this.#requireUser(caller, name, 'change registered models');
    return this.#needs.models.update(name, description, this.#needs.now());
  }

  async rename(caller: Caller, name: string, newName: string): Promise<RegisteredModelRecord> {
    await this.#requireUser(caller, name, 'rename registered models');
    checkModelName(newName);
    return this.#needs.models.rename(name, newName, this.#needs.now());
  }

  async delete(caller: Caller, name: string): Promise<void> {
    await this.#requireUser(caller, name, 'delete registered models');
    return this.#needs.models.delete(name);
  }

  async setTag(caller: Caller, name: string, tag: Pair): Promise<void> {
    await this.#requireUser(caller, name, 'tag registered models');
    checkRegistryTag(tag);
    return this.#needs.models.setTag(name, tag);
  }

  async deleteTag(caller: Caller, name: string, key: string): Promise<void> {
    await this.#requireUser(caller, name, 'tag registered models');
    return this.#needs.models.deleteTag(name, key);
  }

  async setAlias(caller: Caller, name: string, alias: { readonly alias: string; readonly version: string }): Promise<void> {
    await this.#requireUser(caller, name, 'move aliases of registered models');
    checkAlias(alias.alias);
    return this.#needs.models.setAlias(name, { alias: alias.alias, version: parseVersion(alias.version, name) });
  }

  async deleteAlias(caller: Caller, name: string, alias: string): Promise<void> {
    await this.#requireUser(caller, name, 'delete aliases of registered models');
    return this.#needs.models.deleteAlias(name, alias);
  }

  async #requireUser(caller: Caller, name: string, action: string): Promise<void> {
    this.#needs.rights.requireUser(caller, action);
    await this.#needs.rights.requireRegisteredModel(caller, name);
  }
}
