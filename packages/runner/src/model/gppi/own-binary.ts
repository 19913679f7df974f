import type { AttemptLog } from '../../attempt-log.ts';
import { asModelFile, outputFiles } from '../output-files.ts';
import { StepFailure } from '../../step-failure.ts';
import type { OwnBinary } from '../../toolchains/toolchain.ts';
import { type BinaryContents, projectFiles } from './binary-contents.ts';
import { MODEL_FILE, plainProjectFile, type ProjectDescription, PROJECT_FILE, runOf } from './project-file.ts';
import { readText } from './read-text.ts';

export interface OwnBinaryContext extends ProjectDescription {
  readonly toolchain: string;
  readonly log: AttemptLog;
  readonly signal: AbortSignal;
}

/** The binary that a program has made itself. Throws StepFailure 'output_missing' without the project file that it must leave. */
export async function ownContents({ dir, projectFile }: OwnBinary, { toolchain, log, signal, ...described }: OwnBinaryContext): Promise<BinaryContents> {
  const left = (await outputFiles(dir, log)).map(asModelFile);
  const own = left.find(({ path }) => path === PROJECT_FILE);
  if (own !== undefined) return { files: left, runId: runOf(await readText(own, signal)) };
  if (projectFile === 'left') {
    const there = left.length === 0 ? 'nothing' : left.slice(0, 10).map(({ path }) => path).join(', ');
    throw new StepFailure('output_missing', `the program of the toolchain '${toolchain}' ended with 0 and left no ${PROJECT_FILE} in its --target (it left ${there}); it must write one, with the id of its run as output.run_id`);
  }
  const hasModelFile = left.some(({ path }) => path === MODEL_FILE);
  const added = projectFiles(plainProjectFile(described)).filter(({ path }) => path !== MODEL_FILE || !hasModelFile);
  return { files: [...left, ...added] };
}
