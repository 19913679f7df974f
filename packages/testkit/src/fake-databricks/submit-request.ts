import { ApiProblem, badValue } from './api-problem.ts';
import { assertShape, isAnything, isFlag, isInteger, isListOf, isObject, isOneOf, isText, isTextMap } from './check-shape.ts';

export interface SubmitRequest {
  readonly run_name?: string;
  readonly idempotency_token?: string;
  readonly timeout_seconds?: number;
  readonly queue?: { readonly enabled: boolean };
  readonly git_source?: Readonly<Record<string, string>>;
  readonly environments?: readonly { readonly environment_key: string }[];
  readonly tasks: readonly SubmitTask[];
}

export interface SubmitTask {
  readonly task_key: string;
  readonly existing_cluster_id?: string;
  readonly new_cluster?: Readonly<Record<string, unknown>>;
  readonly timeout_seconds?: number;
  readonly environment_key?: string;
  readonly max_retries?: number;
  readonly disable_auto_optimization?: boolean;
  readonly notebook_task?: NotebookTask;
  readonly spark_python_task?: PythonTask;
}

interface NotebookTask {
  readonly notebook_path: string;
  readonly source?: string;
  readonly base_parameters?: Readonly<Record<string, string>>;
}

export interface PythonTask {
  readonly python_file: string;
  readonly source?: string;
  readonly parameters?: readonly string[];
}

const GIT_PROVIDERS = ['awsCodeCommit', 'azureDevOpsServices', 'bitbucketCloud', 'bitbucketServer', 'gitHub', 'gitHubEnterprise', 'gitLab', 'gitLabEnterpriseEdition'];
const MAX_PARAMETER_BYTES = 1024 * 1024;
const MAX_PYTHON_PARAMETER_BYTES = 10_000;

/** Field names and types of `SubmitRun` and `SubmitTask` of the API 2.2; those we never send are allowed without a look inside. */
const TASK = isObject(
  {
    task_key: isText,
    description: isText,
    existing_cluster_id: isText,
    new_cluster: isObject(
      Object.fromEntries(
        [
          ...['spark_version', 'node_type_id', 'driver_node_type_id', 'instance_pool_id', 'driver_instance_pool_id', 'policy_id', 'cluster_name', 'data_security_mode', 'runtime_engine', 'single_user_name', 'kind'].map((name) => [name, isText] as const),
          ...['num_workers', 'autotermination_minutes'].map((name) => [name, isInteger] as const),
          ...['spark_conf', 'spark_env_vars', 'custom_tags'].map((name) => [name, isTextMap] as const),
          ...['enable_elastic_disk', 'is_single_node', 'use_ml_runtime', 'apply_policy_default_values', 'enable_local_disk_encryption'].map((name) => [name, isFlag] as const),
          ...['autoscale', 'aws_attributes', 'azure_attributes', 'gcp_attributes', 'cluster_log_conf', 'docker_image', 'init_scripts', 'ssh_public_keys', 'workload_type'].map((name) => [name, isAnything] as const),
        ],
      ),
    ),
    notebook_task: isObject({ notebook_path: isText, source: isOneOf('WORKSPACE', 'GIT'), base_parameters: isTextMap, warehouse_id: isText }, ['notebook_path']),
    spark_python_task: isObject({ python_file: isText, parameters: isListOf(isText), source: isOneOf('WORKSPACE', 'GIT') }, ['python_file']),
    timeout_seconds: isInteger,
    libraries: isListOf(isAnything),
    environment_key: isText,
    max_retries: isInteger,
    min_retry_interval_millis: isInteger,
    retry_on_timeout: isFlag,
    disable_auto_optimization: isFlag,
    depends_on: isListOf(isAnything),
    run_if: isText,
    email_notifications: isAnything,
    notification_settings: isAnything,
    webhook_notifications: isAnything,
    health: isAnything,
  },
  ['task_key'],
);

const SUBMIT = isObject(
  {
    run_name: isText,
    idempotency_token: isText,
    timeout_seconds: isInteger,
    queue: isObject({ enabled: isFlag }, ['enabled']),
    git_source: isObject({ git_url: isText, git_provider: isOneOf(...GIT_PROVIDERS), git_branch: isText, git_tag: isText, git_commit: isText }, ['git_url', 'git_provider']),
    tasks: isListOf(TASK),
    access_control_list: isAnything,
    budget_policy_id: isText,
    usage_policy_id: isText,
    email_notifications: isAnything,
    environments: isListOf(isObject({ environment_key: isText, spec: isObject({ environment_version: isText, client: isText, dependencies: isListOf(isText), java_dependencies: isListOf(isText) }) }, ['environment_key'])),
    health: isAnything,
    notification_settings: isAnything,
    run_as: isAnything,
    webhook_notifications: isAnything,
  },
  ['tasks'],
);

/** Throws what the API answers to a request it does not take. */
export function checkSubmit(body: unknown): SubmitRequest {
  assertShape(body, SUBMIT);
  // its shape was just checked
  const request = body as SubmitRequest;
  if (request.tasks.length !== 1) throw badValue('this workspace runs one task at a time');
  if ((request.idempotency_token?.length ?? 0) > 64) throw badValue('The idempotency token must have at most 64 characters.');
  if ((request.timeout_seconds ?? 0) < 0) throw badValue('timeout_seconds must not be negative.');
  const refs = ['git_branch', 'git_tag', 'git_commit'].filter((name) => request.git_source?.[name] !== undefined);
  if (refs.length > 1) throw badValue(`Only one of ${refs.join(', ')} may be specified.`);
  for (const task of request.tasks) checkTask(task, request);
  return request;
}

function checkTask(task: SubmitTask, request: SubmitRequest): void {
  const { existing_cluster_id: existing, new_cluster: fresh, notebook_task: notebook, spark_python_task: python } = task;
  if (existing !== undefined && fresh !== undefined) throw badValue('Only one of existing_cluster_id and new_cluster may be specified.');
  if (fresh !== undefined && typeof fresh['spark_version'] !== 'string') throw badValue('new_cluster.spark_version is required.');
  if (fresh !== undefined && fresh['node_type_id'] === undefined && fresh['instance_pool_id'] === undefined) throw badValue('One of node_type_id and instance_pool_id is required.');
  if (fresh?.['node_type_id'] !== undefined && fresh['instance_pool_id'] !== undefined) throw badValue("The field 'node_type_id' cannot be supplied when an instance pool ID is provided.");
  if ((notebook === undefined) === (python === undefined)) throw badValue('Exactly one of notebook_task, spark_python_task must be specified.');
  if (notebook !== undefined) checkNotebook(notebook, request);
  if (python !== undefined) checkPython(python, task, request);
}

function checkNotebook(notebook: NotebookTask, request: SubmitRequest): void {
  const source = notebook.source ?? (request.git_source === undefined ? 'WORKSPACE' : 'GIT');
  if (source === 'GIT' && request.git_source === undefined) throw badValue('git_source is required for tasks of source GIT.');
  if (source === 'WORKSPACE' && !notebook.notebook_path.startsWith('/')) throw badValue('Only absolute paths are supported: notebook_path must begin with a slash.');
  if (source === 'GIT' && notebook.notebook_path.startsWith('/')) throw badValue('notebook_path must be relative for notebooks of a remote repository.');
  if (Buffer.byteLength(JSON.stringify(notebook.base_parameters ?? {})) > MAX_PARAMETER_BYTES) throw new ApiProblem(400, 'MAX_PARAMETER_SIZE_EXCEEDED', 'base_parameters exceed 1MB.');
}

/** Without a cluster of its own a program needs an environment that the request describes, and with one it may not name any. */
function checkPython(python: PythonTask, task: SubmitTask, request: SubmitRequest): void {
  const isServerless = task.existing_cluster_id === undefined && task.new_cluster === undefined;
  if (python.source !== 'GIT' && !/^(\/|dbfs:|s3:|abfss:|gs:)/.test(python.python_file)) throw badValue('Only absolute paths are supported: python_file must begin with a slash.');
  if (isServerless && !request.environments?.some((one) => one.environment_key === task.environment_key)) throw badValue('A task that runs on serverless compute needs an environment_key of environments.');
  if (!isServerless && task.environment_key !== undefined) throw badValue('environment_key is for serverless compute only.');
  if (Buffer.byteLength(JSON.stringify(python.parameters ?? [])) > MAX_PYTHON_PARAMETER_BYTES) throw new ApiProblem(400, 'MAX_PARAMETER_SIZE_EXCEEDED', 'parameters exceed 10000 bytes.');
}
