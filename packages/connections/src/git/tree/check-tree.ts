import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConnectionContext, ConnectionError, type FetchLimits } from '../connection.ts';
import { linkStaysInside } from '../link-stays-inside.ts';
import { gitFailure } from './git-failure.ts';
import { runGit } from './git-program.ts';

interface TreeEntry {
  readonly mode: string;
  readonly sizeBytes: number;
  readonly path: string;
}

const LINK = '120000';
const SUBMODULE = '160000';

export interface Tree {
  /** Paths of its symbolic links. */
  readonly links: readonly string[];
  /** Paths of its submodules, which are not fetched. */
  readonly submodules: readonly string[];
}

/** Looks at a commit before any file of it is written. Throws ConnectionError when it is larger than allowed. */
export async function checkTree(dir: string, commit: string, limits: FetchLimits, context: ConnectionContext): Promise<Tree> {
  const end = await runGit(['-C', dir, 'ls-tree', '-r', '-l', '-z', '--full-tree', commit], context);
  if (end.exitCode !== 0) throw gitFailure(`the files of commit ${commit} cannot be listed`, end);
  const entries = end.stdout.split('\0').flatMap((line) => parse(line) ?? []);
  refuseTooLarge(entries, limits);
  const paths = (mode: string): string[] => entries.filter((entry) => entry.mode === mode).map(({ path }) => path);
  return { links: paths(LINK), submodules: paths(SUBMODULE) };
}

/** Throws ConnectionError when one of the links, which are on disk by now, leads out of the tree. */
export async function checkLinks(dir: string, links: readonly string[]): Promise<void> {
  for (const path of links) {
    const target = await readlink(join(dir, path));
    if (linkStaysInside(path, target)) continue;
    throw new ConnectionError('invalid', `the source is refused: the symbolic link '${path}' leads out of it, to '${target}'; replace it by a file, or by a relative link inside of the source`);
  }
}

function refuseTooLarge(entries: readonly TreeEntry[], limits: FetchLimits): void {
  const sizeBytes = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0);
  if (entries.length > limits.entries) throw new ConnectionError('too_large', `the source has ${entries.length} files, ${limits.entries} are allowed: move data out of the repository, or raise the limit`);
  if (sizeBytes > limits.bytes) throw new ConnectionError('too_large', `the source has ${sizeBytes} bytes, ${limits.bytes} are allowed: move data out of the repository, or raise the limit`);
}

/** `<mode> <type> <id> <size padded>\t<path>` */
function parse(line: string): TreeEntry | undefined {
  const [, mode, size, path] = /^(\d+) \w+ [0-9a-f]+ +(\d+|-)\t(.+)$/s.exec(line) ?? [];
  return mode === undefined || path === undefined ? undefined : { mode, sizeBytes: Number(size) || 0, path };
}
