import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { Journal } from './journal.ts';

/** Where files lie until all have arrived: in the directory for resumption, or in one beside the target that lives as long as the call. */
export interface Staging {
  readonly tree: string;
  readonly journal: Journal | undefined;
  /** Moves the tree to its target. */
  finish(): Promise<void>;
  /** Leaves only what the next attempt can use. */
  giveUp(): Promise<void>;
}

interface StagingRequest {
  readonly into: string;
  readonly resumeDir?: string | undefined;
  /** What is fetched: files of another place are of no use. */
  readonly place: string;
}

export async function openStaging({ into, resumeDir, place }: StagingRequest): Promise<Staging> {
  await mkdir(dirname(into), { recursive: true });
  if (resumeDir === undefined) {
    const tree = await mkdtemp(`${into}.`);
    // a training may run as somebody else
    await chmod(tree, 0o755);
    return { tree, journal: undefined, finish: () => rename(tree, into), giveUp: () => rm(tree, { recursive: true, force: true }) };
  }
  const journal = await Journal.open(resumeDir, place);
  await removeUnknown(journal.tree, new Set(journal.paths()));
  return {
    tree: journal.tree,
    journal,
    finish: async () => {
      await journal.close();
      await rename(journal.tree, into);
      await rm(resumeDir, { recursive: true, force: true });
    },
    giveUp: () => journal.close(),
  };
}

/** A file the journal does not know may be half of one, or of an object that is gone. */
async function removeUnknown(tree: string, known: ReadonlySet<string>): Promise<void> {
  const entries = await readdir(tree, { recursive: true, withFileTypes: true });
  const unknown = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name)).filter((file) => !known.has(relative(tree, file)));
  for (const file of unknown) await rm(file, { force: true });
}

/** Directories are made anew by what is listed; those that stay empty go. Answers whether anything is left. */
export async function removeEmptyDirectories(dir: string, keep: ReadonlySet<string>): Promise<boolean> {
  let hasEntries = false;
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const isLeft = !entry.isDirectory() || (await removeEmptyDirectories(join(dir, entry.name), keep)) || keep.has(join(dir, entry.name));
    if (!isLeft) await rm(join(dir, entry.name), { recursive: true });
    hasEntries ||= isLeft;
  }
  return hasEntries;
}
