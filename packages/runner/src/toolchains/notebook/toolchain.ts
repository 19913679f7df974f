import { mkdir, readdir, readFile, realpath, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { didYouMean } from '@trainyard/core/nearest.ts';
import { resultOfRun } from '@trainyard/core/training/notebook-result.ts';
import type { EnvironmentSpec } from '../../environments/environment.ts';
import { findEnvironment } from '../../environments/read-environment-file.ts';
import { StepFailure } from '../../step-failure.ts';
import { sourceName } from '../source-name.ts';
import type { LaunchPlan, Leftovers, PlanContext, Toolchain } from '../toolchain.ts';
import { plainPython } from './plain-python.ts';
import { PROGRAM } from './program.ts';
import { readNotebook } from './read-notebook.ts';

/**
 * Runs a Python notebook of Jupyter (.ipynb) or Databricks (.py in its source format) with the environment's python alone.
 * Hyperparameters reach it as the widgets of Databricks (`dbutils.widgets.get`), and as variables behind a cell with papermill's
 * tag `parameters`. What it hands to `dbutils.notebook.exit` is the result of the run, and
 * the last thing in its log.
 */
export const toolchain: Toolchain = {
  name: 'notebook',
  async plan(context: PlanContext): Promise<LaunchPlan> {
    const { spec, scratchDir } = context;
    const { path, name } = await findNotebook(context);
    const cells = (await readNotebook(path, name)).map((cell) => ({ ...cell, python: cell.code ? (plainPython(cell.source, cell.number) ?? null) : null }));
    const files = await placesIn(scratchDir, name);
    await writeFile(files.program, PROGRAM);
    await writeFile(files.order, JSON.stringify({ name, cells, parameters: spec.hyperParameters, endFile: files.end, executedFile: files.executed }));
    return {
      environment: await environmentOf(dirname(path), context),
      argv: ['python', files.program, files.order],
      cwd: dirname(path),
      // a notebook draws into its page, and here is no screen
      env: { MPLBACKEND: 'Agg' },
      params: spec.hyperParameters,
      paramsAfter: true,
      tags: tagsOf(context),
      leftovers: () => leftovers(files, name),
    };
  },
};

async function findNotebook({ spec, sourceDir, workDir }: PlanContext): Promise<{ readonly path: string; readonly name: string }> {
  const name = spec.entrypoint;
  if (name === undefined) throw new StepFailure('bad_spec', "the toolchain 'notebook' needs entrypoint: the file of the notebook");
  const path = await realpath(join(workDir, name)).catch(() => undefined);
  const root = await realpath(sourceDir);
  if (path !== undefined && path.startsWith(`${root}/`) && (await stat(path)).isFile()) return { path, name };
  const notebooks = (await readdir(workDir, { recursive: true })).filter((file) => file.endsWith('.ipynb')).toSorted();
  const there = notebooks.length === 0 ? 'it has no .ipynb' : `it has ${notebooks.slice(0, 10).join(', ')}`;
  throw new StepFailure('bad_spec', `there is no notebook '${name}' in the source (${there})${didYouMean(name, notebooks)}`);
}

/** Of the directory of the notebook, otherwise of the one the training names. */
async function environmentOf(dir: string, { workDir }: PlanContext): Promise<EnvironmentSpec> {
  const own = await findEnvironment(dir);
  return own.kind === 'none' ? findEnvironment(workDir) : own;
}

interface Files {
  readonly program: string;
  readonly order: string;
  readonly end: string;
  readonly executed: string;
}

async function placesIn(scratchDir: string, name: string): Promise<Files> {
  const dir = join(scratchDir, 'notebook');
  await mkdir(dir, { recursive: true });
  return { program: join(dir, 'run_notebook.py'), order: join(dir, 'order.json'), end: join(dir, 'end.json'), executed: join(dir, `${basename(name).replace(/\.(ipynb|py)$/, '')}.ipynb`) };
}

/** Nothing of it is there when the program was killed. */
async function leftovers({ end, executed }: Files, name: string): Promise<Leftovers> {
  const text = await readFile(end, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return { artifacts: [] };
  const { result, problem } = JSON.parse(text) as { readonly result: string | null; readonly problem: string | null };
  return {
    result: result === null ? undefined : resultOfRun(result),
    problem: problem === null ? undefined : `${name}: ${problem}`,
    artifacts: [{ path: `notebook/${basename(executed)}`, file: executed }],
  };
}

function tagsOf(context: PlanContext): Record<string, string> {
  const { spec, commit, sourceDir, workDir } = context;
  const subdirectory = relative(sourceDir, workDir);
  const tags: Record<string, string> = { 'mlflow.source.name': sourceName(context).name, 'mlflow.source.type': 'PROJECT', 'mlflow.project.entryPoint': join(subdirectory, spec.entrypoint ?? '') };
  if (commit !== undefined) tags['mlflow.source.git.commit'] = commit;
  return tags;
}
