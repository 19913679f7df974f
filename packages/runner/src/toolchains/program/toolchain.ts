import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StepFailure } from '../../step-failure.ts';
import { sourceName } from '../source-name.ts';
import type { LaunchPlan, PlanContext, Toolchain } from '../toolchain.ts';
import { findProgram } from './find-program.ts';
import { trainerFile } from './trainer-file.ts';

/**
 * A toolchain that users have added: ODAHU's protocol for programs. It is called as
 * `<entrypoint> --verbose --mt <mt.json> --target <directory>` in the root of the source, ends with 0, and leaves the trained
 * model binary in the directory, with an odahuflow.project.yaml. What it needs it brings along: nothing is installed for it.
 */
export const toolchain: Toolchain = {
  name: 'program',
  async plan(context: PlanContext): Promise<LaunchPlan> {
    const { spec, integration, sourceDir, scratchDir } = context;
    if (integration === undefined) throw new StepFailure('bad_spec', `the toolchain '${spec.toolchain}' has no entrypoint any more: add it again, or choose another`);
    const program = await findProgram(integration, context);
    const dir = join(scratchDir, 'program');
    const target = join(dir, 'target');
    await mkdir(target, { recursive: true });
    const trainer = join(dir, 'mt.json');
    await writeFile(trainer, `${JSON.stringify(trainerFile(integration, context), null, 2)}\n`);
    return {
      environment: { kind: 'none' },
      argv: [program, '--verbose', '--mt', trainer, '--target', target],
      cwd: sourceDir,
      env: {},
      params: spec.hyperParameters,
      tags: tagsOf(context),
      binary: { dir: target, projectFile: 'left' },
    };
  },
};

function tagsOf(context: PlanContext): Record<string, string> {
  const { training, spec, commit } = context;
  const tags: Record<string, string> = {
    'mlflow.source.name': sourceName(context).name,
    'mlflow.source.type': 'PROJECT',
    training_id: training,
    model_name: spec.model.name,
    model_version: spec.model.version,
  };
  return commit === undefined ? tags : { ...tags, 'mlflow.source.git.commit': commit };
}
