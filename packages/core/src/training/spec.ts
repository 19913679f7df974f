import type { Reason } from './reason.ts';
import type { StepName } from './states.ts';

/** What the user asked for, with defaults filled: ODAHU's ModelTraining and our superset of it. Durations are milliseconds. */
export interface TrainingSpec {
  readonly model: ModelName;
  readonly toolchain: string;
  readonly engine: string;
  readonly project: string;
  /** Where the code comes from; exactly one of them. */
  readonly algorithmSource: AlgorithmSource;
  /** MLproject entry point, or a script (`train.py`, `train.sh`) in workDir. */
  readonly entrypoint?: string | undefined;
  /** Toolchain `command`: the argv. Toolchain `mlflow`: not used (as in ODAHU). */
  readonly args: readonly string[];
  /** Relative to the root of the source. */
  readonly workDir: string;
  /** What is fetched into the workspace beside the source, in this order. */
  readonly data: readonly DataBinding[];
  /** Id of the connection the trained model binary is also put to. */
  readonly outputConnection?: string | undefined;
  readonly hyperParameters: Readonly<Record<string, string>>;
  readonly envs: readonly EnvironmentVariable[];
  /** Environment variable → name of a sealed secret. */
  readonly secretEnvs: readonly SecretVariable[];
  readonly image?: string | undefined;
  readonly resources: Resources;
  /** Labels of the machines it may run on, for engines that have several. */
  readonly nodeSelector?: Readonly<Record<string, string>> | undefined;
  /** Larger goes first; -1000…1000. */
  readonly priority: number;
  readonly timeout: Timeouts;
  readonly retry: RetryPolicy;
  readonly register: Registration;
  readonly environment: EnvironmentChoice;
  /** Name of the MLflow experiment its runs belong to; the training's id when absent. */
  readonly experiment?: string | undefined;
  /** For the engine `databricks` only. */
  readonly databricks?: DatabricksChoice | undefined;
}

export interface ModelName {
  readonly name: string;
  readonly version: string;
  /** Go template over .Name, .Version, .RandomUUID, .CommitID. */
  readonly artifactNameTemplate: string;
}

export interface AlgorithmSource {
  readonly git?: GitSource | undefined;
  readonly vcs?: VcsSource | undefined;
  readonly objectStorage?: ObjectStorageSource | undefined;
  readonly snapshot?: SnapshotSource | undefined;
  readonly notebook?: NotebookSource | undefined;
}

export interface GitSource {
  /** https:// or file:// */
  readonly url: string;
  /** Branch, tag or commit; the default branch when absent. */
  readonly reference?: string | undefined;
}

/** A repository behind a connection. */
export interface VcsSource {
  /** Id of a connection of the type git. */
  readonly connection: string;
  /** Branch, tag or commit; the connection's own when absent, and without one the default branch. */
  readonly reference?: string | undefined;
}

export interface ObjectStorageSource {
  /** Id of a connection. */
  readonly connection: string;
  /** From the root of the bucket; the path of the connection's uri when absent. */
  readonly path?: string | undefined;
}

export interface DataBinding {
  /** Id of a connection. */
  readonly connection: string;
  /** Inside of the source; with a slash at its end it is a directory. */
  readonly localPath: string;
  /** From the root of the bucket; the path of the connection's uri when absent. */
  readonly remotePath?: string | undefined;
}

export interface SnapshotSource {
  /** sha256 of the uploaded tar.gz, 64 hex digits. */
  readonly digest: string;
}

/** A notebook that the engine fetches itself; only an engine that holds notebooks takes it. */
export interface NotebookSource {
  /** Source `workspace`: from the root of the workspace, with a leading slash. Source `git`: from the root of the repository. */
  readonly path: string;
  readonly source: 'workspace' | 'git';
  /** There when the source is `git`, and only then. */
  readonly git?: NotebookRepository | undefined;
}

export interface NotebookRepository {
  /** https:// */
  readonly url: string;
  /** Branch, `refs/tags/<tag>`, or commit (40 hex digits). */
  readonly reference?: string | undefined;
  /** What the host runs; told by its name when absent. */
  readonly provider?: GitProvider | undefined;
}

/** Databricks' own names. */
export const GIT_PROVIDERS = ['gitHub', 'gitHubEnterprise', 'gitLab', 'gitLabEnterpriseEdition', 'bitbucketCloud', 'bitbucketServer', 'azureDevOpsServices', 'awsCodeCommit'] as const;
export type GitProvider = (typeof GIT_PROVIDERS)[number];

export interface DatabricksChoice {
  /** Where it runs; the server's own choice when absent. */
  readonly cluster?: ClusterChoice | undefined;
  /** Limit that Databricks itself keeps, rounded up to seconds; when absent `timeout.runMs` of a notebook, and somewhat more of a program, which the server ends first. */
  readonly timeoutMs?: number | undefined;
}

/**
 * `existing`: id of an all-purpose cluster, which is started when it is terminated. `new`: Databricks' `new_cluster` as it is,
 * a cluster for this attempt alone; with `pool` its machines come from that instance pool.
 */
export type ClusterChoice =
  | 'serverless'
  | { readonly existing: string }
  | { readonly new: Readonly<Record<string, unknown>>; readonly pool?: string | undefined };

export interface EnvironmentVariable {
  readonly name: string;
  readonly value: string;
}

export interface SecretVariable {
  readonly name: string;
  readonly secret: string;
}

export interface ResourceAmounts {
  readonly cpu?: string | undefined;
  readonly memory?: string | undefined;
  readonly gpu?: string | undefined;
}

export interface Resources {
  readonly limits?: ResourceAmounts | undefined;
  readonly requests?: ResourceAmounts | undefined;
}

export interface Timeouts {
  /** From the start of an attempt to its end. */
  readonly runMs: number;
  readonly stepsMs: Readonly<Partial<Record<StepName, number | undefined>>>;
  /** From the polite signal to the one that cannot be refused. */
  readonly graceMs: number;
}

export interface RetryPolicy {
  readonly maxAttempts: number;
  /** Reasons to try again for, beside those that always are. */
  readonly on: readonly Reason[];
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
}

export interface Registration {
  /** `when_present`: a model that is there is registered, a missing one is no failure. */
  readonly mode: 'required' | 'when_present' | 'never';
  /** Name in the registry; model.name when absent. */
  readonly name?: string | undefined;
  /** Which of several logged models is meant. */
  readonly artifact?: string | undefined;
  readonly aliases: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

export interface EnvironmentChoice {
  /** `auto`: uv when it can be had, venv and pip otherwise. `none`: the python that is there, nothing installed. */
  readonly manager: 'auto' | 'uv' | 'venv' | 'conda' | 'none';
  readonly pythonMismatch: 'fail' | 'nearest';
}

export const DEFAULT_ARTIFACT_NAME = '{{ .Name }}-{{ .Version }}-{{ .RandomUUID }}.zip';
