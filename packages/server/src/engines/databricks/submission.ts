import { gitProviderOf } from '@trainyard/core/training/notebook.ts';
import type { RunnerOrder } from '@trainyard/core/training/runner-order.ts';
import type { ClusterChoice, NotebookRepository, NotebookSource, TrainingSpec } from '@trainyard/core/training/spec.ts';

/** What is sent to `runs/submit`, the same for every try: the token makes Databricks start one run of it. */
export interface Submission {
  readonly body: Readonly<Record<string, unknown>>;
  /** A cluster that must be awake first. */
  readonly clusterId?: string | undefined;
  /** 0: no limit. */
  readonly timeoutMs: number;
}

const TASK_KEY = 'notebook';

export function submissionFor(key: string, order: RunnerOrder, standard: ClusterChoice): Submission {
  const { spec } = order;
  const { notebook } = spec.algorithmSource;
  // refused at submit; a run that waited through a change of the configuration may still get here
  if (notebook === undefined) throw new Error("the engine 'databricks' takes notebooks only: name one with algorithmSource.notebook");
  const cluster = spec.databricks?.cluster ?? standard;
  const timeoutSeconds = Math.ceil((spec.databricks?.timeoutMs ?? spec.timeout.runMs) / 1000);
  const body = {
    run_name: `${order.training} #${order.runNumber}${order.attempt === 1 ? '' : `, attempt ${order.attempt}`}`,
    idempotency_token: key,
    timeout_seconds: timeoutSeconds,
    // said, because runs beyond the workspace's limit would be refused otherwise
    queue: { enabled: true },
    ...(notebook.git === undefined ? {} : { git_source: gitSource(notebook.git) }),
    tasks: [{ task_key: TASK_KEY, notebook_task: notebookTask(notebook, spec), ...clusterFields(cluster) }],
  };
  return { body, timeoutMs: timeoutSeconds * 1000, ...(isExisting(cluster) ? { clusterId: cluster.existing } : {}) };
}

function notebookTask({ path, source }: NotebookSource, spec: TrainingSpec): Record<string, unknown> {
  return { notebook_path: path, source: source === 'git' ? 'GIT' : 'WORKSPACE', base_parameters: { ...spec.hyperParameters } };
}

function clusterFields(cluster: ClusterChoice): Record<string, unknown> {
  if (cluster === 'serverless') return {};
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
