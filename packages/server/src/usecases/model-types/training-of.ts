import { createHash } from 'node:crypto';
import { toTrainingSpec, TrainingSpecBody } from '@trainyard/api/schemas/training.ts';
import type { GitProvider, TrainingSpec } from '@trainyard/core/training/spec.ts';

/** Where the notebook of every model type lies, and what runs it. */
export type NotebookHome =
  | { readonly kind: 'workspace'; readonly clusterId: string }
  | { readonly kind: 'workspace_git'; readonly clusterId: string; readonly url: string; readonly reference: string | undefined; readonly provider: GitProvider | undefined }
  | { readonly kind: 'local_git'; readonly url: string; readonly reference: string | undefined }
  | { readonly kind: 'local_snapshot'; readonly digest: string };

export interface ModelTypeSettings {
  /** Model type → path of its notebook. */
  readonly notebooks: ReadonlyMap<string, string>;
  readonly home: NotebookHome;
  /** Limit of a run; none of its own when undefined. */
  readonly timeoutMs: number | undefined;
}

/** Trainings of model types are in this project and have this prefix; what is not is out of reach. */
export const PROJECT = 'on-demand';
const PREFIX = 'on-demand-';
const LONGEST_SLUG = 40;
const NO_TIMEOUT_DAYS = 365;

/** The id of a model type's training: the same for ever, another for every other model type. */
export function trainingIdOf(modelType: string): string {
  const slug = slugOf(modelType);
  return PREFIX + (slug === modelType ? slug : `${slug === '' ? '' : `${slug}-`}${createHash('sha256').update(modelType).digest('hex').slice(0, 12)}`);
}

export function isModelTypeTraining({ trainingId, project }: { readonly trainingId: string; readonly project: string }): boolean {
  return project === PROJECT && trainingId.startsWith(PREFIX);
}

/** The training of a model type, without the parameters of a run. */
export function trainingSpecOf(modelType: string, path: string, { home, timeoutMs }: ModelTypeSettings): TrainingSpec {
  const slug = slugOf(modelType);
  const body = TrainingSpecBody.parse({
    model: { name: /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(modelType) ? modelType : slug === '' ? 'model' : slug, version: '1' },
    toolchain: 'notebook',
    project: PROJECT,
    timeout: { run: timeoutMs === undefined ? `${NO_TIMEOUT_DAYS}d` : timeoutMs / 1000 },
    ...sourceOf(path, home),
  });
  return toTrainingSpec(body);
}

function sourceOf(path: string, home: NotebookHome): Record<string, unknown> {
  const relative = path.replace(/^\/+/, '');
  switch (home.kind) {
    case 'workspace':
      return { engine: 'databricks', algorithmSource: { notebook: { path, source: 'workspace' } }, databricks: { cluster: { existing: home.clusterId } } };
    case 'workspace_git':
      return { engine: 'databricks', algorithmSource: { notebook: { path: relative, source: 'git', git: { url: home.url, ...given('reference', home.reference), ...given('provider', home.provider) } } }, databricks: { cluster: { existing: home.clusterId } } };
    case 'local_git':
      return { engine: 'local', algorithmSource: { git: { url: home.url, ...given('reference', home.reference) } }, entrypoint: withEnding(relative) };
    case 'local_snapshot':
      return { engine: 'local', algorithmSource: { snapshot: { digest: home.digest } }, entrypoint: withEnding(relative) };
    default:
      return home satisfies never;
  }
}

/** A workspace shows notebooks without their ending; files have one. */
function withEnding(path: string): string {
  return /\.(ipynb|py)$/.test(path) ? path : `${path}.ipynb`;
}

function slugOf(modelType: string): string {
  return modelType.toLowerCase().replace(/[^a-z0-9]+/g, '-').slice(0, LONGEST_SLUG).replace(/^-+|-+$/g, '');
}

function given(name: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [name]: value };
}
