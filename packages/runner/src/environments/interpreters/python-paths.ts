import { readdir, readFile, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { comparePythons } from './python-version.ts';

/** Where version managers and distributions keep Pythons that are not in PATH, below the home directory and outside of it. */
const HOME_PLACES = [['.asdf', 'installs', 'python'], ['.local', 'share', 'mise', 'installs', 'python'], ['.local', 'share', 'uv', 'python']];
const OUTER_PLACES = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'];
const FRAMEWORK = '/Library/Frameworks/Python.framework/Versions';

/**
 * Real paths of the Pythons of this machine, each once, in the order of preference: PATH (with what pyenv puts there), then
 * the versions that pyenv and other managers have installed, newest first, then the usual directories.
 */
export async function* pythonPaths(env: Readonly<Record<string, string>>): AsyncGenerator<string> {
  const seen = new Set<string>();
  for await (const bin of binDirectories(env)) {
    for (const name of await pythonNames(bin)) {
      const real = await realProgram(join(bin, name));
      if (real === undefined || seen.has(real)) continue;
      seen.add(real);
      yield real;
    }
  }
}

async function* binDirectories(env: Readonly<Record<string, string>>): AsyncGenerator<string> {
  const home = env['HOME'] ?? '/';
  const pyenv = join(env['PYENV_ROOT'] ?? join(home, '.pyenv'));
  const shims = join(pyenv, 'shims');
  for (const dir of (env['PATH'] ?? '').split(':')) {
    if (dir === shims) yield* (await selectedByPyenv(pyenv, env)).map((version) => join(pyenv, 'versions', version, 'bin'));
    else if (dir.startsWith('/')) yield dir;
  }
  for (const place of [join(pyenv, 'versions'), ...HOME_PLACES.map((parts) => join(home, ...parts)), FRAMEWORK]) {
    yield* (await list(place)).toSorted((a, b) => comparePythons(versionIn(b), versionIn(a))).map((version) => join(place, version, 'bin'));
  }
  yield* OUTER_PLACES;
}

/** What the shims of pyenv would start, in a directory without a `.python-version`. */
async function selectedByPyenv(root: string, env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const chosen = env['PYENV_VERSION']?.split(':') ?? (await readWords(join(root, 'version')));
  const installed = (await list(join(root, 'versions'))).toSorted((a, b) => comparePythons(versionIn(b), versionIn(a)));
  return chosen.flatMap((name) => installed.find((version) => version === name || version.startsWith(`${name}.`)) ?? []);
}

async function pythonNames(dir: string): Promise<readonly string[]> {
  const names = (await list(dir)).filter((name) => /^python(3(\.\d+)?)?$/.test(name));
  const rank = (name: string): number => (name === 'python3' ? 0 : name === 'python' ? 1 : 2);
  return names.toSorted((a, b) => rank(a) - rank(b) || comparePythons(b.slice(6), a.slice(6)));
}

async function realProgram(path: string): Promise<string | undefined> {
  try {
    const real = await realpath(path);
    // a shim that is a link leads to the version manager itself
    return basename(real).startsWith('python') ? real : undefined;
  } catch (error) {
    return unreadable(error);
  }
}

async function list(dir: string): Promise<readonly string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    return unreadable(error) ?? [];
  }
}

async function readWords(file: string): Promise<readonly string[]> {
  try {
    return (await readFile(file, 'utf8')).split(/\s+/).filter((word) => word !== '');
  } catch (error) {
    return unreadable(error) ?? [];
  }
}

/** Directories of PATH need not exist, nor be for us. */
function unreadable(error: unknown): undefined {
  if (['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
  throw error;
}

/** `cpython-3.12.4-linux-x86_64-gnu` → 3.12.4 */
function versionIn(name: string): string {
  return /\d+(\.\d+)*/.exec(name)?.[0] ?? '0';
}
