import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface RunnerProcess {
  readonly pid: number;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  signal(signal: NodeJS.Signals): void;
  /** What it wrote to stderr: nothing, unless it broke. */
  readonly stderr: string;
}

export interface RunnerStart {
  readonly main: URL;
  /** The attempt directory and the cache directory. */
  readonly arguments: readonly string[];
  /** Value of TRAINYARD_ATTEMPT. */
  readonly mark: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the real runner as an engine does. */
export function startRunner({ main, arguments: given, mark, env = {} }: RunnerStart): RunnerProcess {
  const all = { ...process.env, TRAINYARD_ATTEMPT: mark, ...env };
  const child: ChildProcess = spawn(process.execPath, [fileURLToPath(main), ...given], { env: all, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<number | string>((resolve, reject) => child.on('close', (code, signal) => resolve(code ?? signal ?? -1)).on('error', reject));
  return {
    pid: child.pid ?? -1,
    ended,
    signal: (signal) => void child.kill(signal),
    get stderr() {
      return stderr;
    },
  };
}
