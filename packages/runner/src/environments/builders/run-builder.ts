import type { AttemptLog } from '../../attempt-log.ts';
import type { ProgramEnd } from '../../process/run-program.ts';
import { StepFailure } from '../../step-failure.ts';
import type { PrepareContext } from '../environment.ts';

export interface BuilderCall {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** What it is for: "the requirements of python_env.yaml could not be installed". */
  readonly failure: string;
  /** Follows the program's own words in the message. */
  readonly hint?: string | undefined;
}

/** Variables of an environment that somebody works in; they would lead an installer there. */
const MISLEADING = ['PYTHONHOME', 'PYTHONPATH', 'VIRTUAL_ENV', 'CONDA_PREFIX', 'UV_PYTHON', 'UV_SYSTEM_PYTHON', 'UV_PROJECT', 'UV_WORKING_DIR', 'PIP_TARGET', 'PIP_PREFIX', 'PIP_USER', 'PIP_REQUIRE_VIRTUALENV'];
const DISK_FULL = /No space left on device|Disk quota exceeded|\bENOSPC\b|\bEDQUOT\b|os error (28|122)\b/i;
const LONGEST_LINE = 600;
const MOST_LINES = 20;

/** What an installer may see of the runner's variables. */
export function builderEnvironment(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return { ...Object.fromEntries(Object.entries(env).filter(([name]) => !MISLEADING.includes(name))), NO_COLOR: '1' };
}

/**
 * Runs an installer; its words go to the log as they come. Throws StepFailure with its last words ('environment_failed',
 * 'disk_full'), and the signal's reason when it was told to stop.
 */
export async function runBuilder(argv: readonly string[], call: BuilderCall, context: PrepareContext): Promise<void> {
  const { cwd, env, failure, hint } = call;
  const { log, signal, graceMs } = context;
  const end = await context.runProgram(argv, { cwd, env, log, signal, graceMs });
  signal.throwIfAborted();
  if (end.exitCode === 0) return;
  const details = { exitCode: end.exitCode ?? undefined, signal: end.signal ?? undefined };
  const words = lastWords(end.tail);
  if (DISK_FULL.test(end.tail)) throw new StepFailure('disk_full', `the disk was full: ${failure}:\n${words}`, details);
  throw new StepFailure('environment_failed', [`${failure}${howItEnded(end)}:`, words, hint].filter((part) => part !== undefined && part !== '').join('\n'), details);
}

/** Runs a program for what it prints; nothing reaches the log. Undefined when it is not there or fails. */
export async function askProgram(argv: readonly string[], { cwd, env }: Pick<BuilderCall, 'cwd' | 'env'>, context: PrepareContext): Promise<string | undefined> {
  const output: Uint8Array[] = [];
  const log: AttemptLog = { write: (bytes, stream) => void (stream === 'stderr' || output.push(bytes)), say() {}, warn() {} };
  const { signal, graceMs } = context;
  try {
    const { exitCode } = await context.runProgram(argv, { cwd, env, log, signal, graceMs });
    signal.throwIfAborted();
    return exitCode === 0 ? Buffer.concat(output).toString() : undefined;
  } catch (error) {
    if (error instanceof StepFailure && !signal.aborted) return undefined;
    throw error;
  }
}

function howItEnded({ exitCode, signal }: ProgramEnd): string {
  return signal === null ? ` (exit code ${exitCode})` : ` (ended by ${signal})`;
}

/** The lines that say why: from uv's error on, or the errors of pip, or else the last ones. */
export function lastWords(tail: string): string {
  const lines = tail.split('\n').map((line) => line.trimEnd()).filter((line) => line !== '');
  const uv = lines.findLastIndex((line) => /^\s*(×|error:)/.test(line));
  const pip = lines.filter((line) => /^\s*ERROR:/.test(line));
  const chosen = uv >= 0 ? lines.slice(uv) : pip.length > 0 ? pip : lines.slice(-MOST_LINES / 2);
  return chosen.slice(0, MOST_LINES).map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)} …` : line)).join('\n');
}
