import { TrainyardError } from '@trainyard/core/errors.ts';
import { parseSource } from '@trainyard/core/registry/source.ts';
import type { ModelVersionRecord, RegistryStore } from '../../stores/registry.ts';
import type { TrackingStore } from '../../stores/tracking.ts';

export interface ResolvedSource {
  /** Where clients download from. */
  readonly storageLocation: string;
  readonly runId: string | null;
  readonly modelId: string | null;
}

interface Needs {
  readonly registry: RegistryStore;
  readonly store: TrackingStore;
}

/** Follows a source to the files it means: a logged model to its artifacts, a copied version to what that one was made from. */
export async function resolveSource(needs: Needs, source: string): Promise<ResolvedSource> {
  const parsed = parseSource(source);
  switch (parsed.kind) {
    case 'logged_model': {
      const model = await needs.store.loggedModels.find(parsed.modelId);
      if (model === undefined) throw new TrainyardError('LOGGED_MODEL_NOT_FOUND', { id: parsed.modelId });
      return { storageLocation: model.artifactUri, runId: model.sourceRunId, modelId: model.id };
    }
    case 'version':
      return ofVersion(await needs.registry.versions.find(parsed), parsed.name, parsed.version);
    case 'alias': {
      const model = await needs.registry.models.find(parsed.name);
      if (model === undefined) throw new TrainyardError('REGISTERED_MODEL_NOT_FOUND', { name: parsed.name });
      const alias = model.aliases.find((one) => one.alias === parsed.alias);
      if (alias === undefined) throw new TrainyardError('MODEL_ALIAS_NOT_FOUND', { alias: parsed.alias });
      return ofVersion(await needs.registry.versions.find({ name: parsed.name, version: alias.version }), parsed.name, alias.version);
    }
    case 'run':
    case 'artifacts':
    case 'elsewhere':
      return { storageLocation: source, runId: null, modelId: null };
    default:
      return parsed satisfies never;
  }
}

function ofVersion(found: ModelVersionRecord | undefined, name: string, version: number): ResolvedSource {
  if (found === undefined) throw new TrainyardError('MODEL_VERSION_NOT_FOUND', { name, version });
  return { storageLocation: found.storageLocation, runId: found.runId, modelId: found.modelId };
}
