import { describe, expect, it } from 'vitest';
import { readRun, type RunView } from './workspace/run-view.ts';
import { phaseOf, verdictOf } from './verdict.ts';

/** What the API answers, as `runs/get` has it. */
function run(fields: Record<string, unknown>): RunView {
  const view = readRun({ run_id: 1, ...fields } as Parameters<typeof readRun>[0]);
  if (view === undefined) throw new Error('this is no run');
  return view;
}

const STATUSES = [['BLOCKED', 'waiting'], ['PENDING', 'waiting'], ['QUEUED', 'waiting'], ['WAITING', 'waiting'], ['RUNNING', 'running'], ['TERMINATING', 'running'], ['TERMINATED', 'ended']] as const;
const LIFE_CYCLES = [
  ['QUEUED', 'waiting'], ['PENDING', 'waiting'], ['BLOCKED', 'waiting'], ['WAITING_FOR_RETRY', 'waiting'], ['RUNNING', 'running'],
  ['TERMINATING', 'running'], ['TERMINATED', 'ended'], ['SKIPPED', 'ended'], ['INTERNAL_ERROR', 'ended'],
] as const;

describe('the phase of a Databricks run', () => {
  it.each(STATUSES)('is with status %s: %s', (state, phase) => expect(phaseOf(run({ status: { state } }))).toBe(phase));
  it.each(LIFE_CYCLES)('is with life cycle %s: %s', (state, phase) => expect(phaseOf(run({ state: { life_cycle_state: state } }))).toBe(phase));
  it.each(LIFE_CYCLES)('is with a task in life cycle %s and no word of the run: %s', (state, phase) => {
    expect(phaseOf(run({ tasks: [{ run_id: 2, state: { life_cycle_state: state } }] }))).toBe(phase);
  });
  it.each<[string, Record<string, unknown>, string]>([
    ['prefers the new word', { status: { state: 'RUNNING' }, state: { life_cycle_state: 'PENDING' } }, 'running'],
    ['falls back to the old word for a new one nobody knows', { status: { state: 'HIBERNATING' }, state: { life_cycle_state: 'PENDING' } }, 'waiting'],
    ['does not end by an unknown word', { status: { state: 'HIBERNATING' } }, 'running'],
    ['does not end by an unknown old word', { state: { life_cycle_state: 'HIBERNATING' } }, 'running'],
    ['does not end by a word of Object', { status: { state: 'constructor' } }, 'running'],
    ['ends by an unknown word with a result', { state: { life_cycle_state: 'ARCHIVED', result_state: 'SUCCESS' } }, 'ended'],
    ['ends by an unknown word with details', { status: { state: 'ARCHIVED', termination_details: { code: 'SUCCESS' } } }, 'ended'],
    ['does not end by details of an earlier try while it waits for the next', { status: { state: 'WAITING', termination_details: { code: 'BREAKING_CHANGE' } } }, 'waiting'],
    ['believes the run before its task, which nobody updates', { state: { life_cycle_state: 'TERMINATED', result_state: 'SUCCESS' }, tasks: [{ run_id: 2, status: { state: 'RUNNING' } }] }, 'ended'],
    ['asks the last try of the task', { tasks: [{ attempt_number: 1, state: { life_cycle_state: 'RUNNING' } }, { attempt_number: 0, state: { life_cycle_state: 'TERMINATED' } }] }, 'running'],
    ['is running when nothing is said', {}, 'running'],
    ['is running when nonsense is said', { status: 7, state: [], tasks: 'x' }, 'running'],
  ])('%s', (_what, fields, phase) => expect(phaseOf(run(fields))).toBe(phase));
});

const CODES: [string, string | undefined, string | undefined][] = [
  // code, reason when it never ran, reason when it ran
  ['SUCCESS', undefined, undefined], ['SUCCESS_WITH_FAILURES', undefined, undefined], ['USER_CANCELED', 'cancelled', 'cancelled'], ['CANCELED', 'preempted', 'preempted'],
  ['SKIPPED', 'could_not_start', 'could_not_start'], ['RUN_EXECUTION_ERROR', 'exit_code', 'exit_code'], ['INTERNAL_ERROR', 'could_not_start', 'host_lost'],
  ['CLUSTER_ERROR', 'could_not_start', 'host_lost'], ['DRIVER_ERROR', 'could_not_start', 'host_lost'], ['CLOUD_FAILURE', 'could_not_start', 'host_lost'],
  ['STORAGE_ACCESS_ERROR', 'data_unavailable', 'data_unavailable'], ['REPOSITORY_CHECKOUT_FAILED', 'source_unavailable', 'source_unavailable'],
  ['LIBRARY_INSTALLATION_ERROR', 'environment_failed', 'environment_failed'], ['INVALID_CLUSTER_REQUEST', 'bad_spec', 'bad_spec'], ['INVALID_RUN_CONFIGURATION', 'bad_spec', 'bad_spec'],
  ['RESOURCE_NOT_FOUND', 'bad_spec', 'bad_spec'], ['FEATURE_DISABLED', 'bad_spec', 'bad_spec'], ['UNAUTHORIZED_ERROR', 'bad_spec', 'bad_spec'], ['DISABLED', 'bad_spec', 'bad_spec'],
  ['BUDGET_POLICY_LIMIT_EXCEEDED', 'bad_spec', 'bad_spec'], ['CLUSTER_REQUEST_LIMIT_EXCEEDED', 'could_not_start', 'could_not_start'], ['WORKSPACE_RUN_LIMIT_EXCEEDED', 'could_not_start', 'could_not_start'],
  ['MAX_CONCURRENT_RUNS_EXCEEDED', 'could_not_start', 'could_not_start'], ['MAX_JOB_QUEUE_SIZE_EXCEEDED', 'could_not_start', 'could_not_start'], ['MAX_SPARK_CONTEXTS_EXCEEDED', 'could_not_start', 'could_not_start'],
  ['BREAKING_CHANGE', 'could_not_start', 'could_not_start'], ['SOMETHING_NEW', 'internal', 'internal'],
];

describe('the verdict on a Databricks run', () => {
  const judged = (fields: Record<string, unknown>, circumstances: { ran?: boolean; timeoutMs?: number } = {}) => verdictOf(run(fields), { ran: false, timeoutMs: 0, ...circumstances });

  it.each(CODES)('is by code %s: %s before the notebook was at work, %s after', (code, before, after) => {
    const fields = { status: { state: 'TERMINATED', termination_details: { code, message: 'why' } } };
    expect([judged(fields).reason, judged(fields, { ran: true }).reason]).toEqual([before, after]);
  });
  it.each([['SUCCESS', undefined], ['CLIENT_ERROR', 'exit_code'], ['INTERNAL_ERROR', 'host_lost'], ['CLOUD_FAILURE', 'host_lost'], ['NEW', 'internal']])('is by type %s of a code nobody knows: %s', (type, reason) => {
    expect(judged({ status: { state: 'TERMINATED', termination_details: { code: 'SOMETHING_NEW', type } } }, { ran: true }).reason).toBe(reason);
  });
  it.each([
    ['SUCCESS', undefined], ['SUCCESS_WITH_FAILURES', undefined], ['FAILED', 'exit_code'], ['TIMEDOUT', 'timeout'], ['CANCELED', 'cancelled'], ['MAXIMUM_CONCURRENT_RUNS_REACHED', 'could_not_start'],
    ['EXCLUDED', 'could_not_start'], ['UPSTREAM_FAILED', 'could_not_start'], ['UPSTREAM_CANCELED', 'could_not_start'], ['DISABLED', 'bad_spec'], ['SOMETHING_NEW', 'internal'],
  ])('is by result %s: %s', (result, reason) => expect(judged({ state: { life_cycle_state: 'TERMINATED', result_state: result } }).reason).toBe(reason));
  it.each<[string, Record<string, unknown>, string | undefined]>([
    ['skipped', { state: { life_cycle_state: 'SKIPPED' } }, 'could_not_start'],
    ['an internal error', { state: { life_cycle_state: 'INTERNAL_ERROR' } }, 'could_not_start'],
    ['an internal error whose task just failed', { state: { life_cycle_state: 'INTERNAL_ERROR' }, tasks: [{ run_id: 2, state: { life_cycle_state: 'TERMINATED', result_state: 'FAILED' } }] }, 'exit_code'],
    ['a failed run whose task had no library', { state: { life_cycle_state: 'TERMINATED', result_state: 'FAILED' }, tasks: [{ run_id: 2, status: { state: 'TERMINATED', termination_details: { code: 'LIBRARY_INSTALLATION_ERROR' } } }] }, 'environment_failed'],
    ['a failed run whose task says it is well', { state: { life_cycle_state: 'TERMINATED', result_state: 'FAILED' }, tasks: [{ run_id: 2, state: { result_state: 'SUCCESS' } }] }, 'exit_code'],
    ['a success whose task failed', { state: { life_cycle_state: 'TERMINATED', result_state: 'SUCCESS_WITH_FAILURES' }, tasks: [{ run_id: 2, state: { result_state: 'FAILED' } }] }, undefined],
    ['cancelled by a user, whatever the task says', { status: { state: 'TERMINATED', termination_details: { code: 'USER_CANCELED' } }, tasks: [{ run_id: 2, state: { result_state: 'FAILED' } }] }, 'cancelled'],
    ['cancelled by the platform with the old word for a timeout', { status: { state: 'TERMINATED', termination_details: { code: 'CANCELED' } }, state: { result_state: 'TIMEDOUT' } }, 'timeout'],
    ['cancelled by the platform, saying it timed out', { status: { state: 'TERMINATED', termination_details: { code: 'CANCELED', message: 'Run timed out' } } }, 'timeout'],
    ['ended without a word', { status: { state: 'TERMINATED' } }, 'internal'],
  ])('of %s', (_what, fields, reason) => expect(judged(fields).reason).toBe(reason));

  it('sees a timeout in how long it took', () => {
    const fields = { start_time: 1_000, end_time: 61_000, status: { state: 'TERMINATED', termination_details: { code: 'CANCELED' } } };
    expect([judged(fields, { timeoutMs: 60_000 }).reason, judged(fields, { timeoutMs: 61_000 }).reason]).toEqual(['timeout', 'preempted']);
  });

  it('has a message whenever it is a failure', () => {
    expect(judged({ status: { state: 'TERMINATED', termination_details: { code: 'CLUSTER_ERROR', message: 'no machines' } } }).message).toBe('no machines');
    expect(judged({ state: { life_cycle_state: 'INTERNAL_ERROR', state_message: 'it broke' } }).message).toBe('it broke');
    expect(judged({ state: { life_cycle_state: 'TERMINATED', result_state: 'TIMEDOUT' } }).message).toBe('Databricks ended the run: TERMINATED, TIMEDOUT');
  });
});

describe('a run as it is read', () => {
  it('shows no page that is not of the web', () => {
    expect(run({ run_page_url: 'javascript:alert(1)' }).pageUrl).toBeUndefined();
    expect(run({ run_page_url: 'https://w/#job/1' }).pageUrl).toBe('https://w/#job/1');
  });
  it.each([[{}], [{ run_id: 'abc' }], [{ run_id: -1 }], [{ run_id: 1.5 }], [null]])('is none with %j', (value) => expect(readRun(value as Parameters<typeof readRun>[0])).toBeUndefined());
});
