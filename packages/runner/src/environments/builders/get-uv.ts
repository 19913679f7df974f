import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { StepFailure } from '../../step-failure.ts';
import type { PrepareContext } from '../environment.ts';
import { interpreters } from '../interpreters/find-interpreter.ts';
import type { Interpreter } from '../interpreters/interpreter-facts.ts';
import { comparePythons } from '../interpreters/python-version.ts';
import { DirectoryStore, type Made } from '../store/directory-store.ts';
import { askProgram, builderEnvironment, runBuilder } from './run-builder.ts';

export interface Uv {
  readonly program: string;
  readonly version: string;
}

/** The version that is fetched; checked with the tests beside. */
const FETCHED = '0.13.8';
/** The oldest of the machine's own that understands what uv.ts tells it. */
const OLDEST = '0.5.0';
const ADVICE = 'Install uv, or pip for the Python of this machine (Debian, Ubuntu: apt install python3-pip python3-venv)';

/**
 * uv: the one in PATH when it is new enough, else the one in `<cacheDir>/tools`, which the machine's own pip fetches once from
 * wherever it fetches everything. Throws StepFailure 'environment_failed' that says what to install.
 */
export async function getUv(context: PrepareContext): Promise<Uv> {
  return (await uvInPath(context)) ?? (await fetchedUv(context));
}

async function uvInPath(context: PrepareContext): Promise<Uv | undefined> {
  const program = await programInPath('uv', context.env);
  if (program === undefined) return undefined;
  const printed = await askProgram([program, '--version'], { cwd: context.cacheDir, env: builderEnvironment(context.env) }, context);
  const version = /^uv (\d+\.\d+\.\d+)/.exec(printed ?? '')?.[1];
  return version === undefined || comparePythons(version, OLDEST) < 0 ? undefined : { program, version };
}

async function fetchedUv(context: PrepareContext): Promise<Uv> {
  const store = new DirectoryStore(join(context.cacheDir, 'tools'));
  const id = `uv-${FETCHED.replaceAll('.', '-')}`;
  const { log, signal } = context;
  const there = await store.use(id);
  const directory =
    there ?? (await store.build(id, (path) => fetchUv(path, context), { signal, onWait: (holder) => log.say(`uv ${FETCHED} is being fetched by ${holder}: waiting`) })).directory;
  // nothing else lives in this store, so nothing is ever removed from it
  await directory.release();
  return { program: join(directory.path, directory.details['program'] ?? ''), version: FETCHED };
}

async function fetchUv(path: string, context: PrepareContext): Promise<Made> {
  const reasons: string[] = [];
  for await (const python of interpreters(context)) {
    try {
      return await fetchWith(python, path, context);
    } catch (error) {
      // an index that is out of reach for one Python is so for the next
      if (!(error instanceof NoPip)) throw error;
      reasons.push(error.message);
    }
  }
  const why = reasons.length === 0 ? 'there is no Python to fetch it with' : reasons.join('\n');
  throw new StepFailure('environment_failed', `uv could not be fetched: ${why}\n${ADVICE}`);
}

class NoPip extends Error {
  override readonly name = 'NoPip';
}

async function fetchWith({ path: python, version }: Interpreter, path: string, context: PrepareContext): Promise<Made> {
  const call = {
    cwd: context.cacheDir,
    env: { ...builderEnvironment(context.env), PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_NO_INPUT: '1', PIP_ROOT_USER_ACTION: 'ignore' },
    failure: `uv could not be fetched: pip of ${python} could not install uv ${FETCHED}`,
    hint: ADVICE,
  };
  const wanted = ['install', '--quiet', '--no-deps', '--only-binary', ':all:', `uv==${FETCHED}`];
  context.log.say(`uv ${FETCHED}: fetching with pip of Python ${version}`);
  if ((await askProgram([python, '-m', 'pip', '--version'], call, context)) !== undefined) {
    await runBuilder([python, '-m', 'pip', ...wanted, '--target', path], call, context);
  } else if ((await askProgram([python, '-m', 'venv', path], call, context)) !== undefined) {
    // Debian splits pip off; its venv module brings one along
    await runBuilder([join(path, 'bin', 'python'), '-m', 'pip', ...wanted], call, context);
  } else {
    throw new NoPip(`${python} has neither pip nor venv`);
  }
  return { details: { program: join('bin', 'uv') }, witness: join('bin', 'uv') };
}

/** The first executable file of that name in PATH. */
export async function programInPath(name: string, env: Readonly<Record<string, string>>): Promise<string | undefined> {
  for (const dir of (env['PATH'] ?? '').split(':').filter((part) => part.startsWith('/'))) {
    const path = join(dir, name);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      continue; // not in this directory
    }
  }
  return undefined;
}
