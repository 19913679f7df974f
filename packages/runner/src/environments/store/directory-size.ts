import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes of all files below a directory; 0 when there is none. Files that vanish meanwhile do not count. */
export async function directorySize(dir: string): Promise<number> {
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    const sizes = await Promise.all(entries.map((entry) => sizeOf(join(dir, entry.name), entry.isDirectory())));
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch (error) {
    return gone(error);
  }
}

async function sizeOf(path: string, isDirectory: boolean): Promise<number> {
  if (isDirectory) return directorySize(path);
  try {
    return (await lstat(path)).size;
  } catch (error) {
    return gone(error);
  }
}

function gone(error: unknown): 0 {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
  throw error;
}
