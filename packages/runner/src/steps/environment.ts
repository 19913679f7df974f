import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { didYouMean } from '@trainyard/core/nearest.ts';
import type { Attempt } from '../attempt.ts';
import type { ReadyEnvironment } from '../environments/environment.ts';
import { userVariables } from '../process/attempt-variables.ts';
import { runProgram } from '../process/run-program.ts';
import { StepFailure } from '../step-failure.ts';
import { loadToolchain } from '../toolchains/catalog.ts';
import type { LaunchPlan } from '../toolchains/toolchain.ts';
import { RunNotes } from '../tracking/run-notes.ts';
import type { Source } from './source.ts';

export interface Prepared {
  readonly plan: LaunchPlan;
  readonly environment: ReadyEnvironment;
  readonly notes: RunNotes;
}

/** Finds out what the source wants started, and prepares what that needs. */
export async function prepare(attempt: Attempt, source: Source): Promise<Prepared> {
  const { spec, training, toolchain: integration, connections } = attempt.order;
  const workDir = await workDirOf(source.dir, spec.workDir);
  const toolchain = await loadToolchain(spec.toolchain, integration);
  const path = userVariables(attempt.order)['PATH'] ?? attempt.env['PATH'] ?? '';
  const plan = await toolchain.plan({ training, spec, sourceDir: source.dir, workDir, scratchDir: attempt.paths.scratch, commit: source.commit, integration, connections, path });
  const notes = new RunNotes(attempt, plan.paramsAfter === true ? {} : plan.params, plan.tags);
  try {
    return { plan, environment: await environmentOf(attempt, plan), notes };
  } catch (error) {
    await notes.finish(false);
    throw error;
  }
}

async function environmentOf({ order, cacheDir, env, log, signal, know }: Attempt, plan: LaunchPlan): Promise<ReadyEnvironment> {
  const { spec, limits } = order;
  const { prepareEnvironment } = await import('../environments/prepare-environment.ts');
  const choice = spec.environment;
  const environment = await prepareEnvironment(plan.environment, { cacheDir, choice, env, limitBytes: limits.environmentBytes, log, signal, graceMs: spec.timeout.graceMs, runProgram });
  know({ environment: environment.id, python: environment.python });
  return environment;
}

/** The directory of the spec, which must lie in the source when every link has been followed. */
async function workDirOf(sourceDir: string, workDir: string): Promise<string> {
  const root = await realpath(sourceDir);
  const wanted = resolve(root, workDir);
  if (!isWithin(root, wanted)) throw new StepFailure('bad_spec', `workDir '${workDir}' lies outside of the source; give a path inside of it`);
  const found = await realpath(wanted).catch(() => undefined);
  if (found === undefined || !(await stat(found)).isDirectory()) {
    const names = await directoriesOf(root);
    throw new StepFailure('bad_spec', `there is no directory '${workDir}' in the source (it has ${names.length === 0 ? 'no directories' : names.slice(0, 10).join(', ')})${didYouMean(relative(root, wanted), names)}`);
  }
  if (!isWithin(root, found)) throw new StepFailure('bad_spec', `workDir '${workDir}' leads out of the source through a link`);
  return found;
}

function isWithin(root: string, path: string): boolean {
  return path === root || path.startsWith(root + sep);
}

async function directoriesOf(root: string): Promise<string[]> {
  const outer = (await readdir(root, { withFileTypes: true })).filter((entry) => entry.isDirectory() && entry.name !== '.git').map(({ name }) => name);
  const inner = await Promise.all(outer.map(async (name) => (await readdir(join(root, name), { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => join(name, entry.name))));
  return [...outer, ...inner.flat()];
}
