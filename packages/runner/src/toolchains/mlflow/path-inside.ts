import { realpath } from 'node:fs/promises';
import { resolve, sep } from 'node:path';

/**
 * The real path of `path` (relative to `from`) when it exists and lies inside of `root`, links resolved; undefined otherwise.
 */
export async function pathInside(root: string, from: string, path: string): Promise<string | undefined> {
  if (path.includes('\0')) return undefined;
  try {
    const [real, realRoot] = await Promise.all([realpath(resolve(from, path)), realpath(root)]);
    return real === realRoot || real.startsWith(realRoot + sep) ? real : undefined;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENAMETOOLONG') return undefined;
    throw error;
  }
}
