import type { ConnectionContext } from '../connection.ts';
import { type ProgramEnd, runProgram } from './run-program.ts';

/** Nothing of the repository is executed, and nothing is done that was not asked for. */
const SAFE_SETTINGS = [
  'core.hooksPath=/dev/null', 'core.fsmonitor=false', 'submodule.recurse=false', 'transfer.bundleURI=false', 'fetch.recurseSubmodules=false',
  'gc.auto=0', 'maintenance.auto=false', 'advice.detachedHead=false',
].flatMap((setting) => ['-c', setting]);
// large files are fetched by name and on request, not by a filter that the machine may have for all repositories;
// no transport is allowed until the environment of a remote names its own
const SAFE_ENV = { GIT_TERMINAL_PROMPT: '0', GIT_LFS_SKIP_SMUDGE: '1', GIT_ALLOW_PROTOCOL: 'none' };

/**
 * Runs the git of the machine from an argument list, with the user's own settings for proxies and certificates, but without
 * any question. Which transport it may use, whatever a URL, a redirect or a configuration asks for, says `env`.
 */
export function runGit(args: readonly string[], { env, signal }: Pick<ConnectionContext, 'env' | 'signal'>): Promise<ProgramEnd> {
  return runProgram('git', [...SAFE_SETTINGS, ...args], { env: { ...SAFE_ENV, ...env }, signal });
}
