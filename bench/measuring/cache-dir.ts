import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What benches keep between runs. Not the temporary directory: in many systems that is memory, and a commit there costs nothing. */
export const CACHE_DIR = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'trainyard', 'bench');

/** A new directory on a real disk; gone with the `using` block. */
export function aDirectory(): { readonly path: string } & Disposable {
  mkdirSync(CACHE_DIR, { recursive: true });
  const path = mkdtempSync(join(CACHE_DIR, 'run-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }) };
}
