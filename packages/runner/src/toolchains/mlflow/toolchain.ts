import { existsSync } from 'node:fs';
import type { EnvironmentSpec } from '../../environments/environment.ts';
import { findEnvironment, readCondaFile, readPythonEnvFile } from '../../environments/read-environment-file.ts';
import { StepFailure } from '../../step-failure.ts';
import type { LaunchPlan, PlanContext, Toolchain } from '../toolchain.ts';
import { fillTemplate } from './fill-template.ts';
import { pathInside } from './path-inside.ts';
import { type EntryPoint, type Project, readProject } from './project-file.ts';
import { runTags } from './run-tags.ts';
import { type ResolvedParameters, resolveParameters } from './resolve-parameters.ts';
import { selectEntryPoint } from './select-entry-point.ts';
import { shellQuote } from './shell-quote.ts';

const BASH_PLACES = ['/bin/bash', '/usr/bin/bash', '/usr/local/bin/bash', '/opt/homebrew/bin/bash', '/run/current-system/sw/bin/bash'];

/**
 * Runs a directory as `mlflow run --backend local` does, with these differences, all of which make a project run that would not:
 * relative paths begin in the working directory; a value of type float is checked; an environment is also taken from a
 * `requirements.txt` when there is nothing else; without any of these files the python that is there is used, where MLflow
 * makes an empty environment; parameters are logged as they were given, where MLflow logs them with their shell quotes.
 */
export const toolchain: Toolchain = {
  name: 'mlflow',
  async plan(context: PlanContext): Promise<LaunchPlan> {
    const project = await readProject(context.workDir);
    const entryPoint = await selectEntryPoint(project, context.spec.entrypoint ?? 'main', context);
    const environment = await environmentOf(project, context);
    const parameters = await resolveParameters(entryPoint, context.spec.hyperParameters, context);
    const shell = BASH_PLACES.some((path) => existsSync(path)) ? 'bash' : 'sh';
    return {
      environment,
      argv: [shell, '-c', commandOf(entryPoint, parameters, project)],
      cwd: context.workDir,
      env: {},
      params: parameters.logged,
      tags: runTags(context, entryPoint.name, environment),
    };
  },
};

function commandOf(entryPoint: EntryPoint, { declared, extra }: ResolvedParameters, project: Project): string {
  const quoted = new Map([...declared].map(([name, value]) => [name, shellQuote(value)]));
  // a script's command is made here and holds no placeholder; its name may hold braces
  const filled = project.entryPoints.has(entryPoint.name) ? fillTemplate(entryPoint.command, quoted) : ({ ok: true, text: entryPoint.command } as const);
  if (!filled.ok) throw new StepFailure('bad_spec', `${project.file}: the command of '${entryPoint.name}' has ${filled.problem}`);
  return [filled.text, ...[...extra].map(([name, value]) => `--${shellQuote(name)} ${shellQuote(value)}`)].join(' ');
}

async function environmentOf(project: Project, { sourceDir, workDir }: PlanContext): Promise<EnvironmentSpec> {
  const { environment, file } = project;
  if (environment === undefined) return findEnvironment(workDir);
  if (environment.kind === 'docker') {
    throw new StepFailure('bad_spec', `${file} has a docker_env: it needs an engine with containers; this engine has none. Name a python_env or conda_env instead`);
  }
  const path = await pathInside(sourceDir, workDir, environment.file);
  if (path === undefined) throw new StepFailure('bad_spec', `${file} names the ${environment.kind}_env '${environment.file}', and there is no such file in the source`);
  const place = { path, name: environment.file, baseDir: workDir };
  return environment.kind === 'python' ? readPythonEnvFile(place) : readCondaFile(place);
}
