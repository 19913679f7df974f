import { accessSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TrainyardError } from '@trainyard/core/errors.ts';
import Sqlite from 'better-sqlite3';

/** Makes the directory when it is not there, and locks it. Throws DATA_DIR_UNUSABLE, DATA_DIR_BUSY. */
export function openDataDir(dir: string): () => void {
  orUnusable(dir, () => mkdirSync(dir, { recursive: true, mode: 0o700 }));
  return lockDataDir(dir);
}

/**
 * One server per data directory. The lock is the kernel's, on a file that SQLite holds for us: it ends with the process however
 * that ends, and it holds between containers that share the directory, where the number of a process means nothing. Throws
 * DATA_DIR_UNUSABLE, DATA_DIR_BUSY. Answers the function that gives it back.
 */
export function lockDataDir(dir: string): () => void {
  orUnusable(dir, () => accessSync(dir, constants.W_OK));
  const note = join(dir, 'server.pid');
  const guard = hold(join(dir, 'server.guard'));
  if (guard === undefined) throw new TrainyardError('DATA_DIR_BUSY', { dir, pid: ownerIn(note) });
  writeFileSync(note, `${process.pid}\n`, { mode: 0o600 });
  return () => {
    rmSync(note, { force: true });
    guard.close();
  };
}

/** Undefined when another process holds it. */
function hold(path: string): Sqlite.Database | undefined {
  const guard = new Sqlite(path, { timeout: 0 });
  try {
    guard.exec('begin exclusive');
    return guard;
  } catch (error) {
    guard.close();
    if ((error as { readonly code?: unknown }).code === 'SQLITE_BUSY') return undefined;
    throw error;
  }
}

/** For the reader of the error: who wrote it may be in another container. */
function ownerIn(note: string): string {
  try {
    return readFileSync(note, 'utf8').trim();
  } catch {
    // it locks first and writes then
    return 'unknown';
  }
}

function orUnusable(dir: string, use: () => void): void {
  try {
    use();
  } catch (error) {
    throw new TrainyardError('DATA_DIR_UNUSABLE', { dir, problem: (error as NodeJS.ErrnoException).code ?? String(error), uid: process.getuid?.() ?? 'of this process' }, { cause: error });
  }
}
