import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Attempts of a run follow each other within minutes; what nobody has touched for so long nobody comes back for. */
const OLD_MS = 24 * 60 * 60_000;

export interface ResumeRequest {
  readonly cacheDir: string;
  /** Where the fetched directory will lie. */
  readonly into: string;
  readonly run: string;
  /** What is fetched, without credentials; two places of a run differ in it. */
  readonly place: readonly string[];
}

/**
 * A directory for half-fetched files that outlives the attempt, one for each place of a run. Undefined where the cache lies on
 * another disk than the attempt: what is complete is moved, not copied. Those of runs long gone are removed.
 */
export async function resumeDirFor({ cacheDir, into, run, place }: ResumeRequest): Promise<string | undefined> {
  const root = join(cacheDir, 'transfers');
  await mkdir(root, { recursive: true, mode: 0o700 });
  const [cache, target] = await Promise.all([stat(root), stat(dirname(into))]);
  if (cache.dev !== target.dev) return undefined;
  await removeOld(root);
  return join(root, createHash('sha256').update(JSON.stringify([run, ...place])).digest('hex'));
}

/** Tells others that somebody is at it. */
export async function touch(dir: string): Promise<void> {
  const now = new Date();
  // not made yet, or moved to its target by now
  await utimes(dir, now, now).catch(() => undefined);
}

async function removeOld(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const dir = join(root, name);
    const touchedAt = await stat(dir).then(({ mtimeMs }) => mtimeMs, () => Infinity);
    if (Date.now() - touchedAt > OLD_MS) await rm(dir, { recursive: true, force: true });
  }
}
