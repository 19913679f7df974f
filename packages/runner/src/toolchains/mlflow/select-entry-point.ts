import { readdir, realpath, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { didYouMean } from '@trainyard/core/nearest.ts';
import { StepFailure } from '../../step-failure.ts';
import { pathInside } from './path-inside.ts';
import type { EntryPoint, Project } from './project-file.ts';
import { shellQuote } from './shell-quote.ts';

export interface ProjectPlace {
  readonly sourceDir: string;
  readonly workDir: string;
}

/** How a script that is no entry point is started, by its ending; the words are those of `mlflow run`, with bash for `$SHELL`. */
const STARTERS: Readonly<Record<string, (script: string) => string>> = {
  '.py': (script) => `python ${shellQuote(script)}`,
  '.sh': (script) => `bash ${shellQuote(script)}`,
  '.R': (script) => `Rscript -e ${shellQuote(`mlflow::mlflow_source(${JSON.stringify(script)})`)} --args`,
};

/** The entry point of that name, or a script of that name. Throws StepFailure 'bad_spec' that says what there is. */
export async function selectEntryPoint(project: Project, name: string, place: ProjectPlace): Promise<EntryPoint> {
  const declared = project.entryPoints.get(name);
  if (declared !== undefined) return declared;
  const start = STARTERS[extname(name)];
  if (start !== undefined && (await isFileInside(place, name))) return { name, parameters: [], command: start(name) };
  throw new StepFailure('bad_spec', await notThere(project, name, place));
}

async function isFileInside({ sourceDir, workDir }: ProjectPlace, name: string): Promise<boolean> {
  const path = await pathInside(sourceDir, workDir, name);
  return path !== undefined && (await stat(path)).isFile();
}

async function notThere(project: Project, name: string, { workDir }: ProjectPlace): Promise<string> {
  const scripts = (await readdir(await realpath(workDir))).filter((file) => extname(file) in STARTERS).toSorted();
  const points = [...project.entryPoints.keys()];
  const known = [...points, ...scripts];
  const there = [
    project.file === undefined ? 'there is no MLproject file' : points.length === 0 ? `${project.file} has no entry points` : `${project.file} has: ${points.join(', ')}`,
    scripts.length === 0 ? 'there is no script to name instead' : `scripts that can be named: ${scripts.join(', ')}`,
  ];
  return `there is no entry point '${name}' (${there.join('; ')})${didYouMean(name, known)}`;
}
