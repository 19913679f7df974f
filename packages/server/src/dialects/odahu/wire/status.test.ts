import type { Failure } from '@trainyard/core/training/outcome.ts';
import { describe, expect, it } from 'vitest';
import { type RunSeen, statusOf } from './status.ts';

const run: RunSeen = { id: 'f'.repeat(32), number: 7, trainingId: 'wine', attempt: 0, state: 'queued', failure: null, facts: {} };
const failure: Failure = { ok: false, endedAt: 0, reason: 'exit_code', step: 'train', message: 'the program ended with exit code 2\n', exitCode: 2 };
const podName = 'wine-7-1';

describe('the status of a training', () => {
  it.each<[string, Partial<RunSeen>, object]>([
    ['waits', {}, { state: 'scheduling' }],
    ['waits for another attempt', { attempt: 1, failure: { ...failure, reason: 'host_lost', exitCode: undefined } }, { podName, state: 'scheduling', message: 'waits for another attempt: "step-train" failed (host_lost): the program ended with exit code 2' }],
    ['is prepared', { attempt: 1, state: 'preparing' }, { podName, state: 'running' }],
    ['runs', { attempt: 1, state: 'running' }, { podName, state: 'running' }],
    ['has failed', { attempt: 1, state: 'failed', failure }, { podName, exitCode: 2, state: 'failed', reason: 'Failed', message: '"step-train" failed with exit code 2 (exit_code): the program ended with exit code 2' }],
    ['took too long', { attempt: 1, state: 'failed', failure: { ...failure, reason: 'timeout', exitCode: undefined } }, { podName, state: 'failed', reason: 'TaskRunTimeout', message: '"step-train" failed (timeout): the program ended with exit code 2' }],
    ['was stopped', { attempt: 1, state: 'stopped', failure: { ...failure, reason: 'cancelled', exitCode: undefined, step: undefined } }, { podName, state: 'failed', reason: 'TaskRunCancelled', message: 'cancelled: the program ended with exit code 2' }],
    ['was stopped before it began', { state: 'stopped' }, { state: 'failed', reason: 'TaskRunCancelled', message: 'somebody stopped it' }],
  ])('that %s', (_, fields, status) => {
    expect(statusOf({ ...run, ...fields })).toEqual(status);
  });

  it('that has succeeded says what was made, in the order of the original', () => {
    const facts = { commit: 'd3d6', artifact: { name: 'wine-1.zip', path: 'trained-model/wine-1.zip', sizeBytes: 1, sha256: '0' } };
    expect(JSON.stringify(statusOf({ ...run, attempt: 2, state: 'succeeded', facts }))).toBe(
      `{"podName":"wine-7-2","state":"succeeded","reason":"Succeeded","message":"All Steps have completed executing","artifacts":[{"runId":"${run.id}","artifactName":"wine-1.zip","commitID":"d3d6"}]}`,
    );
  });

  it('takes the word of the program for its run', () => {
    expect(statusOf({ ...run, state: 'succeeded', facts: { declared: { runId: 'theirs', artifactName: 'theirs.zip' } } }).artifacts).toEqual([{ runId: 'theirs', artifactName: 'theirs.zip' }]);
  });
});
