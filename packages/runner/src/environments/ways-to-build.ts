import { createHash } from 'node:crypto';
import { StepFailure } from '../step-failure.ts';
import { buildWithConda, condaFile, findConda } from './builders/build-with-conda.ts';
import { buildWithUv } from './builders/build-with-uv.ts';
import { buildWithVenv } from './builders/build-with-venv.ts';
import { getUv } from './builders/get-uv.ts';
import type { PythonEnvironment } from './builders/python-environment.ts';
import type { EnvironmentSpec, PrepareContext } from './environment.ts';
import { findInterpreter } from './interpreters/find-interpreter.ts';
import { condaToPip } from './requirements/conda-to-pip.ts';
import { flattenRequirements, type Requirements } from './requirements/flatten-requirements.ts';
import type { Made } from './store/directory-store.ts';

/** One way to come to the environment that was asked for. */
export interface Way {
  /** sha256 of everything that makes a difference: what is asked for, the kind of manager, machine and interpreter. */
  readonly id: string;
  readonly shareable: boolean;
  readonly isConda: boolean;
  /** Requirements as they were written. */
  readonly count: number;
  /** Gets what the way needs; StepFailure 'environment_failed' when that cannot be had, and another way may be gone. */
  start(): Promise<{ readonly title: string; make(path: string): Promise<Made> }>;
}

type PythonSpec = Extract<EnvironmentSpec, { kind: 'python' }>;
type CondaSpec = Extract<EnvironmentSpec, { kind: 'conda' }>;

/** Changes when the same words make another environment. */
const FORMAT = 1;

/** In order of preference. Throws StepFailure 'bad_spec'. */
export async function waysToBuild(spec: PythonSpec | CondaSpec, context: PrepareContext): Promise<readonly Way[]> {
  const { manager } = context.choice;
  if (spec.kind === 'python') {
    if (manager === 'conda') throw new StepFailure('bad_spec', `${spec.from} is not a conda file, and environment.manager is conda; use auto, uv or venv, or give the project a conda.yaml`);
    return pythonWays(spec, undefined, context);
  }
  const conda = manager === 'auto' || manager === 'conda' ? await findConda(context.env) : undefined;
  if (conda !== undefined) return [await condaWay(conda, spec, context)];
  if (manager === 'conda') throw new StepFailure('bad_spec', `environment.manager is conda, and there is no micromamba, mamba or conda in PATH; install one, or use auto: what pip has is then installed with uv`);
  return pythonWays(withoutConda(spec, context), `${spec.from} is a conda file, resolved without conda: a package that pip does not have needs conda or micromamba on this machine`, context);
}

async function pythonWays(spec: PythonSpec, hint: string | undefined, context: PrepareContext): Promise<readonly Way[]> {
  const { manager } = context.choice;
  const all = await Promise.all([spec.buildDependencies, spec.dependencies].map((lines) => flattenRequirements(lines, spec.baseDir, spec.from)));
  const steps = all.filter(({ requirements }) => requirements.length > 0);
  const interpreter = await findInterpreter(spec, context);
  const environment: PythonEnvironment = { interpreter, steps, from: spec.from, hint };
  const common = { shareable: steps.every(({ shareable }) => shareable), isConda: false, count: countOf(steps) };
  const idOf = (kind: string): string => hashOf([FORMAT, kind, interpreter.version, interpreter.abi, steps.map(({ fingerprint }) => fingerprint)]);
  const uv: Way = {
    ...common,
    id: idOf('uv'),
    async start() {
      const tool = await getUv(context);
      return { title: `uv ${tool.version} for Python ${interpreter.version}`, make: (path) => buildWithUv(tool, environment, path, context) };
    },
  };
  const venv: Way = {
    ...common,
    id: idOf('venv'),
    start: async () => ({ title: `venv and pip for Python ${interpreter.version}`, make: (path) => buildWithVenv(environment, path, context) }),
  };
  return manager === 'venv' ? [venv] : manager === 'uv' ? [uv] : [uv, venv];
}

async function condaWay(program: string, spec: CondaSpec, context: PrepareContext): Promise<Way> {
  const pip = await flattenRequirements(spec.pip, spec.baseDir, spec.from);
  const file = condaFile({ ...spec, packages: spec.packages.toSorted() }, { ...pip, options: [], requirements: [], constraints: [] }, '');
  return {
    id: hashOf([FORMAT, 'conda', process.platform, process.arch, file, pip.fingerprint]),
    shareable: pip.shareable,
    isConda: true,
    count: spec.packages.length + pip.requirements.length,
    start: async () => ({ title: program, make: (path) => buildWithConda(program, { spec, pip }, path, context) }),
  };
}

/** A conda file as far as pip has what it asks for. */
function withoutConda({ python, packages, pip, baseDir, from }: CondaSpec, { log }: PrepareContext): PythonSpec {
  const { requirements, withoutEquivalent } = condaToPip(packages);
  if (withoutEquivalent.length > 0) {
    throw new StepFailure('bad_spec', `${from} asks for ${withoutEquivalent.join(', ')}: pip does not have that, and there is no conda on this machine. Install micromamba or conda, or take it out of ${from}`);
  }
  if (requirements.length > 0) log.warn(`${from} is resolved without conda: ${requirements.join(', ')} ${requirements.length === 1 ? 'comes' : 'come'} from the Python package index`);
  return { kind: 'python', python, buildDependencies: [], dependencies: [...requirements, ...pip], baseDir, from };
}

function countOf(steps: readonly Requirements[]): number {
  return steps.reduce((sum, { requirements }) => sum + requirements.length, 0);
}

function hashOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
