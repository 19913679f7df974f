import { aFailure, aSpec } from '@trainyard/testkit/builders.ts';
import { expect, it } from 'vitest';
import type { RunRecord } from '../../stores/runs.ts';
import { lengthOf, seenRun } from './seen-run.ts';

it('a run is seen without what it was asked for with', () => {
  const run: RunRecord = {
    number: 1, id: 'a'.repeat(32), trainingId: 'on-demand-wine', project: 'on-demand', engine: 'local', spec: aSpec({ hyperParameters: { large: 'x'.repeat(900_000) } }), experimentId: '1', state: 'failed', priority: 0, queuedAt: 0, nextAttemptAt: null, startedAt: null, endedAt: null,
    attempt: 1, attemptStartedAt: null, submitted: true, step: null, stepStartedAt: null, cancelRequestedAt: 5, stop: null, missingSince: null, outcome: aFailure(), failure: aFailure({ lastLines: 'why' }), facts: { result: '1', python: '3.12', url: 'https://w.example' }, warnings: ['one', 'two'], lease: null,
  };
  const seen = seenRun(run);
  expect(seen).toEqual({ number: 1, id: 'a'.repeat(32), engine: 'local', state: 'failed', cancelRequestedAt: 5, failure: { reason: 'exit_code', message: 'it ended with exit code 1', lastLines: 'why' }, facts: { result: '1', url: 'https://w.example' }, warning: 'two' });
  expect(lengthOf(seen)).toBe('it ended with exit code 1'.length + 'why'.length + '1'.length + 'https://w.example'.length + 'two'.length);
});
