import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { ConnectionError } from '../../connection.ts';
import { mustWork } from '../fetch-commit.ts';
import { gitFailure } from '../git-failure.ts';
import { runGit } from '../git-program.ts';
import type { Remote } from '../remote.ts';

/** A file of git-lfs of which only the pointer is there. */
export interface Pointer {
  readonly path: string;
  readonly sizeBytes: number;
}

// by git-lfs' specification
const POINTER = /^version https:\/\/git-lfs\.github\.com\/spec\/v1\n(?:[^\n]*\n)*?size (\d{1,15})\n/;
const POINTER_LIMIT_BYTES = 1024;
/** What `git lfs install` sets for all repositories of a user: without it git-lfs leaves the pointers where they are. */
const FILTERS = ['clean=git-lfs clean -- %f', 'smudge=git-lfs smudge -- %f', 'process=git-lfs filter-process', 'required=true'].flatMap((setting) => ['-c', `filter.lfs.${setting}`]);

/** The large files of what is checked out in `dir` that are not fetched yet. */
export async function pointersIn(remote: Remote, dir: string): Promise<Pointer[]> {
  const end = await mustWork(remote, ['-C', dir, 'ls-files', '-z', '--', ':(attr:filter=lfs)'], 'the large files of the source cannot be listed');
  const pointers: Pointer[] = [];
  for (const path of end.stdout.split('\0')) {
    const size = path === '' ? undefined : POINTER.exec(await beginning(join(dir, path)))?.[1];
    if (size !== undefined) pointers.push({ path, sizeBytes: Number(size) });
  }
  return pointers;
}

/** Replaces the pointers by the files. */
export async function fetchLargeFiles(remote: Remote, dir: string): Promise<void> {
  const end = await runGit(['-C', dir, ...FILTERS, 'lfs', 'pull', 'origin'], remote.context);
  if (/'lfs' is not a git command/.test(end.stderr)) throw new ConnectionError('not_installed', 'the large files (git-lfs) of the source are asked for, and there is no git-lfs on this machine: install it, or leave out lfs of the connection');
  if (end.exitCode !== 0) throw gitFailure(`the large files of ${remote.url} cannot be fetched`, end);
  const [left] = await pointersIn(remote, dir);
  if (left !== undefined) throw new ConnectionError('not_found', `the large file '${left.path}' is not in the storage of ${remote.url}: push it (git lfs push --all origin)`);
}

async function beginning(path: string): Promise<string> {
  // a link would not be opened, and is no pointer
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return '';
  try {
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(POINTER_LIMIT_BYTES), position: 0 });
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
