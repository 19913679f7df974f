import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { sizeText } from '../output/amounts.ts';
import type { Check } from './check.ts';

/** An environment with a few scientific packages is about half a gigabyte; below this not even one fits. */
const NEEDED_BYTES = 1e9;
const COMFORTABLE_BYTES = 5e9;

/** Free space where a data directory is, or would be made. */
export async function checkDisk(dataDir: string): Promise<Check> {
  const freeBytes = await freeBytesAt(dataDir);
  const found = `${sizeText(freeBytes)} free for ${dataDir}`;
  if (freeBytes >= COMFORTABLE_BYTES) return { name: 'disk', state: 'ok', found };
  const hint = `environments and models take gigabytes: free some space, or set TRAINYARD_DATA_DIR to another disk`;
  return { name: 'disk', state: freeBytes >= NEEDED_BYTES ? 'warning' : 'missing', found, hint };
}

async function freeBytesAt(dir: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(dir);
    return bavail * bsize;
  } catch (error) {
    const parent = path.dirname(dir);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === dir) throw error;
    return await freeBytesAt(parent);
  }
}
