import type { EnvironmentSpec } from '../../environments/environment.ts';
import { sourceName } from '../source-name.ts';
import type { PlanContext } from '../toolchain.ts';

/** The tags that `mlflow run` sets on a run, which MLflow's UI shows as its source, and those of ODAHU. */
export function runTags(context: PlanContext, entryPoint: string, environment: EnvironmentSpec): Readonly<Record<string, string>> {
  const { training, spec, commit } = context;
  const { name, repository } = sourceName(context);
  const subdirectory = spec.workDir.replace(/^(\.?\/)+|\/+$/g, '').replace(/^\.$/, '');
  const tags = {
    'mlflow.source.name': subdirectory === '' ? name : `${name}#${subdirectory}`,
    'mlflow.source.type': 'PROJECT',
    'mlflow.project.entryPoint': entryPoint,
    'mlflow.project.backend': 'local',
    'mlflow.project.env': projectEnvironment(spec.environment.manager, environment),
    'mlflow.source.git.commit': commit,
    'mlflow.source.git.repoURL': repository,
    training_id: training,
    model_name: spec.model.name,
    model_version: spec.model.version,
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
