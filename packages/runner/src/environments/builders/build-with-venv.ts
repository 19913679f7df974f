import { join } from 'node:path';
import type { PrepareContext } from '../environment.ts';
import type { Made } from '../store/directory-store.ts';
import { type PythonEnvironment, writeInput } from './python-environment.ts';
import { builderEnvironment, runBuilder } from './run-builder.ts';

/** Makes a virtual environment in `path` with the venv module and pip of the interpreter. */
export async function buildWithVenv({ interpreter, steps, from, hint }: PythonEnvironment, path: string, context: PrepareContext): Promise<Made> {
  const env = { ...builderEnvironment(context.env), PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_NO_INPUT: '1', PIP_PROGRESS_BAR: 'off' };
  const cwd = context.cacheDir;
  const minor = interpreter.version.split('.').slice(0, 2).join('.');
  const advice = `Install the venv module for this Python (Debian, Ubuntu: apt install python${minor}-venv), or uv`;
  await runBuilder([interpreter.path, '-m', 'venv', path], { cwd, env, failure: `${interpreter.path} could not make an environment for ${from}`, hint: advice }, context);
  for (const [number, step] of steps.entries()) {
    const input = await writeInput(`${path}.input`, number, step);
    const argv = [join(path, 'bin', 'python'), '-m', 'pip', 'install', ...input];
    await runBuilder(argv, { cwd, env, failure: `the requirements of ${from} could not be installed`, hint }, context);
  }
  return { details: { python: interpreter.version, manager: 'venv' }, witness: join('bin', 'python') };
}
