import { cp, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StepFailure } from '../../step-failure.ts';
import type { LaunchPlan, PlanContext, Toolchain } from '../toolchain.ts';
import { pathInside } from './path-inside.ts';
import { toolchain as mlflow } from './toolchain.ts';

/**
 * ODAHU's `mlflow-project`: runs an MLproject as `mlflow` does, and what it leaves in the directory ODAHUFLOW_OUTPUT_DIR is the
 * trained model binary, whatever it is. The directory that STATIC_ARTIFACTS_DIR names in workDir lies in it from the start.
 */
export const toolchain: Toolchain = {
  name: 'mlflow-project',
  async plan(context: PlanContext): Promise<LaunchPlan> {
    const plan = await mlflow.plan(context);
    const dir = join(context.scratchDir, 'odahuflow-output');
    await mkdir(dir, { recursive: true });
    await copyStaticArtifacts(context, dir);
    return { ...plan, ownEnv: { ODAHUFLOW_OUTPUT_DIR: dir }, binary: { dir, projectFile: 'added' } };
  },
};

async function copyStaticArtifacts({ spec, integration, sourceDir, workDir }: PlanContext, into: string): Promise<void> {
  const name = spec.envs.find((one) => one.name === 'STATIC_ARTIFACTS_DIR')?.value ?? integration?.additionalEnvironments['STATIC_ARTIFACTS_DIR'];
  if (name === undefined || name === '') return;
  const path = await pathInside(sourceDir, workDir, name);
  if (path === undefined || !(await stat(path)).isDirectory()) {
    throw new StepFailure('bad_spec', `STATIC_ARTIFACTS_DIR names '${name}', and there is no such directory in the source; it is a path from workDir`);
  }
  // nothing in a source leads out of it; what a link stands for is meant
  await cp(path, into, { recursive: true, dereference: true, filter: (from) => !from.split('/').includes('.git') });
}
