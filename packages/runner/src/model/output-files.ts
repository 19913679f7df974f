import { createReadStream, type Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Readable } from 'node:stream';
import type { AttemptLog } from '../attempt-log.ts';
import { StepFailure } from '../step-failure.ts';
import type { ModelFile } from './trained-model.ts';

export interface OutputFile {
  /** Relative to the output directory, with '/'. */
  readonly path: string;
  readonly sizeBytes: number;
  read(): Readable;
}

/**
 * Every file a program left in its output directory, sorted. Links are followed as long as they stay in it: throws
 * StepFailure 'output_invalid' for one that does not. Sockets and pipes are left out with a warning.
 */
export async function outputFiles(dir: string, log: AttemptLog): Promise<OutputFile[]> {
  const root = await realpath(dir);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files: OutputFile[] = [];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(root, path).split(sep).join('/');
    const target = entry.isSymbolicLink() ? await followed(root, path, name) : path;
    const found = await stat(target);
    if (found.isFile()) files.push({ path: name, sizeBytes: found.size, read: () => createReadStream(target, { start: 0, end: Math.max(0, found.size - 1) }) });
    else if (entry.isSymbolicLink() && found.isDirectory()) throw new StepFailure('output_invalid', `the output holds a link to a directory, '${name}'; copy the directory instead`);
    else if (!found.isDirectory()) log.warn(`'${name}' in the output is ${kindOf(entry)}; it is left out`);
  }
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

export function asModelFile({ path, sizeBytes, read }: OutputFile): ModelFile {
  return { path, sizeBytes, open: () => Promise.resolve(read()) };
}

async function followed(root: string, path: string, name: string): Promise<string> {
  const target = await realpath(path).catch(() => undefined);
  if (target === undefined) throw new StepFailure('output_invalid', `the output holds a link that leads nowhere, '${name}'; remove it, or write the file`);
  if (!target.startsWith(root + sep)) throw new StepFailure('output_invalid', `the output holds a link that leads out of it, '${name}' to '${target}'; copy the file instead`);
  return target;
}

function kindOf(entry: Dirent): string {
  return entry.isSocket() ? 'a socket' : entry.isFIFO() ? 'a pipe' : 'a device';
}
