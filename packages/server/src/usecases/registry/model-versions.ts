import { isTrainyardError, TrainyardError } from '@trainyard/core/errors.ts';
import { checkRegistryTag, parseVersion } from '@trainyard/core/registry/names.ts';
import { MODEL_VERSION_SEARCH } from '@trainyard/core/registry/searches.ts';
import { checkArchiving, parseStage } from '@trainyard/core/registry/stages.ts';
import type { Pair } from '@trainyard/core/tracking/batch.ts';
import { readFilter, readOrder } from '@trainyard/core/tracking/filter/check.ts';
import type { ModelVersionRecord, RegistryStore, VersionKey } from '../../stores/registry.ts';
import type { Page, TrackingStore } from '../../stores/tracking.ts';
import type { Caller, Rights } from '../tracking/authorize.ts';
import type { RegistryQuery } from './registered-models.ts';
import { resolveSource } from './resolve-source.ts';
import type { RunLineage } from './run-lineage.ts';

export interface VersionRequest {
  readonly name: string;
  readonly source: string;
  readonly description: string | null;
  readonly runId?: string | undefined;
  readonly runLink: string | null;
  readonly modelId?: string | undefined;
  readonly tags: readonly Pair[];
}

/** A version as clients name it: by its number in digits. */
export interface VersionName {
  readonly name: string;
  readonly version: string;
}

interface Needs {
  readonly registry: RegistryStore;
  readonly store: TrackingStore;
  readonly rights: Rights;
  readonly lineage: Pick<RunLineage, 'tagsOf'>;
  readonly now: () => number;
}

/** What clients do with versions of registered models. A run's token may register versions from its own run, describe and tag those. */
export class ModelVersions {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  async create(caller: Caller, request: VersionRequest): Promise<ModelVersionRecord> {
    for (const tag of request.tags) checkRegistryTag(tag);
    await this.#needs.rights.requireRegisteredModel(caller, request.name);
    await this.#needs.rights.requireSource(caller, request.source);
    if (request.runId !== undefined && request.runId !== '') await this.#needs.rights.requireRun(caller, request.runId);
    if (request.modelId !== undefined && request.modelId !== '') await this.#needs.rights.requireModel(caller, request.modelId);
    const resolved = await resolveSource(this.#needs, request.source);
    const runId = request.runId || resolved.runId;
    const lineage = runId === null ? [] : await this.#needs.lineage.tagsOf(runId);
    return this.#needs.registry.versions.create(
      {
        name: request.name,
        source: request.source,
        storageLocation: resolved.storageLocation,
        description: request.description,
        userId: caller.kind === 'user' ? caller.name : null,
        runId,
        runLink: request.runLink,
        modelId: request.modelId || resolved.modelId,
        // what was seen, not what is claimed
        tags: [...request.tags, ...lineage],
      },
      this.#needs.now(),
    );
  }

  async get(caller: Caller, name: VersionName): Promise<ModelVersionRecord> {
    await this.#see(caller, name);
    const found = await this.#needs.registry.versions.find(keyOf(name));
    if (found === undefined) throw new TrainyardError('MODEL_VERSION_NOT_FOUND', { ...name });
    return found;
  }

  async getByAlias(caller: Caller, name: string, alias: string): Promise<ModelVersionRecord> {
    await this.#needs.rights.seeRegisteredModel(caller, name);
    const model = await this.#needs.registry.models.find(name);
    if (model === undefined) throw new TrainyardError('REGISTERED_MODEL_NOT_FOUND', { name });
    const version = model.aliases.find((one) => one.alias === alias)?.version;
    if (version === undefined) throw new TrainyardError('MODEL_ALIAS_NOT_FOUND', { alias });
    return this.get(caller, { name, version: String(version) });
  }

  search(caller: Caller, query: RegistryQuery): Promise<Page<ModelVersionRecord>> {
    return this.#needs.registry.versions.search({ projects: this.#needs.rights.seenBy(caller), conditions: readFilter(query.filter, MODEL_VERSION_SEARCH), order: readOrder(query.orderBy, MODEL_VERSION_SEARCH), limit: query.limit, after: query.after });
  }

  async update(caller: Caller, name: VersionName, description: string | null): Promise<ModelVersionRecord> {
    const key = await this.#requireOwn(caller, name, 'change');
    return this.#needs.registry.versions.update(key, description, this.#needs.now());
  }

  async changeStage(caller: Caller, name: VersionName, change: { readonly stage: string; readonly archiveOthers: boolean }): Promise<ModelVersionRecord> {
    this.#needs.rights.requireUser(caller, 'change the stage of versions');
    await this.#requireWrite(caller, name);
    const stage = parseStage(change.stage);
    if (change.archiveOthers) checkArchiving(stage);
    return this.#needs.registry.versions.changeStage(keyOf(name), { stage, archiveOthers: change.archiveOthers }, this.#needs.now());
  }

  async delete(caller: Caller, name: VersionName): Promise<void> {
    this.#needs.rights.requireUser(caller, 'delete versions');
    await this.#requireWrite(caller, name);
    await this.#needs.registry.versions.delete(keyOf(name), this.#needs.now());
  }

  async setTag(caller: Caller, name: VersionName, tag: Pair): Promise<void> {
    checkRegistryTag(tag);
    await this.#needs.registry.versions.setTag(await this.#requireOwn(caller, name, 'tag'), tag);
  }

  async deleteTag(caller: Caller, name: VersionName, tag: string): Promise<void> {
    await this.#needs.registry.versions.deleteTag(await this.#requireOwn(caller, name, 'tag'), tag);
  }

  /** A run may change what it registered itself. */
  async #requireOwn(caller: Caller, name: VersionName, verb: string): Promise<VersionKey> {
    await this.#requireWrite(caller, name);
    if (caller.kind === 'run') {
      const { runId } = await this.get(caller, name);
      if (runId === null) throw new TrainyardError('FORBIDDEN', { action: `${verb} versions that do not come from its run` });
      await this.#needs.rights.requireRun(caller, runId);
    }
    return keyOf(name);
  }

  /** A version of a model that the caller does not see is not there, in the words for versions. */
  async #see(caller: Caller, { name, version }: VersionName): Promise<void> {
    const seen = this.#needs.rights.seenBy(caller);
    if (seen !== 'all') await this.#asVersion(this.#needs.rights.seeRegisteredModel(caller, name), { name, version });
  }

  #requireWrite(caller: Caller, name: VersionName): Promise<void> {
    return this.#asVersion(this.#needs.rights.requireRegisteredModel(caller, name.name), name);
  }

  async #asVersion(judged: Promise<void>, name: VersionName): Promise<void> {
    try {
      await judged;
    } catch (error) {
      throw isTrainyardError(error) && error.code === 'REGISTERED_MODEL_NOT_FOUND' ? new TrainyardError('MODEL_VERSION_NOT_FOUND', { ...name }) : error;
    }
  }
}

function keyOf({ name, version }: VersionName): VersionKey {
  return { name, version: parseVersion(version, name) };
}
