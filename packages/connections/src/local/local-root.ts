import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, sep } from 'node:path';
import { type ConnectionContext, ConnectionError, type Place } from '../connection.ts';

/** The directory of a connection, with every link followed, inside of what the administrator allows. */
export interface LocalRoot {
  readonly dir: string;
  /** From the directory on; with a slash at its end, or empty, a directory is meant. */
  readonly path: string;
}

/** Undefined for what is no absolute path. */
export function parseLocalUri(uri: string): string | undefined {
  const path = /^file:\/\/\//i.test(uri) ? uri.slice('file://'.length) : uri;
  return isAbsolute(path) && !path.includes('\0') ? path : undefined;
}

/** Where a place is. Its own path counts from the directory of the uri. Throws ConnectionError when it is not there, or not allowed. */
export async function localRoot({ spec, path }: Place, context: Pick<ConnectionContext, 'localRoots'>): Promise<LocalRoot> {
  const uri = parseLocalUri(spec.uri);
  if (uri === undefined) throw new ConnectionError('invalid', `'${spec.uri}' cannot be used: the uri has to be an absolute path`);
  const real = await allowed(uri, context);
  const isDirectory = await stat(real).then((there) => there.isDirectory(), () => true);
  if (isDirectory) return { dir: real, path: inside(path ?? '') };
  if (path !== undefined && path !== '') throw new ConnectionError('invalid', `${uri} is a file, so that '${path}' cannot lie in it: let the uri of the connection name its directory`);
  return { dir: dirname(real), path: basename(real) };
}

export function isWithin(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`);
}

/** The path as it is, links followed; what is not there yet is told by the part of it that is. */
async function allowed(path: string, { localRoots = [] }: Pick<ConnectionContext, 'localRoots'>): Promise<string> {
  const real = await realOf(path);
  const roots = await Promise.all(localRoots.map((root) => realpath(root).catch(() => undefined)));
  if (roots.some((root) => root !== undefined && isWithin(root, real))) return real;
  throw new ConnectionError('refused', `'${path}' may not be used: connections may only lead to the directories of this machine that its administrator has named for them (local-roots)`);
}

async function realOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    return join(await realOf(dirname(path)), basename(path));
  }
}

function inside(path: string): string {
  if (path.includes('\0') || path.split('/').includes('..')) throw new ConnectionError('invalid', `the path '${path}' leads out of the directory of the connection`);
  return path.split('/').filter((step, i, steps) => step !== '.' && (step !== '' || (i > 0 && i === steps.length - 1))).join('/');
}
