import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AttemptLog, OutputStream } from '../attempt-log.ts';
import { StepFailure } from '../step-failure.ts';
import { killTree, MARK_VARIABLE, type ProcessTree, signalGroup } from './process-tree.ts';
import { TailBytes } from './tail-bytes.ts';

export interface ProgramOptions {
  readonly cwd: string;
  /** The whole environment of the program; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Receives stdout and stderr as they come. */
  readonly log: AttemptLog;
  /** Aborted when the attempt is told to stop: the program's whole group gets SIGTERM, after `graceMs` SIGKILL. */
  readonly signal: AbortSignal;
  readonly graceMs: number;
}

export interface ProgramEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The last bytes of its output (at most 16 KiB), to be quoted in an error. */
  readonly tail: string;
}

/** Runs one program from an argv (never a shell string) in its own process group and waits for its end. */
export type RunProgram = (argv: readonly string[], options: ProgramOptions) => Promise<ProgramEnd>;

const TAIL_BYTES = 16 * 1024;
/** What a program left running when it ended by itself may take to end as well. */
const LEFT_OVER_GRACE_MS = 2000;
/** Somebody who escaped may hold the pipe open; the program is over all the same. */
const DRAIN_MS = 5000;

/**
 * Throws StepFailure ('bad_spec' when the program is not there or may not be executed, 'could_not_start' when the machine
 * refuses). How the program ended is an answer, not an error. Nothing it started outlives the call.
 */
export const runProgram: RunProgram = async (argv, options) => {
  options.signal.throwIfAborted();
  const tail = new TailBytes(TAIL_BYTES);
  const child = await start(argv, options);
  const drained = copyOutput(child, options.log, tail);
  const ended = once<{ exitCode: number | null; signal: string | null }>((done) => child.once('exit', (exitCode, signal) => done({ exitCode, signal })));
  const tree: ProcessTree = { group: child.pid, mark: options.env[MARK_VARIABLE], exceptPids: [process.pid] };
  const end = await endOf(ended, tree, options);
  await Promise.race([drained, sleep(DRAIN_MS, undefined, { ref: false })]);
  child.stdout?.destroy();
  child.stderr?.destroy();
  options.log.endOfOutput?.();
  return { ...end, tail: tail.text() };
};

async function endOf<T>(ended: Promise<T>, tree: ProcessTree, { signal, graceMs, log }: ProgramOptions): Promise<T> {
  let stoppedAt: number | undefined;
  let killTimer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    stoppedAt = performance.now();
    if (tree.group !== undefined) signalGroup(tree.group, 'SIGTERM');
    killTimer = setTimeout(() => void killTree(tree, 0), graceMs);
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const end = await ended;
  signal.removeEventListener('abort', stop);
  // a shell dies of the polite signal at once; the program it started has the rest of the grace period
  const patienceMs = stoppedAt === undefined ? Math.min(graceMs, LEFT_OVER_GRACE_MS) : Math.max(0, stoppedAt + graceMs - performance.now());
  const left = await killTree(tree, patienceMs);
  clearTimeout(killTimer);
  if (left.length > 0) log.warn(`${left.length} process(es) of the program do not end, not even by SIGKILL: ${left.join(', ')}`);
  return end;
}

/** Some refusals come as an event, others are thrown. */
async function start([program = '', ...args]: readonly string[], { cwd, env }: ProgramOptions): Promise<ChildProcess> {
  try {
    // a group of its own: signals reach everything in it, and a Ctrl-C in a terminal does not
    const child = spawn(program, args, { cwd, env, shell: false, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    await once<void>((done, fail) => child.once('spawn', done).on('error', fail));
    return child;
  } catch (error) {
    throw startFailure(program, error as NodeJS.ErrnoException, env['PATH']);
  }
}

function startFailure(program: string, error: NodeJS.ErrnoException, path: string | undefined): StepFailure {
  const details = { cause: error };
  const where = program.includes('/') ? '' : ` in PATH (${path ?? 'not set'})`;
  switch (error.code) {
    case 'ENOENT':
      return new StepFailure('bad_spec', `the program '${program}' is not there${where}, or the interpreter its first line names is not; a file of the source is written ./${program.replace(/^\.?\//, '')}`, details);
    case 'EACCES':
      return new StepFailure('bad_spec', `the program '${program}' may not be executed; make it executable (chmod +x) or name its interpreter first`, details);
    case 'ENOEXEC':
      return new StepFailure('bad_spec', `the program '${program}' is not in a form this machine executes; a script needs a first line like #!/bin/sh`, details);
    case 'ERR_INVALID_ARG_VALUE':
      return new StepFailure('bad_spec', `an argument or a variable of '${program}' holds a NUL byte, which no program can be given`, details);
    case 'E2BIG':
      return new StepFailure('bad_spec', `the arguments and environment of '${program}' are larger than this machine allows; pass large values in a file`, details);
    default:
      return new StepFailure('could_not_start', `the program '${program}' could not be started: ${error.message}`, details);
  }
}

/** Log writes are synchronous, so a program that writes faster than the disk waits in its pipe, and memory stays flat. */
function copyOutput(child: ChildProcess, log: AttemptLog, tail: TailBytes): Promise<void> {
  const copy = (name: OutputStream): unknown =>
    child[name]?.on('data', (bytes: Buffer) => {
      tail.add(bytes);
      log.write(bytes, name);
    });
  copy('stdout');
  copy('stderr');
  return once((done) => child.once('close', () => done()));
}

function once<T>(listen: (done: (value: T) => void, fail: (error: Error) => void) => void): Promise<T> {
  return new Promise(listen);
}
