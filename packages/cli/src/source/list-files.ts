import type { Dirent, Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { RECORD_NAME } from '../manifest/apply/record.ts';
import { IgnoreRules } from './ignore-rules.ts';

/** One file or directory of a source. */
export interface SourceEntry {
  /** Relative to the root, with `/`. */
  readonly name: string;
  /** What is read for it; absolute, and no symbolic link. */
  readonly file: string;
  readonly kind: 'file' | 'directory';
  readonly sizeBytes: number;
  readonly executable: boolean;
}

/** What of a directory goes into a snapshot. */
export interface SourceListing {
  /** Absolute, and no symbolic link. */
  readonly root: string;
  /** Sorted by name, directories before what is in them. */
  readonly entries: readonly SourceEntry[];
  /** Names left out by a `.gitignore`; a directory counts once. */
  readonly ignored: readonly string[];
  /** Sentences about what else was left out. */
  readonly notes: readonly string[];
}

/** Never part of a source: history, secrets of a server, what was applied, and what the local machine makes anew each time. */
const NEVER = new Set(['.git', '.hg', '.svn', '.trainyard', RECORD_NAME, '__pycache__', '.ipynb_checkpoints', '.DS_Store']);
/** A directory that holds this is a virtual environment: bound to this machine, and built anew by the run. */
const ENVIRONMENT_MARK = 'pyvenv.cfg';
/** More are no source but a heap that lies in the wrong place; links between directories can multiply without end. */
const MAX_ENTRIES = 200_000;

/**
 * Lists what of `dir` goes into a snapshot. Symbolic links are followed as long as they stay inside; what they point to is
 * packed in their place, so that no link is left that could point elsewhere where it is unpacked.
 *
 * @throws TrainyardError SOURCE_REFUSED, naming the links that point outside
 */
export async function listFiles(dir: string): Promise<SourceListing> {
  const root = await rootOf(dir);
  const walk = new Walk(root, await IgnoreRules.forRoot(root));
  await walk.directory({ real: root, name: '' }, new Set([root]));
  if (walk.outside.length > 0) throw refused(root, outsideText(walk.outside), 'copy what they point to into the directory, or leave the links out with a .gitignore');
  return { root, entries: walk.entries.toSorted((a, b) => (a.name < b.name ? -1 : 1)), ignored: walk.ignored, notes: walk.notes };
}

/** The one error for a directory that cannot become a snapshot. */
export function refused(dir: string, problem: string, advice: string): TrainyardError {
  return new TrainyardError('SOURCE_REFUSED', { dir, problem, advice });
}

interface Place {
  readonly real: string;
  readonly name: string;
}

class Walk {
  readonly entries: SourceEntry[] = [];
  readonly ignored: string[] = [];
  readonly notes: string[] = [];
  readonly outside: string[] = [];
  readonly #root: string;
  readonly #rules: IgnoreRules;

  constructor(root: string, rules: IgnoreRules) {
    this.#root = root;
    this.#rules = rules;
  }

  /** `open` are the real directories we are in, so that a link to one of them is seen as the circle it is. */
  async directory(place: Place, open: ReadonlySet<string>): Promise<void> {
    if (place.real !== this.#root) await this.#rules.enter(this.#asNamed(place.name));
    for (const found of await readDirectory(this.#root, place.real)) {
      if (NEVER.has(found.name)) continue;
      await this.#entry(found, place, open);
    }
  }

  async #entry(found: Dirent, parent: Place, open: ReadonlySet<string>): Promise<void> {
    const name = parent.name === '' ? found.name : `${parent.name}/${found.name}`;
    const real = path.join(parent.real, found.name);
    if (found.isSymbolicLink()) {
      // git knows a link as a file, whatever it points to
      if (this.#rules.leavesOut(this.#asNamed(name), false)) this.ignored.push(name);
      else await this.#link({ real, name }, open);
    } else if (this.#rules.leavesOut(this.#asNamed(name), found.isDirectory())) {
      this.ignored.push(name);
    } else {
      await this.#add({ real, name }, open);
    }
  }

  async #link(link: Place, open: ReadonlySet<string>): Promise<void> {
    const target = await realTarget(link.real);
    if (target === undefined) {
      this.notes.push(`left out ${link.name}: a link to something that is not there`);
    } else if (!isInside(this.#root, target)) {
      this.outside.push(`${link.name} -> ${target}`);
    } else if (path.relative(this.#root, target).split(path.sep).some((part) => NEVER.has(part))) {
      this.notes.push(`left out ${link.name}: a link to ${path.relative(this.#root, target)}, which is never packed`);
    } else if (open.has(target)) {
      this.notes.push(`left out ${link.name}: a link to a directory it lies in`);
    } else {
      await this.#add({ real: target, name: link.name }, open);
    }
  }

  async #add({ real, name }: Place, open: ReadonlySet<string>): Promise<void> {
    const facts: Stats = await stat(real);
    if (this.entries.length >= MAX_ENTRIES) throw refused(this.#root, `it holds more than ${MAX_ENTRIES} files`, 'leave out what the training does not need with a .gitignore');
    if (facts.isDirectory()) {
      if (await isEnvironment(real)) {
        this.notes.push(`left out ${name}: a virtual environment`);
        return;
      }
      this.entries.push({ name, file: real, kind: 'directory', sizeBytes: 0, executable: true });
      await this.directory({ real, name }, new Set([...open, real]));
    } else if (facts.isFile()) {
      this.entries.push({ name, file: real, kind: 'file', sizeBytes: facts.size, executable: (facts.mode & 0o100) !== 0 });
    } else {
      this.notes.push(`left out ${name}: neither a file nor a directory`);
    }
  }

  #asNamed(name: string): string {
    return path.join(this.#root, ...name.split('/'));
  }
}

async function rootOf(dir: string): Promise<string> {
  try {
    const root = await realpath(dir);
    if ((await stat(root)).isDirectory()) return root;
  } catch (error) {
    throw new TrainyardError('SOURCE_REFUSED', { dir, problem: 'there is no such directory', advice: 'name the directory of the training' }, { cause: error });
  }
  throw refused(dir, 'it is not a directory', 'name the directory of the training');
}

async function readDirectory(root: string, dir: string): Promise<Dirent[]> {
  try {
    return await readdir(dir, { withFileTypes: true });
  } catch (error) {
    const problem = `the directory '${path.relative(root, dir)}' cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
    throw new TrainyardError('SOURCE_REFUSED', { dir: root, problem, advice: 'make it readable, or leave it out with a .gitignore' }, { cause: error });
  }
}

async function realTarget(link: string): Promise<string | undefined> {
  try {
    return await realpath(link);
  } catch {
    // dangling, circular or behind a closed door: in each case nothing that could be packed
    return undefined;
  }
}

async function isEnvironment(dir: string): Promise<boolean> {
  try {
    return (await stat(path.join(dir, ENVIRONMENT_MARK))).isFile();
  } catch {
    // the ordinary case: the mark is not there
    return false;
  }
}

function isInside(root: string, file: string): boolean {
  return file === root || file.startsWith(root.endsWith(path.sep) ? root : root + path.sep);
}

function outsideText(links: readonly string[]): string {
  const shown = links.slice(0, 5).join(', ');
  const more = links.length > 5 ? ` and ${links.length - 5} more` : '';
  return `${links.length === 1 ? 'a symbolic link points' : `${links.length} symbolic links point`} outside of it: ${shown}${more}`;
}
