import type { ModelVersionColumn, RegisteredModelColumn } from '@trainyard/core/registry/searches.ts';
import type { Stage } from '@trainyard/core/registry/stages.ts';
import type { Pair } from '@trainyard/core/tracking/batch.ts';
import type { Condition, SortKey } from '@trainyard/core/tracking/filter/condition.ts';
import type { Page, Paging } from './tracking.ts';

export interface RegisteredModelRecord {
  readonly name: string;
  readonly description: string | null;
  readonly createdAt: number;
  /** Moves with a new version, a version's stage and a version's deletion, not with a version's description. */
  readonly updatedAt: number;
  readonly tags: readonly Pair[];
  readonly aliases: readonly Alias[];
  /** The newest version of each stage, in order of their numbers. */
  readonly latestVersions: readonly ModelVersionRecord[];
}

export interface Alias {
  readonly alias: string;
  readonly version: number;
}

export interface ModelVersionRecord {
  readonly name: string;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly description: string | null;
  readonly userId: string | null;
  readonly stage: Stage;
  readonly source: string;
  /** Where clients find the files; the source when that says it already. */
  readonly storageLocation: string;
  readonly runId: string | null;
  readonly runLink: string | null;
  readonly modelId: string | null;
  readonly tags: readonly Pair[];
  readonly aliases: readonly string[];
}

export interface NewRegisteredModel {
  readonly name: string;
  readonly description: string | null;
  readonly tags: readonly Pair[];
}

export interface NewModelVersion {
  readonly name: string;
  readonly source: string;
  readonly storageLocation: string;
  readonly description: string | null;
  readonly userId: string | null;
  readonly runId: string | null;
  readonly runLink: string | null;
  readonly modelId: string | null;
  readonly tags: readonly Pair[];
}

/** A version that a run leaves behind. */
export interface RunModelVersion extends Omit<NewModelVersion, 'runId'> {
  readonly runId: string;
  readonly aliases: readonly string[];
}

export interface StageChange {
  readonly stage: Stage;
  /** Move the others of that stage to Archived. */
  readonly archiveOthers: boolean;
}

export interface RegisteredModelSearch extends Paging {
  readonly conditions: readonly Condition<RegisteredModelColumn>[];
  /** By name when empty. */
  readonly order: readonly SortKey<RegisteredModelColumn>[];
}

export interface ModelVersionSearch extends Paging {
  readonly conditions: readonly Condition<ModelVersionColumn>[];
  /** Before the default order: last changed first, then name, then highest version. */
  readonly order: readonly SortKey<ModelVersionColumn>[];
}

/** Registered models and their versions. What is not there is REGISTERED_MODEL_NOT_FOUND or MODEL_VERSION_NOT_FOUND. */
export interface RegistryStore {
  /** REGISTERED_MODEL_EXISTS. */
  createModel(model: NewRegisteredModel, now: number): Promise<RegisteredModelRecord>;
  findModel(name: string): Promise<RegisteredModelRecord | undefined>;
  searchModels(search: RegisteredModelSearch): Promise<Page<RegisteredModelRecord>>;
  updateModel(name: string, description: string | null, now: number): Promise<RegisteredModelRecord>;
  /** Its versions keep their numbers; the old name is free. REGISTERED_MODEL_EXISTS. */
  renameModel(name: string, newName: string, now: number): Promise<RegisteredModelRecord>;
  /** With all its versions. */
  deleteModel(name: string): Promise<void>;
  setModelTag(name: string, tag: Pair): Promise<void>;
  deleteModelTag(name: string, key: string): Promise<void>;
  setAlias(name: string, alias: Alias): Promise<void>;
  deleteAlias(name: string, alias: string): Promise<void>;

  createVersion(version: NewModelVersion, now: number): Promise<ModelVersionRecord>;
  /** Makes the model when it is absent. The same run, name and source again give the version that is there; aliases are set each time. */
  registerVersion(version: RunModelVersion, now: number): Promise<ModelVersionRecord>;
  findVersion(name: string, version: number): Promise<ModelVersionRecord | undefined>;
  searchVersions(search: ModelVersionSearch): Promise<Page<ModelVersionRecord>>;
  updateVersion(name: string, version: number, change: { readonly description: string | null; readonly now: number }): Promise<ModelVersionRecord>;
  changeStage(name: string, version: number, change: StageChange & { readonly now: number }): Promise<ModelVersionRecord>;
  /** Its number is never given again. */
  deleteVersion(name: string, version: number, now: number): Promise<void>;
  setVersionTag(name: string, version: number, tag: Pair): Promise<void>;
  deleteVersionTag(name: string, version: number, key: string): Promise<void>;
}
