import { lstat, mkdir, readdir, realpath, rename, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { StepFailure } from '../step-failure.ts';

export interface Arrived {
  /** What was fetched: the one file in it, or all that is in it. */
  readonly dir: string;
  readonly kind: 'file' | 'directory';
  /** As the user named it. */
  readonly remotePath: string;
}

/**
 * Moves what was fetched to a path in the workspace, by ODAHU's rules: with a slash at its end it is a directory, which a file
 * keeps its name in and a directory is merged into; without one it is the name of a file. What is in the way of a file is
 * replaced. The workspace is anybody's: links in it are followed only where they stay inside, and `.git` is left alone. Throws
 * StepFailure.
 */
export async function placeData(workspace: string, localPath: string, { dir, kind, remotePath }: Arrived): Promise<void> {
  const steps = stepsOf(localPath);
  mustFit(localPath, { kind, remotePath });
  const root = await realpath(workspace);
  const names = await readdir(dir);
  if (isDirectory(localPath)) {
    const parent = await directoryIn(root, steps, localPath);
    for (const name of names) await move(root, join(dir, name), join(parent, name));
    return;
  }
  const [name] = names;
  const parent = await directoryIn(root, steps.slice(0, -1), localPath);
  if (name !== undefined) await move(root, join(dir, name), join(parent, steps.at(-1) ?? name));
}

/** A directory has no place under the name of a file; ODAHU's words. Throws StepFailure. */
export function mustFit(localPath: string, { kind, remotePath }: Omit<Arrived, 'dir'>): void {
  if (kind === 'directory' && !isDirectory(localPath)) throw new StepFailure('bad_spec', `local path (${localPath}) points to a file, but remote path (${remotePath}) points to a dir; end the local path with a slash`);
}

function isDirectory(localPath: string): boolean {
  return /(^|\/)\.?$/.test(localPath);
}

/** Checked when the training was made; here it is about to be used. */
function stepsOf(localPath: string): string[] {
  const steps = localPath.split('/').filter((step) => step !== '' && step !== '.');
  if (localPath.startsWith('/') || /[\\\0]/.test(localPath) || steps.includes('..')) throw new StepFailure('bad_spec', `localPath '${localPath}' leads out of the source; give a path inside of it`);
  return steps;
}

/** The directory, made where it is not there; every step is looked at after it was taken. */
async function directoryIn(root: string, steps: readonly string[], localPath: string): Promise<string> {
  let at = root;
  for (const step of steps) {
    const next = join(at, step);
    const real = (await realpath(next).catch(() => undefined)) ?? (await made(next, localPath));
    if (real !== root && !real.startsWith(root + sep)) throw new StepFailure('bad_spec', `localPath '${localPath}' leads out of the source through the link '${relative(root, next)}'`);
    if (!(await stat(real)).isDirectory()) throw new StepFailure('bad_spec', `localPath '${localPath}' cannot be a directory: '${relative(root, next)}' of the source is a file`);
    at = real;
  }
  return at;
}

async function made(path: string, localPath: string): Promise<string> {
  try {
    await mkdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new StepFailure('bad_spec', `localPath '${localPath}' cannot be used: a link of the source on the way leads nowhere`, { cause: error });
  }
  return realpath(path);
}

/** A rename where nothing is in the way, so that a million files of a new directory cost as much as one. */
async function move(root: string, from: string, to: string): Promise<void> {
  // data that others own would otherwise choose what git runs
  if (to === join(root, '.git') || to.startsWith(join(root, '.git') + sep)) throw new StepFailure('bad_spec', "the data would change '.git' of the source: give it a directory of its own as localPath");
  const there = await lstat(to).catch(() => undefined);
  const moved = await lstat(from);
  if (there?.isDirectory() === true && moved.isDirectory()) {
    for (const name of await readdir(from)) await move(root, join(from, name), join(to, name));
    return;
  }
  if (there !== undefined && (moved.isDirectory() || there.isDirectory())) {
    const [inData, inSource] = moved.isDirectory() ? ['a directory', 'a file or link'] : ['a file', 'a directory'];
    throw new StepFailure('bad_spec', `'${relative(root, to)}' is ${inData} of the data and ${inSource} of the source: give the data another localPath`);
  }
  await rename(from, to);
}
