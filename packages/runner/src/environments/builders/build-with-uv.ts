import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PrepareContext } from '../environment.ts';
import type { Made } from '../store/directory-store.ts';
import type { Uv } from './get-uv.ts';
import { readPipSettings, uvVariables } from './pip-settings.ts';
import { type PythonEnvironment, writeInput } from './python-environment.ts';
import { askProgram, builderEnvironment, runBuilder } from './run-builder.ts';

/** Makes a virtual environment in `path` with uv, out of packages that are linked from uv's cache in the same cache directory. */
export async function buildWithUv(uv: Uv, environment: PythonEnvironment, path: string, context: PrepareContext): Promise<Made> {
  const { interpreter, steps, from } = environment;
  const env = { ...uvEnvironment(context), ...uvVariables(await readPipSettings(interpreter.path, context), context.env) };
  // not in the project: its pyproject.toml may tell uv something, and says nothing of the environment that was asked for
  const cwd = context.cacheDir;
  await runBuilder([uv.program, 'venv', '--quiet', '--no-project', '--python', interpreter.path, path], { cwd, env, failure: `uv could not make an environment for ${from}` }, context);
  const python = join(path, 'bin', 'python');
  for (const [number, step] of steps.entries()) {
    const input = await writeInput(`${path}.input`, number, { ...step, options: step.options.filter((line) => !isForCommandLine(line)) });
    const argv = [uv.program, 'pip', 'install', '--python', python, ...input, ...step.options.flatMap(forCommandLine)];
    await runBuilder(argv, { cwd, env, failure: `the requirements of ${from} could not be installed`, hint: environment.hint }, context);
  }
  // MLflow notes the version of pip with every model, and some code calls it; without it both go on, with a warning
  await askProgram([uv.program, 'pip', 'install', '--quiet', '--python', python, 'pip'], { cwd, env }, context);
  return { details: { python: interpreter.version, manager: 'uv' }, witness: join('bin', 'python') };
}

function uvEnvironment({ cacheDir, env }: PrepareContext): Readonly<Record<string, string>> {
  const file = env['UV_CONFIG_FILE'] ?? [join(env['XDG_CONFIG_HOME'] ?? join(env['HOME'] ?? '/', '.config'), 'uv', 'uv.toml'), '/etc/uv/uv.toml'].find((path) => existsSync(path));
  return {
    // what pip does, for which the files of projects are written: the best version over all indexes
    UV_INDEX_STRATEGY: 'unsafe-best-match',
    ...builderEnvironment(env),
    UV_CACHE_DIR: join(cacheDir, 'uv'),
    UV_PYTHON_DOWNLOADS: 'never',
    UV_NO_PROGRESS: '1',
    // the user's own configuration, and none of a project that the cache directory happens to lie in
    ...(file === undefined ? { UV_NO_CONFIG: '1' } : { UV_CONFIG_FILE: file }),
  };
}

/** Options of requirements files that uv takes on the command line only. */
function isForCommandLine(line: string): boolean {
  return /^--(pre|trusted-host|prefer-binary)\b/.test(line);
}

function forCommandLine(line: string): readonly string[] {
  if (/^--pre\b/.test(line)) return ['--prerelease', 'allow'];
  const [, host] = /^--trusted-host[=\s]+(\S+)/.exec(line) ?? [];
  return host === undefined ? [] : ['--allow-insecure-host', host];
}
