import { TrainyardError } from '@trainyard/core/errors.ts';
import { checkAlias, checkModelName, checkRegistryTag, parseVersion } from '@trainyard/core/registry/names.ts';
import { REGISTERED_MODEL_SEARCH } from '@trainyard/core/registry/searches.ts';
import { parseStage } from '@trainyard/core/registry/stages.ts';
import type { Pair } from '@trainyard/core/tracking/batch.ts';
import { readFilter, readOrder } from '@trainyard/core/tracking/filter/check.ts';
import type { ModelVersionRecord, NewRegisteredModel, RegisteredModelRecord, RegisteredModelStore } from '../../stores/registry.ts';
import type { Page } from '../../stores/tracking.ts';
import type { Caller, WriteRights } from '../tracking/authorize.ts';

export interface RegistryQuery {
  readonly filter: string;
  readonly orderBy: readonly string[];
  readonly limit: number;
  readonly after?: string | undefined;
}

interface Needs {
  readonly models: RegisteredModelStore;
  readonly rights: WriteRights;
  readonly now: () => number;
}

/** What clients do with registered models. A run's token may create one, to register a version in it; no more. */
export class RegisteredModels {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  create(model: NewRegisteredModel): Promise<RegisteredModelRecord> {
    checkModelName(model.name);
    for (const tag of model.tags) checkRegistryTag(tag);
    return this.#needs.models.create(model, this.#needs.now());
  }

  async get(name: string): Promise<RegisteredModelRecord> {
    const found = await this.#needs.models.find(name);
    if (found === undefined) throw new TrainyardError('REGISTERED_MODEL_NOT_FOUND', { name });
    return found;
  }

  search(query: RegistryQuery): Promise<Page<RegisteredModelRecord>> {
    return this.#needs.models.search({ conditions: readFilter(query.filter, REGISTERED_MODEL_SEARCH), order: readOrder(query.orderBy, REGISTERED_MODEL_SEARCH), limit: query.limit, after: query.after });
  }

  /** The newest version of each of these stages; of every stage when none is named. */
  async latestVersions(name: string, stages: readonly string[]): Promise<readonly ModelVersionRecord[]> {
    const wanted = stages.map(parseStage);
    const { latestVersions } = await this.get(name);
    return wanted.length === 0 ? latestVersions : latestVersions.filter((version) => wanted.includes(version.stage));
  }

  update(caller: Caller, name: string, description: string | null): Promise<RegisteredModelRecord> {
    this.#needs.rights.requireUser(caller, 'change registered models');
    return this.#needs.models.update(name, description, this.#needs.now());
  }

  rename(caller: Caller, name: string, newName: string): Promise<RegisteredModelRecord> {
    this.#needs.rights.requireUser(caller, 'rename registered models');
    checkModelName(newName);
    return this.#needs.models.rename(name, newName, this.#needs.now());
  }

  delete(caller: Caller, name: string): Promise<void> {
    this.#needs.rights.requireUser(caller, 'delete registered models');
    return this.#needs.models.delete(name);
  }

  setTag(caller: Caller, name: string, tag: Pair): Promise<void> {
    this.#needs.rights.requireUser(caller, 'tag registered models');
    checkRegistryTag(tag);
    return this.#needs.models.setTag(name, tag);
  }

  deleteTag(caller: Caller, name: string, key: string): Promise<void> {
    this.#needs.rights.requireUser(caller, 'tag registered models');
    return this.#needs.models.deleteTag(name, key);
  }

  setAlias(caller: Caller, name: string, alias: { readonly alias: string; readonly version: string }): Promise<void> {
    this.#needs.rights.requireUser(caller, 'move aliases of registered models');
    checkAlias(alias.alias);
    return this.#needs.models.setAlias(name, { alias: alias.alias, version: parseVersion(alias.version, name) });
  }

  deleteAlias(caller: Caller, name: string, alias: string): Promise<void> {
    this.#needs.rights.requireUser(caller, 'delete aliases of registered models');
    return this.#needs.models.deleteAlias(name, alias);
  }
}
