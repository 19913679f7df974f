import type { EnvironmentSpec } from '../../environments/environment.ts';
import type { PlanContext } from '../toolchain.ts';

/** The tags that `mlflow run` sets on a run; MLflow's UI shows them as its source. */
export function runTags({ spec, commit }: PlanContext, entryPoint: string, environment: EnvironmentSpec): Readonly<Record<string, string>> {
  const { git, snapshot } = spec.algorithmSource;
  const repository = git === undefined ? undefined : withoutCredentials(git.url);
  const subdirectory = spec.workDir.replace(/^(\.?\/)+|\/+$/g, '').replace(/^\.$/, '');
  const source = repository ?? `snapshot:${snapshot?.digest ?? ''}`;
  const tags = {
    'mlflow.source.name': subdirectory === '' ? source : `${source}#${subdirectory}`,
    'mlflow.source.type': 'PROJECT',
    'mlflow.project.entryPoint': entryPoint,
    'mlflow.project.backend': 'local',
    'mlflow.project.env': projectEnvironment(spec.environment.manager, environment),
    'mlflow.source.git.commit': commit,
    'mlflow.source.git.repoURL': repository,
  };
  return Object.fromEntries(Object.entries(tags).filter((tag): tag is [string, string] => tag[1] !== undefined));
}

/** MLflow's name of the environment manager; it has none for the programs that are there. */
function projectEnvironment(manager: PlanContext['spec']['environment']['manager'], { kind }: EnvironmentSpec): string | undefined {
  if (kind === 'none') return undefined;
  switch (manager) {
    case 'auto':
      return kind === 'conda' ? 'conda' : 'virtualenv';
    case 'uv':
      return 'uv';
    case 'venv':
      return 'virtualenv';
    case 'conda':
      return 'conda';
    case 'none':
      return undefined;
    default:
      return manager satisfies never;
  }
}

function withoutCredentials(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1');
}
