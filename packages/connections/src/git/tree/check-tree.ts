import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ConnectionError, type FetchLimits } from '../../connection.ts';
import { linkStaysInside } from '../../link-stays-inside.ts';
import { mustWork } from '../fetch-commit.ts';
import type { Remote } from '../remote.ts';

interface TreeEntry {
  readonly mode: string;
  readonly id: string;
  readonly sizeBytes: number;
  readonly path: string;
}

const LINK = '120000';
const SUBMODULE = '160000';

export interface Submodule {
  readonly path: string;
  readonly commit: string;
}

export interface Tree {
  /** Files and links, not submodules. */
  readonly files: number;
  readonly sizeBytes: number;
  /** Paths of its symbolic links. */
  readonly links: readonly string[];
  readonly submodules: readonly Submodule[];
}

/** Looks at a commit before any file of it is written. Throws ConnectionError when it is larger than allowed. */
export async function checkTree(remote: Remote, { dir, commit, limits }: { readonly dir: string; readonly commit: string; readonly limits: FetchLimits }): Promise<Tree> {
  const end = await mustWork(remote, ['-C', dir, 'ls-tree', '-r', '-l', '-z', '--full-tree', commit], `the files of commit ${commit} cannot be listed`);
  const entries = end.stdout.split('\0').flatMap((line) => parse(line) ?? []);
  const sizeBytes = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0);
  refuseTooLarge({ files: entries.length, sizeBytes }, limits);
  const of = (mode: string): TreeEntry[] => entries.filter((entry) => entry.mode === mode);
  const submodules = of(SUBMODULE).map(({ path, id }) => ({ path, commit: id }));
  return { files: entries.length - submodules.length, sizeBytes, links: of(LINK).map(({ path }) => path), submodules };
}

/** Throws ConnectionError when one of the links, which are on disk by now, leads out of the tree. */
export async function checkLinks(dir: string, links: readonly string[]): Promise<void> {
  for (const path of links) {
    const target = await readlink(join(dir, path));
    if (linkStaysInside(path, target)) continue;
    throw new ConnectionError('invalid', `the source is refused: the symbolic link '${path}' leads out of it, to '${target}'; replace it by a file, or by a relative link inside of the source`);
  }
}

export function refuseTooLarge({ files, sizeBytes }: { readonly files: number; readonly sizeBytes: number }, limits: FetchLimits): void {
  if (files > limits.entries) throw new ConnectionError('too_large', `the source has ${files} files, ${limits.entries} are allowed: move data out of the repository, or raise the limit`);
  if (sizeBytes > limits.bytes) throw new ConnectionError('too_large', `the source has ${sizeBytes} bytes, ${limits.bytes} are allowed: move data out of the repository, or raise the limit`);
}

/** `<mode> <type> <id> <size padded>\t<path>` */
function parse(line: string): TreeEntry | undefined {
  const [, mode, id, size, path] = /^(\d+) \w+ ([0-9a-f]+) +(\d+|-)\t(.+)$/s.exec(line) ?? [];
  return mode === undefined || id === undefined || path === undefined ? undefined : { mode, id, sizeBytes: Number(size) || 0, path };
}
