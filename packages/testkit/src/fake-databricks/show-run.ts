import type { FakeRun } from './fake-run.ts';

/** Which words a workspace uses: those of today, those of before, or both. */
export type Wording = 'both' | 'status' | 'state';

/** The run as `runs/get` and `runs/list` show it. `override`: words a test put in place of the true ones. */
export function showRun(run: FakeRun, { url, wording, expand, override }: { url: string; wording: Wording; expand: boolean; override: Readonly<Record<string, unknown>> | undefined }): Record<string, unknown> {
  const base = {
    job_id: run.id + 7n,
    run_id: run.id,
    number_in_job: run.id,
    original_attempt_run_id: run.id,
    run_name: run.request.run_name ?? 'Untitled',
    run_type: 'SUBMIT_RUN',
    format: 'MULTI_TASK',
    creator_user_name: 'ann@example.com',
    run_page_url: `${url}/?o=1#job/${run.id + 7n}/run/${run.id}`,
    start_time: run.createdAt,
    end_time: run.endedAt,
    setup_duration: 0,
    execution_duration: 0,
    cleanup_duration: 0,
  };
  // with all that the task was given
  const tasks = expand ? { tasks: [{ ...run.request.tasks[0], run_id: run.taskId, attempt_number: 0, start_time: run.createdAt, end_time: run.endedAt, ...taskWords(run, wording) }] } : {};
  return { ...base, ...tasks, ...(override ?? wordsOf(run, wording)) };
}

function wordsOf(run: FakeRun, wording: Wording): Record<string, unknown> {
  return { ...(wording === 'state' ? {} : { status: statusOf(run) }), ...(wording === 'status' ? {} : { state: stateOf(run, run.end?.lifeCycle ?? 'TERMINATED') }) };
}

/** Of a notebook that raised, the task just failed, whatever is said of the run. */
function taskWords(run: FakeRun, wording: Wording): Record<string, unknown> {
  return { ...(wording === 'state' ? {} : { status: statusOf(run) }), ...(wording === 'status' ? {} : { state: stateOf(run, 'TERMINATED') }) };
}

function statusOf({ phase, end }: FakeRun): Record<string, unknown> {
  if (phase !== 'TERMINATED' || end === undefined) return { state: phase, ...(phase === 'QUEUED' ? { queue_details: { code: 'ACTIVE_RUNS_LIMIT_REACHED', message: 'Queued due to reaching the limit of active runs.' } } : {}) };
  return { state: phase, termination_details: { code: end.code, type: end.type, message: end.message } };
}

function stateOf({ phase, end }: FakeRun, over: string): Record<string, unknown> {
  if (phase !== 'TERMINATED' || end === undefined) return { life_cycle_state: phase, state_message: phase === 'PENDING' ? 'Waiting for cluster' : '', user_cancelled_or_timedout: false };
  return { life_cycle_state: over, ...(end.result === undefined ? {} : { result_state: end.result }), state_message: end.message, user_cancelled_or_timedout: end.result === 'CANCELED' || end.result === 'TIMEDOUT' };
}
