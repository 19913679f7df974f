import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import ignore, { type Ignore } from 'ignore';

/**
 * What git leaves out of a directory: the rules of every `.gitignore` from the repository's root to the file. An inner
 * file overrides an outer one, a later line an earlier one, and nothing below a directory that is left out comes back.
 */
export class IgnoreRules {
  readonly #top: string;
  /** All files in one set, each pattern moved below its own directory: only so does an inner `!dir/` reopen an outer `dir/`. */
  readonly #rules: Ignore = ignore({ ignorecase: false });

  private constructor(top: string) {
    this.#top = top;
  }

  /** Rules for the root of a source: its own, and those of the repository around it unless they leave the root itself out. */
  static async forRoot(root: string): Promise<IgnoreRules> {
    const above = await repositoryDirs(root);
    const rules = new IgnoreRules(above[0] ?? root);
    for (const dir of above) await rules.enter(dir);
    // who trains in a directory that git leaves out means that directory, not nothing
    const applied = above.length > 0 && rules.leavesOut(root, true) ? new IgnoreRules(root) : rules;
    await applied.enter(root);
    return applied;
  }

  /** Adds the rules of a directory; call it before anything in that directory is asked about. */
  async enter(dir: string): Promise<void> {
    const text = await readIfThere(path.join(dir, '.gitignore'));
    if (text !== undefined) this.#rules.add(text.split(/\r?\n/).map((line) => moved(line, this.#relative(dir))));
  }

  /** Does git leave this out? The path is absolute and inside of the root. */
  leavesOut(file: string, isDirectory: boolean): boolean {
    const relative = this.#relative(file);
    return this.#rules.test(isDirectory ? `${relative}/` : relative).ignored;
  }

  #relative(file: string): string {
    return path.relative(this.#top, file).split(path.sep).join('/');
  }
}

/** The pattern of a `.gitignore` in `dir`, written as the `.gitignore` of the top would have it. */
function moved(line: string, dir: string): string {
  if (dir === '' || line.trim() === '' || line.startsWith('#')) return line;
  const not = line.startsWith('!') ? '!' : '';
  const pattern = line.slice(not.length);
  const anchored = /\/(?=.*\S)/.test(pattern.replace(/\/\s*$/, ''));
  const below = `/${dir.replace(/[\\*?[\]!#]/g, '\\$&')}/`;
  return `${not}${below}${anchored ? pattern.replace(/^\//, '') : `**/${pattern}`}`;
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** The directories from the repository's root down to, but without, `root`; empty when `root` is in no repository or is its root. */
async function repositoryDirs(root: string): Promise<string[]> {
  const above: string[] = [];
  for (let dir = root; ; dir = path.dirname(dir)) {
    if (dir !== root) above.unshift(dir);
    if (await exists(path.join(dir, '.git'))) return above;
    if (path.dirname(dir) === dir) return [];
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch {
    // whatever keeps us from seeing it: then it is no repository for us
    return false;
  }
}
