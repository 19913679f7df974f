import { gitProviderOf } from '@trainyard/core/training/notebook.ts';
import type { RunnerOrder } from '@trainyard/core/training/runner-order.ts';
import type { ClusterChoice, NotebookRepository, NotebookSource, TrainingSpec } from '@trainyard/core/training/spec.ts';
import type { Program } from './remote-runner/runner-files.ts';

/** What is sent to `runs/submit`, the same for every try: the token makes Databricks start one run of it. */
export interface Submission {
  readonly body: SubmitBody;
  /** A cluster that must be awake first. */
  readonly clusterId?: string | undefined;
  /** 0: no limit. */
  readonly timeoutMs: number;
}

type Fields = Readonly<Record<string, unknown>>;

/** Serverless tries a task again by itself as part of what it calls optimization. Another try is the server's to decide, which counts them. */
const TRIED_ONCE: Fields = { max_retries: 0, disable_auto_optimization: true };

/** In Databricks' own names. */
interface SubmitBody extends Fields {
  readonly tasks: readonly [Fields];
}

/** A name of ours, and the oldest one with a Python that is still looked after. */
const ENVIRONMENT = { environment_key: 'trainyard', spec: { environment_version: '2' } };
/** The server ends a program politely at its limit. Databricks, which just ends it, comes after, should the server be away. */
const AFTER_SERVER_MS = 120_000;

/** Of a notebook it is complete; a program is added by `withProgram`, when it is known where it lies. */
export function submissionFor(key: string, order: RunnerOrder, standard: ClusterChoice): Submission {
  const { spec } = order;
  const { notebook } = spec.algorithmSource;
  const cluster = spec.databricks?.cluster ?? standard;
  const timeoutSeconds = Math.ceil((spec.databricks?.timeoutMs ?? limitOf(spec)) / 1000);
  const body: SubmitBody = {
    // with the key, by which the run is found in lists, as these do not show its token
    run_name: `${order.training} #${order.runNumber}${order.attempt === 1 ? '' : `, attempt ${order.attempt}`} (${key})`,
    idempotency_token: key,
    timeout_seconds: timeoutSeconds,
    // said, because runs beyond the workspace's limit would be refused otherwise
    queue: { enabled: true },
    ...(notebook?.git === undefined ? {} : { git_source: gitSource(notebook.git) }),
    tasks: [notebook === undefined ? { task_key: 'program', ...clusterFields(cluster) } : { task_key: 'notebook', notebook_task: notebookTask(notebook, spec), ...clusterFields(cluster) }],
  };
  return { body, timeoutMs: timeoutSeconds * 1000, ...(isExisting(cluster) ? { clusterId: cluster.existing } : {}) };
}

export function withProgram(submission: Submission, { file, parameters }: Program): Submission {
  const [task] = submission.body.tasks;
  const program: Fields = { ...task, spark_python_task: { python_file: file, parameters, source: 'WORKSPACE' } };
  const hasCluster = 'existing_cluster_id' in task || 'new_cluster' in task;
  // without a cluster of its own a program needs to be told in which environment it runs
  const body: SubmitBody = hasCluster ? { ...submission.body, tasks: [program] } : { ...submission.body, tasks: [{ ...program, environment_key: ENVIRONMENT.environment_key }], environments: [ENVIRONMENT] };
  return { ...submission, body };
}

function limitOf({ timeout, algorithmSource }: TrainingSpec): number {
  return algorithmSource.notebook === undefined ? timeout.runMs + timeout.graceMs + AFTER_SERVER_MS : timeout.runMs;
}

function notebookTask({ path, source }: NotebookSource, spec: TrainingSpec): Record<string, unknown> {
  return { notebook_path: path, source: source === 'git' ? 'GIT' : 'WORKSPACE', base_parameters: { ...spec.hyperParameters } };
}

function clusterFields(cluster: ClusterChoice): Record<string, unknown> {
  if (cluster === 'serverless') return TRIED_ONCE;
  if (isExisting(cluster)) return { existing_cluster_id: cluster.existing };
  return { new_cluster: { ...cluster.new, ...(cluster.pool === undefined ? {} : { instance_pool_id: cluster.pool }) } };
}

function isExisting(cluster: ClusterChoice): cluster is { readonly existing: string } {
  return typeof cluster === 'object' && 'existing' in cluster;
}

function gitSource(git: NotebookRepository): Record<string, unknown> {
  const { url, reference } = git;
  return { git_url: url, git_provider: gitProviderOf(git), ...(reference === undefined ? {} : gitReference(reference)) };
}

function gitReference(reference: string): Record<string, string> {
  if (/^[0-9a-f]{40}$/.test(reference)) return { git_commit: reference };
  const tag = /^refs\/tags\/(.+)$/.exec(reference)?.[1];
  return tag === undefined ? { git_branch: reference.replace(/^refs\/heads\//, '') } : { git_tag: tag };
}
