import { spawn } from 'node:child_process';
import { type ConnectionContext, ConnectionError } from '../connection.ts';

export interface ProgramEnd {
  readonly exitCode: number | null;
  readonly stdout: string;
  /** The last 16 KiB. */
  readonly stderr: string;
}

const STDOUT_LIMIT_BYTES = 256 * 1024 * 1024;
const STDERR_LIMIT = 16 * 1024;
const ADVICE: Readonly<Record<string, string>> = {
  git: 'the source is a git repository, and there is no git on this machine: install git, or upload the directory instead',
  'ssh-keyscan': 'the repository is reached by SSH, and there is no ssh-keyscan on this machine: install the OpenSSH client, or use an https:// URL with a token',
};

/**
 * Runs git or one of its companions from an argument list. Nothing of it lives on when the signal is aborted. Throws
 * `not_installed` when there is no such program, and the signal's reason when it is aborted.
 */
export async function runProgram(program: string, args: readonly string[], { env, signal }: Pick<ConnectionContext, 'env' | 'signal'>): Promise<ProgramEnd> {
  signal.throwIfAborted();
  // their words are read, so they must be English; no repository around the working
  // directory may add settings; its own group, so that what it starts ends with it
  const child = spawn(program, args, { cwd: '/', env: { ...env, LC_ALL: 'C' }, shell: false, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
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
    const exitCode = await new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', (error) => reject(missing(program, error))));
    signal.throwIfAborted();
    return { exitCode, stdout: Buffer.concat(stdout).toString(), stderr };
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

function missing(program: string, error: NodeJS.ErrnoException): Error {
  if (error.code !== 'ENOENT') return error;
  return new ConnectionError('not_installed', ADVICE[program] ?? `there is no ${program} on this machine: install it`, { cause: error });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
