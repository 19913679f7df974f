import type { ArtifactStore } from '../../artifacts/artifact-store.ts';
import type { RegistryStore } from '../../stores/registry.ts';
import type { TrackingStore } from '../../stores/tracking.ts';
import { ModelVersions } from '../registry/model-versions.ts';
import { registerRunModel, type RunModel } from '../registry/register-version.ts';
import { RegisteredModels } from '../registry/registered-models.ts';
import { type LaunchedRuns, RunLineage } from '../registry/run-lineage.ts';
import { Artifacts } from './artifacts.ts';
import type { Rights } from './authorize.ts';
import { Experiments } from './experiments.ts';
import { LoggedModels } from './logged-models.ts';
import { TrackingRuns } from './runs.ts';

export interface TrackingNeeds {
  readonly store: TrackingStore;
  readonly rights: Rights;
  readonly registry: RegistryStore;
  readonly artifacts: ArtifactStore;
  readonly launched: LaunchedRuns;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** 32 hex digits that nobody has. */
  readonly newId: () => string;
  /** What relative artifact locations are relative to: the server's working directory. */
  readonly workingDirectory: string;
}

/** Everything clients of MLflow's tracking and registry can do, whatever language they speak it in. */
export interface Tracking {
  readonly experiments: Experiments;
  readonly runs: TrackingRuns;
  readonly loggedModels: LoggedModels;
  readonly artifacts: Artifacts;
  readonly registeredModels: RegisteredModels;
  readonly modelVersions: ModelVersions;
  /** For the runner's publish step. */
  registerRunModel(model: RunModel): Promise<{ readonly name: string; readonly version: string }>;
}

export function createTracking(needs: TrackingNeeds): Tracking {
  const { store, rights, registry, artifacts, launched, now, newId, workingDirectory } = needs;
  const lineage = new RunLineage({ launched, runs: store.runs });
  return {
    experiments: new Experiments({ experiments: store.experiments, rights, now, workingDirectory }),
    runs: new TrackingRuns({ runs: store.runs, rights, now, newId }),
    loggedModels: new LoggedModels({ loggedModels: store.loggedModels, rights, now, newId }),
    artifacts: new Artifacts({ store, artifacts, rights }),
    registeredModels: new RegisteredModels({ models: registry.models, rights, now }),
    modelVersions: new ModelVersions({ registry, store, rights, lineage, now }),
    registerRunModel: (model) => registerRunModel({ registry, store, rights, lineage, now }, model),
  };
}
