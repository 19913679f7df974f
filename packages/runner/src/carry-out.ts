import { access, rm } from 'node:fs/promises';
import { messageOf } from '@trainyard/core/errors.ts';
import type { Outcome } from '@trainyard/core/training/outcome.ts';
import type { StepName } from '@trainyard/core/training/states.ts';
import { Skipped } from './attempt.ts';
import { attemptPaths, claimAttempt, isClaimAlive, readClaim, takeOrder, writeOutcome } from './attempt-dir.ts';
import { isDiskFull } from './disk-full.ts';
import { type AttemptPlace, type OpenAttempt, openAttempt } from './open-attempt.ts';
import { killTree } from './process/process-tree.ts';
import { StepFailure } from './step-failure.ts';
import { fetchData } from './steps/data.ts';
import { prepare } from './steps/environment.ts';
import { failureOf } from './steps/failure-of.ts';
import { fetchSource } from './steps/source.ts';
import { train } from './steps/train.ts';

export interface CarryOutOptions extends AttemptPlace {
  /** Names the one function that hears polite signals (SIGTERM, SIGINT), those before now included. */
  readonly hear: (listener: (signal: string) => void) => void;
}

/**
 * Carries out the attempt whose order lies in `dir`, once: a second call for the same directory, by whatever process,
 * returns at once. When it returns, the outcome is on disk or with the server, and no process of the attempt is left.
 */
export async function carryOut(options: CarryOutOptions): Promise<void> {
  const { dir, stop, hear } = options;
  if (!(await claimAttempt(dir))) return leave(dir);
  const before = await isThere(attemptPaths(dir).reports);
  const order = await takeOrder(dir);
  if (order === undefined || before) return writeOutcome(dir, neverBegun(before));
  let open: OpenAttempt;
  try {
    open = await openAttempt(order, options);
  } catch (error) {
    return writeOutcome(dir, { ok: false, endedAt: Date.now(), reason: 'could_not_start', message: `the directory of the attempt cannot be used: ${messageOf(error)}` });
  }
  hear((signal) => stop.request('cancelled', `stopped by ${signal}`));
  const outcome = await carry(open, options);
  hear(() => open.delivery.giveUp());
  await end(open, outcome, dir);
}

/** The runner that has the claim removes the order; one that died before it could would leave its secrets behind. */
async function leave(dir: string): Promise<void> {
  const claim = await readClaim(dir);
  if (claim === undefined || !isClaimAlive(claim)) await rm(attemptPaths(dir).order, { force: true });
}

function neverBegun(before: boolean): Outcome {
  const [reason, message] = before
    ? (['host_lost', 'an earlier runner of this attempt was lost together with its machine'] as const)
    : (['could_not_start', 'the runner found no order in its directory'] as const);
  return { ok: false, endedAt: Date.now(), reason, message };
}

async function carry(open: OpenAttempt, { stop }: CarryOutOptions): Promise<Outcome> {
  const { journal, log } = open;
  const steps = new Steps(open);
  try {
    await allSteps(open, steps);
    return { ok: true, endedAt: Date.now() };
  } catch (error) {
    log.endOfOutput();
    if (!(error instanceof StepFailure) && stop.cause === undefined) log.say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    const step = steps.current;
    const failure = failureOf(error, { step, stop, lastLines: log.lastLines(), now: Date.now() });
    log.say(`${step ?? 'attempt'}: ${failure.reason}: ${failure.message}`);
    if (step !== undefined) journal.add({ kind: 'step', step, state: 'failed', message: failure.message, exitCode: failure.exitCode });
    return failure;
  } finally {
    await killTree({ mark: open.mark, exceptPids: [process.pid] }, 0);
  }
}

async function allSteps({ attempt }: OpenAttempt, steps: Steps): Promise<void> {
  const source = await steps.run('source', () => fetchSource(attempt));
  await steps.run('data', () => fetchData(attempt, source));
  const prepared = await steps.run('environment', () => prepare(attempt, source));
  try {
    const trained = await steps.run('train', () => train(attempt, prepared));
    // loaded now and not before: they would only keep the program from starting
    const [{ packageModel }, { publish }] = await Promise.all([import('./steps/package.ts'), import('./steps/publish.ts')]);
    const model = await steps.run('package', () => packageModel(attempt, source, trained));
    await steps.run('publish', () => publish(attempt, model instanceof Skipped ? undefined : model));
  } finally {
    await prepared.environment.release();
  }
}

/** Reports the beginning and the end of each step; the failure of one is reported with the outcome. */
class Steps {
  readonly #open: OpenAttempt;
  /** The step that is going on, or in which the attempt has ended. */
  current: StepName | undefined;

  constructor(open: OpenAttempt) {
    this.#open = open;
  }

  async run<T>(step: StepName, work: () => Promise<T>): Promise<T> {
    const { attempt, journal } = this.#open;
    attempt.signal.throwIfAborted();
    this.current = step;
    journal.add({ kind: 'step', step, state: 'running' });
    const result = await work();
    // a step that could not be interrupted any more does not make the attempt go on
    attempt.signal.throwIfAborted();
    journal.add(result instanceof Skipped ? { kind: 'step', step, state: 'skipped', message: result.why } : { kind: 'step', step, state: 'succeeded' });
    this.current = undefined;
    return result;
  }
}

async function end({ attempt, log, journal, delivery, link }: OpenAttempt, outcome: Outcome, dir: string): Promise<void> {
  log.close();
  // before anything is written or delivered: a full disk is often full of exactly this, and the server needs room for the end
  for (const path of [attempt.paths.scratch, attempt.paths.output, attempt.paths.workspace]) await rm(path, { recursive: true, force: true, maxRetries: 3 });
  const reported = journal.add({ kind: 'outcome', outcome });
  await journal.sync();
  try {
    await writeOutcome(dir, reported.kind === 'outcome' ? reported.outcome : outcome);
  } catch (error) {
    // the server still gets it by the wire; any other reason is a fault of the runner
    if (!isDiskFull(error)) throw new Error(`the outcome could not be written: ${messageOf(error)}`, { cause: error });
  }
  await delivery.finish(attempt.order.limits.deliverForMs);
  await rm(attempt.paths.order, { force: true });
  journal.close();
  link.close();
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
