import { access, constants, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { didYouMean } from '@trainyard/core/nearest.ts';
import type { ToolchainIntegrationSpec } from '@trainyard/core/training/toolchain-integration.ts';
import { StepFailure } from '../../step-failure.ts';
import type { PlanContext } from '../toolchain.ts';

/**
 * The program of an integration as an absolute path: an absolute one of this machine, a relative one with a slash of the
 * source, any other of PATH. Throws StepFailure 'bad_spec' that says what it would take to have it.
 */
export async function findProgram({ entrypoint, defaultImage }: ToolchainIntegrationSpec, context: PlanContext): Promise<string> {
  const { spec, sourceDir, path } = context;
  const image = spec.image ?? defaultImage;
  if (!entrypoint.includes('/')) return (await programIn(path, entrypoint)) ?? missing(entrypoint, 'in PATH', { image, spec });
  const isAbsolute = entrypoint.startsWith('/');
  const wanted = resolve(sourceDir, entrypoint);
  const found = await realpath(wanted).catch(() => undefined);
  const root = await realpath(sourceDir);
  const isOurs = found !== undefined && (isAbsolute || found.startsWith(root + sep)) && (await stat(found)).isFile();
  if (!isOurs) return missing(entrypoint, isAbsolute ? 'on this machine' : 'in the source', { image, spec, near: await nearest(wanted) });
  if (await mayExecute(wanted)) return wanted;
  throw new StepFailure('bad_spec', `the program '${entrypoint}' of the toolchain '${spec.toolchain}' may not be executed; make it executable (chmod +x)`);
}

interface Missing {
  readonly image: string;
  readonly spec: PlanContext['spec'];
  readonly near?: string | undefined;
}

function missing(entrypoint: string, where: string, { image, spec, near = '' }: Missing): never {
  throw new StepFailure(
    'bad_spec',
    `the toolchain '${spec.toolchain}' is the program '${entrypoint}', and there is none ${where}${near}. It belongs to the image '${image}': install it here, or run the training on an engine that starts containers of that image (the engine '${spec.engine}' has started none)`,
  );
}

async function programIn(path: string, name: string): Promise<string | undefined> {
  for (const dir of path.split(':').filter((part) => part.startsWith('/'))) {
    const program = join(dir, name);
    if ((await stat(program).catch(() => undefined))?.isFile() === true && (await mayExecute(program))) return program;
  }
  return undefined;
}

async function mayExecute(program: string): Promise<boolean> {
  return access(program, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function nearest(wanted: string): Promise<string> {
  const names = await readdir(dirname(wanted)).catch(() => []);
  return didYouMean(basename(wanted), names);
}
