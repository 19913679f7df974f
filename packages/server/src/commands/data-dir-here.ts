import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

const DIR_NAME = '.trainyard';
/** What every server keeps in its data directory, with either database. */
const MARK = 'keys.json';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The environment for a command on the data of a server: without TRAINYARD_DATA_DIR it means the nearest `.trainyard` from the working
 * directory upwards, as the other commands do to find the server itself, and only then `~/.trainyard`.
 */
export function withDataDirHere(env: Env, { cwd, uid }: { readonly cwd: string; readonly uid: number | undefined }): Env {
  if ((env['TRAINYARD_DATA_DIR'] ?? '') !== '') return env;
  const found = upwards(cwd).map((dir) => join(dir, DIR_NAME)).find((dir) => isOurs(dir, uid));
  return found === undefined ? env : { ...env, TRAINYARD_DATA_DIR: found };
}

/** One that belongs to somebody else, in a directory above, is not to be followed. */
function isOurs(dir: string, uid: number | undefined): boolean {
  if (!existsSync(join(dir, MARK))) return false;
  return uid === undefined || statSync(dir).uid === uid;
}

function upwards(dir: string): string[] {
  const parent = dirname(dir);
  return parent === dir ? [dir] : [dir, ...upwards(parent)];
}
