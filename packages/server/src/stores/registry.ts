import type { Projects } from '@trainyard/core/access/reach.ts';
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
  /** `default` when absent. */
  readonly project?: string | undefined;
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
  /** Of the run, and of the model when it is made; `default` when absent. */
  readonly project?: string | undefined;
  readonly runId: string;
  readonly aliases: readonly string[];
}

export interface StageChange {
  readonly stage: Stage;
  /** Move the others of that stage to Archived. */
  readonly archiveOthers: boolean;
}

export interface RegisteredModelSearch extends Paging {
  /** All when absent. */
  readonly projects?: Projects | undefined;
  readonly conditions: readonly Condition<RegisteredModelColumn>[];
  /** By name when empty. */
  readonly order: readonly SortKey<RegisteredModelColumn>[];
}

export interface ModelVersionSearch extends Paging {
  /** All when absent. */
  readonly projects?: Projects | undefined;
  readonly conditions: readonly Condition<ModelVersionColumn>[];
  /** Before the default order: last changed first, then name, then highest version. */
  readonly order: readonly SortKey<ModelVersionColumn>[];
}

/** Registered models. What is not there is REGISTERED_MODEL_NOT_FOUND. */
export interface RegisteredModelStore {
  /** REGISTERED_MODEL_EXISTS. */
  create(model: NewRegisteredModel, now: number): Promise<RegisteredModelRecord>;
  find(name: string): Promise<RegisteredModelRecord | undefined>;
  search(search: RegisteredModelSearch): Promise<Page<RegisteredModelRecord>>;
  update(name: string, description: string | null, now: number): Promise<RegisteredModelRecord>;
  /** Its versions keep their numbers; the old name is free. REGISTERED_MODEL_EXISTS. */
  rename(name: string, newName: string, now: number): Promise<RegisteredModelRecord>;
  /** With all its versions. */
  delete(name: string): Promise<void>;
  setTag(name: string, tag: Pair): Promise<void>;
  /** Deleting it again succeeds. */
  deleteTag(name: string, key: string): Promise<void>;
  /** MODEL_VERSION_NOT_FOUND. */
  setAlias(name: string, alias: Alias): Promise<void>;
  /** Deleting it again succeeds. */
  deleteAlias(name: string, alias: string): Promise<void>;
}

/** A version by its address. */
export interface VersionKey {
  readonly name: string;
  readonly version: number;
}

/** Versions of registered models. What is not there is MODEL_VERSION_NOT_FOUND. */
export interface ModelVersionStore {
  /** REGISTERED_MODEL_NOT_FOUND. */
  create(version: NewModelVersion, now: number): Promise<ModelVersionRecord>;
  /** Makes the model when it is absent; OTHER_PROJECT when that of another project has the name. The same run, name and source again give the version that is there; aliases are set each time. */
  register(version: RunModelVersion, now: number): Promise<ModelVersionRecord>;
  find(key: VersionKey): Promise<ModelVersionRecord | undefined>;
  search(search: ModelVersionSearch): Promise<Page<ModelVersionRecord>>;
  update(key: VersionKey, description: string | null, now: number): Promise<ModelVersionRecord>;
  changeStage(key: VersionKey, change: StageChange, now: number): Promise<ModelVersionRecord>;
  /** Its number is never given again. */
  delete(key: VersionKey, now: number): Promise<void>;
  setTag(key: VersionKey, tag: Pair): Promise<void>;
  /** Deleting it again succeeds. */
  deleteTag(key: VersionKey, tag: string): Promise<void>;
}

export interface RegistryStore {
  readonly models: RegisteredModelStore;
  readonly versions: ModelVersionStore;
}
