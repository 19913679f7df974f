import { spawn } from 'node:child_process';
import { type ConnectionContext, ConnectionError } from '../connection.ts';

export interface GitEnd {
  readonly exitCode: number | null;
  readonly stdout: string;
  /** The last 16 KiB. */
  readonly stderr: string;
}

/** Only these two transports, whatever a URL, a redirect or a configuration asks for; nothing of the repository is executed. */
const SAFE_SETTINGS = [
  'protocol.allow=never', 'protocol.https.allow=always', 'protocol.file.allow=always',
  'core.hooksPath=/dev/null', 'core.fsmonitor=false', 'submodule.recurse=false', 'transfer.bundleURI=false',
  'gc.auto=0', 'maintenance.auto=false', 'advice.detachedHead=false',
].flatMap((setting) => ['-c', setting]);

const STDOUT_LIMIT_BYTES = 256 * 1024 * 1024;
const STDERR_LIMIT = 16 * 1024;

/**
 * Runs the git of the machine from an argument list, with the user's own settings for proxies, certificates and credential
 * helpers, but without any question. Throws ConnectionError when there is no git, and the signal's reason when it is aborted.
 */
export async function runGit(args: readonly string[], { env, signal }: ConnectionContext): Promise<GitEnd> {
  signal.throwIfAborted();
  // words of git are read below, so they must be English; no repository around the working
  // directory may add settings; its own group, so that helpers it starts end with it
  const quiet = { ...env, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' };
  const child = spawn('git', [...SAFE_SETTINGS, ...args], { cwd: '/', env: quiet, shell: false, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const stdout: Buffer[] = [];
  let size = 0;
  let stderr = '';
  const kill = (): void => killGroup(child.pid);
  child.stdout.on('data', (bytes: Buffer) => {
    size += bytes.length;
    if (size > STDOUT_LIMIT_BYTES) kill();
    else stdout.push(bytes);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-STDERR_LIMIT)));
  signal.addEventListener('abort', kill, { once: true });
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', (error) => reject(missing(error))));
    signal.throwIfAborted();
    return { exitCode, stdout: Buffer.concat(stdout).toString(), stderr };
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

function missing(error: NodeJS.ErrnoException): Error {
  if (error.code !== 'ENOENT') return error;
  return new ConnectionError('not_installed', 'the source is a git repository, and there is no git on this machine: install git, or upload the directory instead', { cause: error });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
