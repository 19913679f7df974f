import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Document, isMap, isScalar, type Node, type YAMLMap } from 'yaml';
import { readYaml } from '../../environments/read-yaml.ts';
import { StepFailure } from '../../step-failure.ts';
import { isPythonText, pythonText } from './python-text.ts';

export interface Project {
  /** Name of its MLproject file as it is on disk; undefined when there is none. */
  readonly file: string | undefined;
  readonly environment: ProjectEnvironment | undefined;
  readonly entryPoints: ReadonlyMap<string, EntryPoint>;
}

/** What the file names; `file` is relative to the directory of the MLproject. */
export type ProjectEnvironment = { readonly kind: 'python' | 'conda'; readonly file: string } | { readonly kind: 'docker' };

export interface EntryPoint {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  /** A template: `{name}` stands for a parameter. */
  readonly command: string;
}

export interface Parameter {
  readonly name: string;
  /** float, string, path and uri mean something; any other is treated as string, as MLflow does. */
  readonly type: string;
  /** As Python would print it; undefined when a value has to be given. */
  readonly default: string | undefined;
}

const ENVIRONMENT_FIELDS = { python_env: 'python', conda_env: 'conda', docker_env: 'docker' } as const;

/** Reads the MLproject of a directory, whatever the case of its name. Throws StepFailure 'bad_spec'. */
export async function readProject(dir: string): Promise<Project> {
  const file = (await readdir(dir)).toSorted().find((name) => name.toLowerCase() === 'mlproject');
  if (file === undefined) return { file, environment: undefined, entryPoints: new Map() };
  const document = await readYaml(join(dir, file), file);
  const root = document.contents;
  if (root !== null && !isMap(root)) throw wrong(file, 'must hold fields like name and entry_points');
  const entryPoints = fieldsOf(root?.get('entry_points', true), file, 'entry_points').map(([name, node]) => entryPointOf(name, node, { file, document }));
  if (entryPoints.length === 0 && root?.has('databricks_spark_job') === true) {
    throw wrong(file, 'describes a databricks_spark_job and no entry point; such a job needs a Databricks engine');
  }
  return { file, environment: environmentOf(root, file), entryPoints: new Map(entryPoints.map((one) => [one.name, one])) };
}

interface Place {
  readonly file: string;
  readonly document: Document;
}

function environmentOf(root: YAMLMap | null, file: string): ProjectEnvironment | undefined {
  const named = Object.entries(ENVIRONMENT_FIELDS).filter(([field]) => root?.has(field));
  if (named.length > 1) throw wrong(file, `names ${named.map(([field]) => field).join(' and ')}; a project can have one of them only`);
  const [field, kind] = named[0] ?? [];
  if (field === undefined || kind === undefined) return undefined;
  if (kind === 'docker') return { kind };
  const value = root?.get(field);
  if (value === '' || value === null) return undefined;
  if (typeof value !== 'string') throw wrong(file, `${field} must be the name of a file`);
  return { kind, file: value };
}

function entryPointOf(name: string, node: unknown, { file, document }: Place): EntryPoint {
  const where = `entry_points.${name}`;
  if (!isMap(node)) throw wrong(file, `${where} must hold a command, and parameters if it has any`);
  const command = node.get('command', true);
  if (!isPythonText(command) || !isScalar(command)) throw wrong(file, `${where}.command must be text`);
  const parameters = fieldsOf(node.get('parameters', true), file, `${where}.parameters`);
  return { name, command: String(command.value), parameters: parameters.map(([key, value]) => parameterOf(key, value, { file, document })) };
}

function parameterOf(name: string, node: unknown, { file, document }: Place): Parameter {
  if (isPythonText(node) && isScalar(node)) return { name, type: String(node.value), default: undefined };
  if (!isMap<Node, Node | null>(node)) {
    throw wrong(file, `the parameter '${name}' must be a type (float, string, path, uri) or have fields: {type: float, default: 0.5}`);
  }
  const type = node.get('type');
  return { name, type: typeof type === 'string' && type !== '' ? type : 'string', default: pythonText(node.get('default', true) as Node | undefined, document) };
}

/** Fields of a map in their order; none when it is absent or empty. */
function fieldsOf(node: unknown, file: string, field: string): (readonly [string, unknown])[] {
  if (node === undefined || node === null || (isScalar(node) && node.value === '')) return [];
  if (!isMap(node)) throw wrong(file, `${field} must hold names with what belongs to them`);
  return node.items.map(({ key, value }) => [String(isScalar(key) ? key.value : key), value] as const);
}

function wrong(file: string, problem: string): StepFailure {
  return new StepFailure('bad_spec', `${file} is wrong: ${problem}`);
}
