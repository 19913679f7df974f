import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { messageOf } from '@trainyard/core/errors.ts';
import type { Attempt } from '../attempt.ts';
import { trackingVariables, userVariables } from '../process/attempt-variables.ts';
import { commandText } from '../process/command-text.ts';
import { memoryKills } from '../process/memory-kills.ts';
import { MARK_VARIABLE } from '../process/process-tree.ts';
import { type ProgramEnd, runProgram } from '../process/run-program.ts';
import { StepFailure } from '../step-failure.ts';
import type { LaunchPlan, OwnBinary } from '../toolchains/toolchain.ts';
import type { Prepared } from './environment.ts';

export interface Trained {
  /** Ids of the models that earlier attempts of the run had logged: not what this one has trained. */
  readonly earlierModels: ReadonlySet<string>;
  /** Where the program has left the trained model binary itself. */
  readonly binary: OwnBinary | undefined;
}

/** A server that stays away does not keep a training from starting. */
const MODELS_PATIENCE_MS = 30_000;
/** What a program leaves beside its model is not worth more waiting. */
const KEEP_PATIENCE_MS = 60_000;

/** Runs the program of the training to its end, and sends what it measures. */
export async function train(attempt: Attempt, { plan, environment, notes }: Prepared): Promise<Trained> {
  const { order, paths, log, signal } = attempt;
  const earlierModels = await modelsSoFar(attempt);
  const command = commandText(plan.argv);
  attempt.know({ command });
  const metricsPath = join(paths.scratch, 'metrics');
  const env = trainingEnv(attempt, { ...environment.variables, PYTHONUNBUFFERED: '1', ...plan.env }, { ...plan.ownEnv, TRAINYARD_METRICS_FILE: metricsPath });
  notes.follow(metricsPath);
  await notes.ready();
  log.say(`train: ${command}`);
  const killsBefore = memoryKills() ?? 0;
  let end: ProgramEnd | undefined;
  try {
    end = await runProgram(plan.argv, { cwd: plan.cwd, env, log, signal, graceMs: order.spec.timeout.graceMs });
  } finally {
    if (plan.paramsAfter === true) await notes.addMissing(plan.params);
    await notes.finish(end?.exitCode === 0 && !signal.aborted);
  }
  const kills = (memoryKills() ?? 0) - killsBefore;
  judge(end, { kills, problem: await keepLeftovers(attempt, plan) });
  return { earlierModels, binary: plan.binary };
}

async function modelsSoFar({ order, tracking, log, signal }: Attempt): Promise<ReadonlySet<string>> {
  if (order.attempt === 1) return new Set();
  try {
    const models = await tracking.loggedModels({ signal, patienceMs: MODELS_PATIENCE_MS });
    return new Set(models.map(({ model_id }) => model_id));
  } catch (error) {
    signal.throwIfAborted();
    log.warn(`models of this training cannot be told from those of earlier attempts: ${messageOf(error)}`);
    return new Set();
  }
}

function trainingEnv({ env, order, paths }: Attempt, prepared: Readonly<Record<string, string>>, own: Readonly<Record<string, string>>): Record<string, string> {
  return {
    ...env,
    ...prepared,
    ...userVariables(order),
    // last, because with another value here the training would be lost to its own run
    ...trackingVariables(order),
    MLFLOW_RUN_ID: order.run,
    MLFLOW_EXPERIMENT_ID: order.experimentId,
    TRAINYARD_RUN_ID: order.run,
    TRAINYARD_RUN_NUMBER: String(order.runNumber),
    TRAINYARD_OUTPUT_DIR: paths.output,
    ...own,
    [MARK_VARIABLE]: env[MARK_VARIABLE] ?? '',
  };
}

/** Answers what the program itself says went wrong. What cannot be kept is a warning: the training is over, and it is about the training. */
async function keepLeftovers({ tracking, order, know, mask, log, over }: Attempt, { leftovers }: LaunchPlan): Promise<string | undefined> {
  if (leftovers === undefined) return undefined;
  const { result, problem, artifacts } = await leftovers();
  if (result !== undefined) know({ result });
  for (const { path, file } of artifacts) {
    try {
      const bytes = Buffer.from(mask(await readFile(file, 'utf8')));
      await tracking.putRunArtifact(path, { sizeBytes: bytes.length, open: () => Readable.from([bytes]) }, { signal: over, patienceMs: Math.min(KEEP_PATIENCE_MS, order.limits.deliverForMs) });
    } catch (error) {
      log.warn(`${path} could not be kept: ${messageOf(error)}`);
    }
  }
  return problem;
}

/** Exit code a shell gives for a program that SIGKILL ended. */
const SHELL_SIGKILL = 137;

function judge({ exitCode, signal }: ProgramEnd, { kills, problem }: { readonly kills: number; readonly problem: string | undefined }): void {
  if (exitCode === 0) return;
  const details = { exitCode: exitCode ?? undefined, signal: signal ?? undefined };
  if (kills > 0 && (signal === 'SIGKILL' || exitCode === SHELL_SIGKILL)) {
    throw new StepFailure('out_of_memory', 'the machine ran out of memory and the kernel ended the training; give it more memory, or let it use less (smaller batches, fewer workers)', details);
  }
  const hint = kills > 0 ? ' (meanwhile the kernel ended a process for want of memory)' : '';
  if (signal !== null) throw new StepFailure('signal', `the training was ended by ${signal}${hint}`, details);
  if (problem !== undefined) throw new StepFailure('exit_code', `${problem}${hint}`, details);
  throw new StepFailure('exit_code', `the training ended with exit code ${exitCode ?? 'unknown'}${hint}; the last lines of its log say why`, details);
}
