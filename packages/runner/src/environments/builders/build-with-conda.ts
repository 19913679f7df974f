import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { stringify } from 'yaml';
import type { EnvironmentSpec, PrepareContext } from '../environment.ts';
import type { Requirements } from '../requirements/flatten-requirements.ts';
import type { Made } from '../store/directory-store.ts';
import { programInPath } from './get-uv.ts';
import { askProgram, builderEnvironment, runBuilder } from './run-builder.ts';

type CondaSpec = Extract<EnvironmentSpec, { kind: 'conda' }>;

/** The fastest of its kind in PATH; undefined when there is none. */
export async function findConda(env: Readonly<Record<string, string>>): Promise<string | undefined> {
  for (const name of ['micromamba', 'mamba', 'conda']) {
    const program = await programInPath(name, env);
    if (program !== undefined) return program;
  }
  return undefined;
}

/** The file conda is given: what the project's file says, with paths that do not depend on where it lies. */
export function condaFile(spec: CondaSpec, pip: Requirements, constraintsFile: string): string {
  const python = spec.python === undefined ? 'python' : `python${/^[\d*]/.test(spec.python) ? '=' : ''}${spec.python}`;
  const lines = [...pip.options, ...pip.requirements, ...(pip.constraints.length === 0 ? [] : [`--constraint ${constraintsFile}`])];
  return stringify({
    ...(spec.channels.length === 0 ? {} : { channels: spec.channels }),
    dependencies: [python, ...spec.packages, ...(lines.length === 0 ? [] : ['pip', { pip: lines }])],
  });
}

/** Makes a conda environment in `path`. */
export async function buildWithConda(program: string, { spec, pip }: { spec: CondaSpec; pip: Requirements }, path: string, context: PrepareContext): Promise<Made> {
  const dir = `${path}.input`;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, 'environment.yml');
  const constraints = join(dir, 'constraints.txt');
  await writeFile(constraints, `${pip.constraints.join('\n')}\n`, { mode: 0o600 });
  await writeFile(file, condaFile(spec, pip, constraints), { mode: 0o600 });
  const command = basename(program) === 'micromamba' ? ['create', '--yes'] : ['env', 'create', '--quiet'];
  const env = { MAMBA_ROOT_PREFIX: join(context.cacheDir, 'mamba'), CONDA_ALWAYS_YES: '1', MAMBA_ALWAYS_YES: '1', ...builderEnvironment(context.env) };
  const failure = `${basename(program)} could not make the environment of ${spec.from}`;
  await runBuilder([program, ...command, '--prefix', path, '--file', file], { cwd: context.cacheDir, env, failure }, context);
  const python = join(path, 'bin', 'python');
  const printed = await askProgram([python, '-I', '-c', 'import platform; print(platform.python_version())'], { cwd: context.cacheDir, env }, context);
  const version = printed?.trim();
  return { details: { manager: 'conda', ...(version === undefined ? {} : { python: version }) }, witness: version === undefined ? 'conda-meta' : join('bin', 'python') };
}
