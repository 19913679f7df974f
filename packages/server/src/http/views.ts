import type { Run, Attempt } from '@trainyard/api/schemas/run.ts';
import { toSpecBody, type Training } from '@trainyard/api/schemas/training.ts';
import type { Int64 } from '@trainyard/core/tracking/int64.ts';
import type { Failure } from '@trainyard/core/training/outcome.ts';
import type { AttemptRecord, RunRecord } from '../stores/runs.ts';
import type { CurveBucket } from '../stores/tracking.ts';
import type { TrainingRecord } from '../stores/trainings.ts';

/** Milliseconds → RFC 3339. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

function optionalTime(name: string, ms: number | null): Record<string, string> {
  return ms === null ? {} : { [name]: timeText(ms) };
}

/** Leaves out what is undefined: an unset field is absent in an answer. */
function present<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

function failureFields(failure: Failure | null) {
  if (failure === null) return {};
  const { reason, message, exitCode, signal, lastLines } = failure;
  return present({ reason, message, exitCode, signal, lastLines });
}

export function runView(run: RunRecord): Run {
  return {
    id: run.id,
    number: run.number,
    training: run.trainingId,
    project: run.project,
    engine: run.engine,
    state: run.state,
    ...(run.step === null ? {} : { step: run.step }),
    attempt: run.attempt,
    priority: run.priority,
    queuedAt: timeText(run.queuedAt),
    ...optionalTime('nextAttemptAt', run.nextAttemptAt),
    ...optionalTime('startedAt', run.startedAt),
    ...optionalTime('endedAt', run.endedAt),
    stopRequested: run.cancelRequestedAt !== null,
    ...failureFields(run.state === 'succeeded' ? null : run.failure),
    warnings: [...run.warnings],
    experimentId: run.experimentId,
    ...present(run.facts),
  } as Run;
}

export function attemptView(attempt: AttemptRecord, logBytes: number): Attempt {
  return {
    number: attempt.number,
    state: attempt.state,
    engine: attempt.engine,
    startedAt: timeText(attempt.startedAt),
    ...optionalTime('endedAt', attempt.endedAt),
    ...(attempt.step === null ? {} : { step: attempt.step }),
    ...failureFields(attempt.failure),
    steps: attempt.steps.map((step) => ({
      name: step.name,
      state: step.state,
      startedAt: timeText(step.startedAt),
      ...optionalTime('endedAt', step.endedAt),
      ...(step.message === null ? {} : { message: step.message }),
      ...(step.exitCode === null ? {} : { exitCode: step.exitCode }),
    })),
    logBytes,
  } as Attempt;
}

export function trainingView(training: TrainingRecord): Training {
  const run = training.latestRun;
  const failed = run === undefined || run.state === 'succeeded' ? null : run.failure;
  const artifact = run?.facts.artifact;
  return {
    kind: 'ModelTraining',
    id: training.id,
    createdAt: timeText(training.createdAt),
    updatedAt: timeText(training.updatedAt),
    spec: toSpecBody(training.spec) as Record<string, unknown>,
    status: {
      state: run?.state ?? 'none',
      ...present({ reason: failed?.reason, message: failed?.message, exitCode: failed?.exitCode, runId: run?.id, runNumber: run?.number }),
      runs: training.runCount,
      artifacts: run === undefined || artifact === undefined ? [] : [{ runId: run.id, artifactName: artifact.name, ...(run.facts.commit === undefined ? {} : { commitID: run.facts.commit }) }],
      ...(run?.facts.model === undefined ? {} : { model: run.facts.model }),
    },
  } as Training;
}

export function bucketView({ firstStep, lastStep, points, least, greatest, last }: CurveBucket) {
  return { firstStep: stepView(firstStep), lastStep: stepView(lastStep), points, least, greatest, last: Number.isNaN(last) ? null : last };
}

function stepView(step: Int64): number | string {
  return typeof step === 'bigint' ? String(step) : step;
}
