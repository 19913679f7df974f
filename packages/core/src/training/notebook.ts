import { type GitProvider, GIT_PROVIDERS, type NotebookRepository, type NotebookSource, type TrainingSpec } from './spec.ts';

/** Of the parameters as JSON; the limit of Databricks. */
export const MAX_NOTEBOOK_PARAMETER_BYTES = 1_000_000;

const REPOSITORY = /^https:\/\/[^/@\s]+\/\S+$/i;
const ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;
/** What a runner does with them no notebook does: left in silence they would be missed only by the training. */
const UNUSED = ['args', 'envs', 'secretEnvs'] as const;

/** What is wrong with the fields of the toolchain `notebook` and of the engine that runs notebooks. */
export function notebookProblems(spec: TrainingSpec): string[] {
  const { notebook } = spec.algorithmSource;
  if (notebook === undefined) return [...fileProblems(spec), ...databricksProblems(spec)];
  return [
    ...(spec.toolchain === 'notebook' ? [] : [`algorithmSource.notebook needs the toolchain 'notebook', not '${spec.toolchain}'`]),
    ...pathProblems(notebook),
    ...repositoryProblems(notebook),
    ...unusedProblems(spec),
    ...parameterProblems(spec),
    ...databricksProblems(spec),
  ];
}

/** The provider of a repository: the one that is named, or the one its host is known for. */
export function gitProviderOf({ url, provider }: NotebookRepository): GitProvider | undefined {
  if (provider !== undefined) return provider;
  const host = /^https:\/\/([^/:]+)/i.exec(url)?.[1]?.toLowerCase() ?? '';
  if (host === 'github.com') return 'gitHub';
  if (host === 'gitlab.com') return 'gitLab';
  if (host === 'bitbucket.org') return 'bitbucketCloud';
  if (host === 'dev.azure.com' || host.endsWith('.visualstudio.com')) return 'azureDevOpsServices';
  return host.startsWith('git-codecommit.') ? 'awsCodeCommit' : undefined;
}

function fileProblems({ toolchain, entrypoint }: TrainingSpec): string[] {
  if (toolchain !== 'notebook' || /\.(ipynb|py)$/.test(entrypoint ?? '')) return [];
  return [`the toolchain 'notebook' needs entrypoint: a file that ends in .ipynb, or in .py (the source format of Databricks)${entrypoint === undefined ? '' : `, found '${entrypoint}'`} (or algorithmSource.notebook on an engine that holds notebooks)`];
}

function pathProblems({ path, source }: NotebookSource): string[] {
  const leaves = path.split('/').includes('..') || /[\u0000-\u001f\\]/.test(path);
  if (leaves) return [`algorithmSource.notebook.path '${path}' must not have '..', backslashes or control characters`];
  if (source === 'workspace') return path.startsWith('/') && path.length > 1 ? [] : [`algorithmSource.notebook.path '${path}' must begin with / and name a notebook of the workspace`];
  return path.startsWith('/') ? [`algorithmSource.notebook.path '${path}' must be relative to the root of the repository`] : [];
}

function repositoryProblems({ source, git }: NotebookSource): string[] {
  if (source === 'workspace') return git === undefined ? [] : ["algorithmSource.notebook.git is for source: git only"];
  if (git === undefined) return ['algorithmSource.notebook with source: git needs git: { url }'];
  if (!REPOSITORY.test(git.url)) return [`algorithmSource.notebook.git.url must begin with https:// and hold no user or password, found '${git.url.replace(/\/\/[^/@]*@/, '//…@')}'`];
  const bad = git.reference !== undefined && !/^(?!-)[^\s~^:?*[\\\u0000-\u001f\u007f]{1,255}$/.test(git.reference);
  return [
    ...(bad ? [`algorithmSource.notebook.git.reference '${git.reference ?? ''}' is not a branch, tag or commit`] : []),
    ...(gitProviderOf(git) === undefined ? [`algorithmSource.notebook.git needs provider for this host: one of ${GIT_PROVIDERS.join(', ')}`] : []),
  ];
}

function unusedProblems(spec: TrainingSpec): string[] {
  const given = [...UNUSED.filter((field) => spec[field].length > 0), ...(spec.entrypoint === undefined ? [] : ['entrypoint']), ...(spec.image === undefined ? [] : ['image'])];
  return [
    ...given.map((field) => `${field} has no meaning for algorithmSource.notebook: pass values as hyperParameters`),
    ...(spec.register.mode === 'required' ? ['register cannot be required for algorithmSource.notebook: what such a notebook logs stays with the engine'] : []),
  ];
}

function parameterProblems({ hyperParameters }: TrainingSpec): string[] {
  const bytes = utf8Bytes(JSON.stringify(hyperParameters));
  return bytes <= MAX_NOTEBOOK_PARAMETER_BYTES ? [] : [`hyperParameters take ${bytes} bytes as JSON; a notebook takes at most ${MAX_NOTEBOOK_PARAMETER_BYTES}`];
}

function databricksProblems({ engine, databricks }: TrainingSpec): string[] {
  if (databricks === undefined) return [];
  if (engine !== 'databricks') return [`databricks is for the engine 'databricks', not for '${engine}'`];
  const { cluster } = databricks;
  if (cluster === undefined || cluster === 'serverless') return [];
  if ('existing' in cluster) return ID.test(cluster.existing) ? [] : [`databricks.cluster.existing '${cluster.existing}' is not the id of a cluster`];
  const hasPool = cluster.pool !== undefined || 'instance_pool_id' in cluster.new;
  return [
    ...(typeof cluster.new['spark_version'] === 'string' ? [] : ["databricks.cluster.new needs spark_version, such as '15.4.x-scala2.12'"]),
    ...(cluster.pool === undefined || ID.test(cluster.pool) ? [] : [`databricks.cluster.pool '${cluster.pool}' is not the id of an instance pool`]),
    ...(cluster.pool !== undefined && 'instance_pool_id' in cluster.new ? ['databricks.cluster.pool and new.instance_pool_id are both specified, must be only one'] : []),
    ...(hasPool && 'node_type_id' in cluster.new ? ['databricks.cluster.new.node_type_id cannot be given with an instance pool, whose machines are used: leave it out'] : []),
  ];
}

/** Core knows no encoder: counts what each character takes. */
function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}
