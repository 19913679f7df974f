import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@trainyard/core/errors.ts';
import type { Attempt } from '../../attempt.ts';
import type { ReadyEnvironment } from '../../environments/environment.ts';
import { prepareEnvironment } from '../../environments/prepare-environment.ts';
import { readCondaFile } from '../../environments/read-environment-file.ts';
import { trackingVariables, userVariables } from '../../process/attempt-variables.ts';
import { type ProgramEnd, runProgram } from '../../process/run-program.ts';
import { StepFailure } from '../../step-failure.ts';
import type { PythonModel } from './binary-contents.ts';
import { CHECK } from './check-program.ts';

/** ODAHU's words: what its users look for in a log. */
const FAILED = 'Exception raised while invoke model entrypoint. GPPI self-check failed. Fix your model and try again.';
/** The end of a traceback, as much as fits into a message. */
const MOST_LINES = 30;
const MOST_CHARACTERS = 6000;

/**
 * Unpacks the trained model binary and does what a server of it would, in a fresh interpreter and the environment that the
 * model itself asks for: load it, ask for its description, predict the saved sample. Throws StepFailure 'output_invalid' with
 * the end of the traceback, 'environment_failed' when that environment cannot be had.
 */
export async function selfCheck(attempt: Attempt, archive: string, python: PythonModel): Promise<void> {
  const { log, paths } = attempt;
  const dir = join(paths.scratch, 'self-check');
  const unpacked = join(dir, 'binary');
  const began = performance.now();
  try {
    await mkdir(unpacked, { recursive: true });
    const { extract } = await import('tar');
    await extract({ file: archive, cwd: unpacked, strict: true });
    const environment = await environmentOf(attempt, unpacked, python);
    try {
      judge(await runCheck(attempt, environment, { dir, unpacked, python }));
    } finally {
      await environment.release();
    }
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  }
  log.say(`package: the self-check of the model passed in ${Math.round((performance.now() - began) / 1000)} s`);
}

/** What the model asks for itself. The same again is in the cache, and so is that of a training that asks for the same. */
async function environmentOf({ order, cacheDir, env, log, signal }: Attempt, unpacked: string, { workDir, condaPath }: PythonModel): Promise<ReadyEnvironment> {
  const { spec, limits } = order;
  try {
    const wanted = await readCondaFile({ path: join(unpacked, condaPath), name: condaPath, baseDir: join(unpacked, workDir) });
    return await prepareEnvironment(wanted, { cacheDir, choice: spec.environment, env, limitBytes: limits.environmentBytes, log, signal, graceMs: spec.timeout.graceMs, runProgram });
  } catch (error) {
    if (!(error instanceof StepFailure) || error.reason === 'disk_full') throw error;
    throw new StepFailure('environment_failed', `${FAILED}\nThe environment of the model (${condaPath} in its binary) could not be made: ${messageOf(error)}`, { cause: error });
  }
}

interface Unpacked {
  readonly dir: string;
  readonly unpacked: string;
  readonly python: PythonModel;
}

async function runCheck({ order, env, log, signal }: Attempt, environment: ReadyEnvironment, { dir, unpacked, python }: Unpacked): Promise<ProgramEnd> {
  const program = join(dir, 'self_check.py');
  await writeFile(program, CHECK);
  // of its own, so that what a model writes into its working directory is not in the binary
  const cwd = join(dir, 'work');
  await mkdir(cwd);
  const location = join(unpacked, python.workDir);
  return runProgram(['python', program, location, python.entrypoint], {
    cwd,
    env: { ...env, ...environment.variables, PYTHONUNBUFFERED: '1', ...userVariables(order), ...trackingVariables(order), MODEL_LOCATION: location },
    log,
    signal,
    graceMs: order.spec.timeout.graceMs,
  });
}

function judge({ exitCode, signal, tail }: ProgramEnd): void {
  if (exitCode === 0) return;
  const how = signal === null ? '' : `\nIt was ended by ${signal}; has the machine enough memory for the model?`;
  throw new StepFailure('output_invalid', `${FAILED}${how}\n${endOfTraceback(tail)}`, { exitCode: exitCode ?? undefined, signal: signal ?? undefined });
}

function endOfTraceback(tail: string): string {
  const from = tail.lastIndexOf('Traceback (most recent call last)');
  const lines = tail.slice(Math.max(0, from)).trimEnd().split('\n');
  const text = lines.slice(-MOST_LINES).join('\n');
  return text.length > MOST_CHARACTERS ? `… ${text.slice(-MOST_CHARACTERS)}` : text;
}
