import { join } from 'node:path';
import { getUv } from './builders/get-uv.ts';
import { askProgram, builderEnvironment } from './builders/run-builder.ts';
import type { PrepareContext } from './environment.ts';
import { directorySize } from './store/directory-size.ts';
import type { DirectoryStore } from './store/directory-store.ts';

/**
 * After a build: removes the environments that were used longest ago until the rest is under the limit. Their packages are the
 * same files as in uv's cache, which has the same limit; it is emptied by uv itself, which waits for other uvs.
 */
export async function trimCaches(store: DirectoryStore, keepId: string, context: PrepareContext): Promise<void> {
  const { cacheDir, limitBytes, log, env } = context;
  for (const { id, sizeBytes, lastUsedAt } of await store.trim(limitBytes, keepId)) {
    log.say(`environment ${id.slice(0, 12)}: removed to stay under ${megabytes(limitBytes)} (${megabytes(sizeBytes)}, last used ${new Date(lastUsedAt).toISOString()})`);
  }
  const uvCache = join(cacheDir, 'uv');
  const cachedBytes = await directorySize(uvCache);
  if (cachedBytes <= limitBytes) return;
  const { program } = await getUv(context);
  await askProgram([program, 'cache', 'clean'], { cwd: cacheDir, env: { ...builderEnvironment(env), UV_CACHE_DIR: uvCache } }, context);
  log.say(`the cache of uv was emptied to stay under ${megabytes(limitBytes)} (${megabytes(cachedBytes)})`);
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
