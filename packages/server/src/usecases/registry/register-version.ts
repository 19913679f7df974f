import { checkAlias, checkModelName, checkRegistryTag } from '@trainyard/core/registry/names.ts';
import type { RegistryStore } from '../../stores/registry.ts';
import type { TrackingStore } from '../../stores/tracking.ts';
import type { Rights } from '../tracking/authorize.ts';
import { resolveSource } from './resolve-source.ts';
import type { RunLineage } from './run-lineage.ts';

export interface RunModel {
  readonly runId: string;
  /** Of the run. */
  readonly project: string;
  /** Of the registered model. */
  readonly name: string;
  /** `models:/<logged model>` or `runs:/<run>/<path>`. */
  readonly source: string;
  readonly modelId?: string | undefined;
  readonly aliases: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

interface Needs {
  readonly registry: RegistryStore;
  readonly store: TrackingStore;
  readonly rights: Rights;
  readonly lineage: Pick<RunLineage, 'tagsOf'>;
  readonly now: () => number;
}

/** Registers what a run left; what another run left is FORBIDDEN. The model is made when it is absent; the same run, name and source again give the same version. */
export async function registerRunModel(needs: Needs, model: RunModel): Promise<{ readonly name: string; readonly version: string }> {
  checkModelName(model.name);
  for (const alias of model.aliases) checkAlias(alias);
  const tags = [...Object.entries(model.tags).map(([key, value]) => ({ key, value })), ...(await needs.lineage.tagsOf(model.runId))];
  for (const tag of tags) checkRegistryTag(tag);
  await needs.rights.requireSource({ kind: 'run', runId: model.runId, project: model.project }, model.source);
  const resolved = await resolveSource(needs, model.source);
  const version = await needs.registry.versions.register(
    {
      name: model.name,
      project: model.project,
      source: model.source,
      storageLocation: resolved.storageLocation,
      description: null,
      userId: null,
      runId: model.runId,
      runLink: null,
      modelId: model.modelId ?? resolved.modelId,
      tags,
      aliases: model.aliases,
    },
    needs.now(),
  );
  return { name: version.name, version: String(version.version) };
}
