import { readdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { didYouMean } from '@trainyard/core/nearest.ts';
import { findEnvironment } from '../../environments/read-environment-file.ts';
import { StepFailure } from '../../step-failure.ts';
import { sourceName } from '../source-name.ts';
import type { LaunchPlan, PlanContext, Toolchain } from '../toolchain.ts';

/**
 * Runs any program of any language. Hyperparameters reach it three ways: `{name}` in an argument, the environment variable
 * TRAINYARD_PARAM_<NAME>, and a JSON object in the file TRAINYARD_PARAMS_FILE.
 */
export const toolchain: Toolchain = {
  name: 'command',
  async plan(context: PlanContext): Promise<LaunchPlan> {
    const { spec, workDir, scratchDir } = context;
    const argv = spec.args.map((argument) => fillIn(argument, spec.hyperParameters));
    await refuseMissingProgram(argv[0], workDir);
    const paramsFile = join(scratchDir, 'params.json');
    await writeFile(paramsFile, `${JSON.stringify(spec.hyperParameters)}\n`);
    return {
      environment: await findEnvironment(workDir),
      argv,
      cwd: workDir,
      env: { ...parameterVariables(spec.hyperParameters), TRAINYARD_PARAMS_FILE: paramsFile },
      params: spec.hyperParameters,
      tags: tagsOf(context),
    };
  },
};

/** One argument stays one argument, whatever the value holds. Braces that name no parameter are left as they are. */
function fillIn(argument: string, parameters: Readonly<Record<string, string>>): string {
  return argument.replace(/\{([^{}]+)\}/g, (whole, name: string) => (Object.hasOwn(parameters, name) ? (parameters[name] ?? whole) : whole));
}

function parameterVariables(parameters: Readonly<Record<string, string>>): Record<string, string> {
  const variables: Record<string, string> = {};
  const nameOf: Record<string, string> = {};
  for (const [name, value] of Object.entries(parameters)) {
    const variable = `TRAINYARD_PARAM_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
    const other = nameOf[variable];
    if (other !== undefined) throw new StepFailure('bad_spec', `the hyperparameters '${other}' and '${name}' would both be the environment variable ${variable}; rename one of them`);
    nameOf[variable] = name;
    variables[variable] = value;
  }
  return variables;
}

/** A file of the source is looked for now, with the names that are there; a program in PATH only once the environment is. */
async function refuseMissingProgram(program: string | undefined, workDir: string): Promise<void> {
  if (program === undefined || program === '') throw new StepFailure('bad_spec', "the toolchain 'command' needs args: the program and its arguments");
  if (!program.includes('/')) return;
  const path = resolve(workDir, program);
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() === true) return;
  if (found !== undefined) throw new StepFailure('bad_spec', `'${program}' is not a program: it is no file`);
  const names = await readdir(dirname(path)).catch(() => []);
  throw new StepFailure('bad_spec', `there is no program '${program}' in the source${didYouMean(basename(program), names)}`);
}

function tagsOf(context: PlanContext): Record<string, string> {
  const { commit } = context;
  const tags: Record<string, string> = { 'mlflow.source.name': sourceName(context).name, 'mlflow.source.type': 'PROJECT' };
  if (commit !== undefined) tags['mlflow.source.git.commit'] = commit;
  return tags;
}
