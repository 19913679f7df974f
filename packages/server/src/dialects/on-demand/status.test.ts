import type { RunState } from '@trainyard/core/training/states.ts';
import { aFailure } from '@trainyard/testkit/builders.ts';
import { describe, expect, it } from 'vitest';
import { statusOf } from './status.ts';

type Run = Parameters<typeof statusOf>[0];

function aRun(state: RunState, changes: Partial<Run> = {}): Run {
  return { number: 1, id: 'a'.repeat(32), engine: 'databricks', state, cancelRequestedAt: null, failure: null, facts: {}, warning: undefined, ...changes };
}

describe('the status of a run', () => {
  it.each<[RunState, Partial<Run>, object]>([
    ['queued', {}, { state: 'pending', message: 'waits for its turn' }],
    ['queued', { failure: aFailure({ message: 'the workspace does not answer' }) }, { state: 'pending', message: 'waits for another attempt: the workspace does not answer' }],
    ['preparing', {}, { state: 'pending', message: 'is being prepared' }],
    ['preparing', { warning: 'the cluster is starting' }, { state: 'pending', message: 'the cluster is starting' }],
    ['running', {}, { state: 'running', message: 'In run' }],
    ['running', { cancelRequestedAt: 1 }, { state: 'running', message: 'is being stopped' }],
    ['succeeded', {}, { state: 'completed', message: '' }],
    ['succeeded', { facts: { result: '0.7' } }, { state: 'completed', message: '', result: '0.7' }],
    ['failed', { failure: aFailure({ lastLines: 'Traceback' }) }, { state: 'completed', message: 'it ended with exit code 1', error: { reason: 'exit_code', message: 'it ended with exit code 1', trace: 'Traceback' } }],
    ['stopped', { failure: aFailure({ reason: 'cancelled', message: 'somebody stopped it' }) }, { state: 'completed', message: 'somebody stopped it', error: { reason: 'cancelled', message: 'somebody stopped it' } }],
  ])('%s %j', (state, changes, status) => {
    expect(statusOf(aRun(state, changes), 'completed')).toEqual(status);
  });

  it.each(['failed', 'stopped'] as const)('of a run that %s is never without a message, and may be an error', (state) => {
    for (const failure of [null, aFailure({ message: '' }), aFailure({ message: ' \n' })]) {
      const status = statusOf(aRun(state, { failure }), 'error');
      expect([status.state, status.message.trim() === '', status.error?.message]).toEqual(['error', false, status.message]);
    }
  });

  it('of a run of this machine has the error of the notebook, and nothing of the log around it or of where the server keeps its files', () => {
    const attempt = `/data/attempts/${'a'.repeat(32)}-1/workspace`;
    const failure = aFailure({ message: `cell 1 of 1 failed: FileNotFoundError: '${attempt}/wine.csv'`, lastLines: `token 1234\nTraceback (most recent call last):\n  File "${attempt}/read.py", line 2, in read\nFileNotFoundError: '${attempt}/wine.csv'\n[trainyard] warning: some metrics could not be noted` });
    const error = { reason: 'exit_code', message: "cell 1 of 1 failed: FileNotFoundError: 'wine.csv'", trace: 'Traceback (most recent call last):\n  File "read.py", line 2, in read\nFileNotFoundError: \'wine.csv\'' };
    expect(statusOf(aRun('failed', { engine: 'local', failure }), 'error')).toEqual({ state: 'error', message: error.message, error });
    expect(statusOf(aRun('queued', { engine: 'local', failure }), 'error')).toEqual({ state: 'pending', message: `waits for another attempt: ${error.message}` });
    expect(statusOf(aRun('stopped', { engine: 'local', failure: aFailure({ lastLines: 'epoch 1' }) }), 'error').error).not.toHaveProperty('trace');
  });

  it('names the run and the page of Databricks, with all digits', () => {
    const facts = { externalId: '8856245678901234567', url: 'https://w.example/jobs/runs/8856245678901234567' };
    expect(statusOf(aRun('running', { facts }), 'completed')).toMatchObject({ databricksRunId: '8856245678901234567', runPageUrl: facts.url });
    expect(statusOf(aRun('running', { facts, engine: 'local' }), 'completed')).toEqual({ state: 'running', message: 'In run' });
  });
});
