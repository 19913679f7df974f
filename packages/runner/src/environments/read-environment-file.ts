import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { didYouMean } from '@trainyard/core/nearest.ts';
import { StepFailure } from '../step-failure.ts';
import type { EnvironmentSpec } from './environment.ts';
import { isPythonWish } from './interpreters/python-version.ts';
import { readProjectFile, readYaml } from './read-yaml.ts';

export interface EnvironmentFile {
  readonly path: string;
  /** What messages call it. */
  readonly name: string;
  /** What relative files and paths in it refer to: the directory of the project, as with `mlflow run`. */
  readonly baseDir: string;
}

type PythonSpec = Extract<EnvironmentSpec, { kind: 'python' }>;
type CondaSpec = Extract<EnvironmentSpec, { kind: 'conda' }>;

/**
 * What a directory asks for without naming a file: `python_env.yaml`, else `conda.yaml` (the order of MLflow), else
 * `requirements.txt`, else nothing. Throws StepFailure 'bad_spec' when the file is wrong.
 */
export async function findEnvironment(workDir: string): Promise<EnvironmentSpec> {
  const file = (name: string): EnvironmentFile => ({ path: join(workDir, name), name, baseDir: workDir });
  const has = (name: string): boolean => existsSync(join(workDir, name));
  if (has('python_env.yaml')) return readPythonEnvFile(file('python_env.yaml'));
  if (has('conda.yaml')) return readCondaFile(file('conda.yaml'));
  if (has('requirements.txt')) return requirementsFile(file('requirements.txt'));
  return { kind: 'none' };
}

const PYTHON_ENV_FIELDS = ['python', 'build_dependencies', 'dependencies'];

/** MLflow's `python_env.yaml`. Throws StepFailure 'bad_spec'. */
export async function readPythonEnvFile(file: EnvironmentFile): Promise<PythonSpec> {
  const fields = await fieldsOf(file);
  for (const field of Object.keys(fields)) {
    if (!PYTHON_ENV_FIELDS.includes(field)) throw wrong(file, `it has no field '${field}' (known: ${PYTHON_ENV_FIELDS.join(', ')})${didYouMean(field, PYTHON_ENV_FIELDS)}`);
  }
  return {
    kind: 'python',
    python: pythonWish(file, fields['python']),
    buildDependencies: textList(file, 'build_dependencies', fields['build_dependencies']),
    dependencies: textList(file, 'dependencies', fields['dependencies']),
    baseDir: file.baseDir,
    from: file.name,
  };
}

/** A conda environment file. Throws StepFailure 'bad_spec'. */
export async function readCondaFile(file: EnvironmentFile): Promise<CondaSpec> {
  const fields = await fieldsOf(file);
  const entries = listOf(file, 'dependencies', fields['dependencies']);
  const packages = entries.filter((entry) => typeof entry === 'string').map((entry) => entry.trim());
  const named = (name: string) => (entry: string): boolean => new RegExp(`^([^:]+::)?${name}(?![\\w.-])`, 'i').test(entry);
  const python = packages.find(named('python'));
  return {
    kind: 'conda',
    text: await readProjectFile(file.path, file.name),
    // a build string may follow: python=3.11.7=hab00c5b_0
    python: pythonWish(file, python?.replace(/^([^:]+::)?python/i, '').replace(/^(\s*=?[^=]*)=[^=<>!~]*_[^=]*$/, '$1')),
    channels: textList(file, 'channels', fields['channels']),
    packages: packages.filter((entry) => !named('python')(entry) && !named('pip')(entry)),
    pip: entries.filter((entry) => typeof entry !== 'string').flatMap((entry) => pipList(file, entry)),
    baseDir: file.baseDir,
    from: file.name,
  };
}

function requirementsFile({ name, baseDir }: EnvironmentFile): PythonSpec {
  return { kind: 'python', python: undefined, buildDependencies: [], dependencies: [`-r ${name}`], baseDir, from: name };
}

function pipList(file: EnvironmentFile, entry: unknown): readonly string[] {
  const keys = typeof entry === 'object' && entry !== null ? Object.keys(entry) : [];
  if (keys.length !== 1 || keys[0] !== 'pip') throw wrong(file, "an entry of dependencies is neither a package nor a list 'pip:'");
  return textList(file, 'pip', (entry as { readonly pip: unknown }).pip);
}

async function fieldsOf(file: EnvironmentFile): Promise<Readonly<Record<string, unknown>>> {
  const content: unknown = (await readYaml(file.path, file.name)).toJS();
  if (content === null || content === '') return {};
  if (typeof content !== 'object' || Array.isArray(content)) throw wrong(file, 'it must hold fields like dependencies');
  // checked above: a map of the safe loader
  return content as Readonly<Record<string, unknown>>;
}

function textList(file: EnvironmentFile, field: string, value: unknown): readonly string[] {
  return listOf(file, field, value).map((entry) => {
    if (typeof entry !== 'string') throw wrong(file, `an entry of ${field} is no text: ${JSON.stringify(entry)}`);
    return entry.trim();
  });
}

function listOf(file: EnvironmentFile, field: string, value: unknown): readonly unknown[] {
  if (value === undefined || value === null || value === '') return [];
  if (!Array.isArray(value)) throw wrong(file, `${field} must be a list`);
  return value.filter((entry) => entry !== '' && entry !== null);
}

function pythonWish(file: EnvironmentFile, value: unknown): string | undefined {
  const wish = typeof value === 'string' ? value.trim() : value;
  if (wish === undefined || wish === null || wish === '' || wish === '*') return undefined;
  if (typeof wish === 'string' && isPythonWish(wish)) return wish;
  throw wrong(file, `'${JSON.stringify(wish).replaceAll('"', '')}' is not a version of Python; write 3.11, 3.11.7 or >=3.10,<3.13`);
}

function wrong({ name }: EnvironmentFile, problem: string): StepFailure {
  return new StepFailure('bad_spec', `${name} is wrong: ${problem}`);
}
