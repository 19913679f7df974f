import { toTrainingSpec, TrainingSpecBody } from '@trainyard/api/schemas/training.ts';
import type { RunFacts } from '@trainyard/core/training/decide.ts';
import type { Failure } from '@trainyard/core/training/outcome.ts';
import type { TrainingSpec } from '@trainyard/core/training/spec.ts';

/** A training that is right in every field; the changes are written as users write them. */
export function aSpec(changes: Record<string, unknown> = {}): TrainingSpec {
  const body = TrainingSpecBody.parse({
    model: { name: 'wine', version: '1.0' },
    toolchain: 'command',
    args: ['true'],
    algorithmSource: { git: { url: 'https://example.com/wine.git' } },
    ...changes,
  });
  return toTrainingSpec(body);
}

/** A run whose first attempt was submitted at 0 and is in its training step. */
export function someFacts(changes: Partial<RunFacts> = {}): RunFacts {
  const { retry, timeout } = aSpec();
  return {
    state: 'running',
    attempt: 1,
    retry,
    timeout,
    attemptStartedAt: 0,
    step: 'train',
    stepStartedAt: 0,
    cancelRequestedAt: null,
    outcome: null,
    submitted: true,
    stop: null,
    missingSince: null,
    ...changes,
  };
}

export function aFailure(changes: Partial<Failure> = {}): Failure {
  return { ok: false, endedAt: 1_000, reason: 'exit_code', step: 'train', message: 'it ended with exit code 1', exitCode: 1, ...changes };
}
