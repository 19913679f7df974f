import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';

/** What a directory says about how it is trained, as far as a plan shows it. The runner reads all of it again, strictly. */
export interface ProjectFacts {
  readonly hasMlproject: boolean;
  /** The file the environment will be built from, relative to the directory. */
  readonly environmentFile: string | undefined;
  /** Parameters of the entry point that is meant. */
  readonly parameters: readonly ProjectParameter[];
}

export interface ProjectParameter {
  readonly name: string;
  readonly type: string;
  readonly default: string | undefined;
}

const MLPROJECT = 'MLproject';

/** Reads `MLproject` and looks for environment files in the order MLflow does. */
export async function readProject(dir: string, entrypoint = 'main'): Promise<ProjectFacts> {
  const text = await readIfThere(path.join(dir, MLPROJECT));
  const project = text === undefined ? {} : mapping(parsed(text));
  const environmentFile = text !== undefined && isSet(project['docker_env']) ? 'docker_env in MLproject' : await environmentOf(dir, project);
  const entry = mapping(mapping(project['entry_points'])[entrypoint]);
  const parameters = Object.entries(mapping(entry['parameters'])).map(([name, declared]) => parameterOf(name, declared));
  return { hasMlproject: text !== undefined, environmentFile, parameters };
}

/** Size of a file below a directory; undefined when there is none. */
export async function fileSize(dir: string, name: string): Promise<number | undefined> {
  try {
    const facts = await stat(path.resolve(dir, name));
    return facts.isFile() ? facts.size : undefined;
  } catch {
    // not a file that can be seen from here: nothing to tell
    return undefined;
  }
}

async function environmentOf(dir: string, project: Record<string, unknown>): Promise<string | undefined> {
  for (const named of [project['python_env'], project['conda_env']]) if (typeof named === 'string') return named;
  for (const usual of ['python_env.yaml', 'conda.yaml']) if ((await fileSize(dir, usual)) !== undefined) return usual;
  return undefined;
}

function parameterOf(name: string, declared: unknown): ProjectParameter {
  // `alpha: float` is short for `alpha: {type: float}`
  if (typeof declared === 'string') return { name, type: declared, default: undefined };
  const { type, default: standard } = mapping(declared);
  return { name, type: typeof type === 'string' ? type : 'string', default: isSet(standard) ? String(standard) : undefined };
}

/** An MLproject that cannot be read is the runner's to refuse, with the line; a plan just has less to show. */
function parsed(text: string): unknown {
  try {
    // failsafe: every value stays the text that was written, 1.0 does not become 1
    return parse(text, { schema: 'failsafe' }) as unknown;
  } catch {
    return undefined;
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    // no MLproject, or none that can be read: the runner will say so if one is needed
    return undefined;
  }
}

function mapping(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}
