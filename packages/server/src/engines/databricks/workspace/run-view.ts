import { type ExactJson, idText } from './exact-json.ts';

/** One word of Databricks about how a run or a task is, in the form of today (`status`), of before (`state`), or both. */
export interface StateView {
  /** `status.state` */
  readonly status?: string | undefined;
  /** `status.termination_details` */
  readonly termination?: { readonly code?: string | undefined; readonly type?: string | undefined; readonly message?: string | undefined } | undefined;
  /** `state.life_cycle_state` */
  readonly lifeCycle?: string | undefined;
  /** `state.result_state` */
  readonly result?: string | undefined;
  /** `state.state_message`, or `status.queue_details.message` while it waits. */
  readonly message?: string | undefined;
}

/** A run as Databricks shows it, ids as text. Times are milliseconds since 1970. */
export interface RunView extends StateView {
  readonly runId: string;
  /** Whoever submits a run chooses it. */
  readonly name?: string | undefined;
  readonly pageUrl?: string | undefined;
  readonly startedAt?: number | undefined;
  readonly endedAt?: number | undefined;
  /** The last try of our one task; `get-output` wants its id. Absent in lists that were not expanded. */
  readonly task?: (StateView & { readonly runId?: string | undefined }) | undefined;
}

type Fields = Readonly<Record<string, ExactJson>>;

/** Undefined when it has no id, which is no run. What is absent or of another type than documented is left out. */
export function readRun(value: ExactJson | undefined): RunView | undefined {
  const run = fields(value);
  const runId = idText(run['run_id']);
  if (runId === undefined) return undefined;
  return {
    runId,
    ...readState(run),
    name: text(run['run_name']),
    pageUrl: webPage(run['run_page_url']),
    startedAt: time(run['start_time']),
    endedAt: time(run['end_time']),
    task: lastTask(run['tasks']),
  };
}

function readState(holder: Fields): StateView {
  const [status, state] = [fields(holder['status']), fields(holder['state'])];
  const details = status['termination_details'];
  const termination = fields(details);
  return {
    status: text(status['state']),
    termination: details === undefined || details === null ? undefined : { code: text(termination['code']), type: text(termination['type']), message: text(termination['message']) },
    lifeCycle: text(state['life_cycle_state']),
    result: text(state['result_state']),
    message: text(state['state_message']) ?? text(fields(status['queue_details'])['message']) ?? text(state['queue_reason']),
  };
}

/** Databricks may try a task again by itself; each try is an entry. */
function lastTask(value: ExactJson | undefined): RunView['task'] {
  if (!Array.isArray(value)) return undefined;
  const tasks = (value as readonly ExactJson[]).map(fields).toSorted((a, b) => Number(a['attempt_number'] ?? 0) - Number(b['attempt_number'] ?? 0));
  const last = tasks.at(-1);
  return last === undefined ? undefined : { ...readState(last), runId: idText(last['run_id']) };
}

/** Shown as a link: nothing but a web page may get there. */
function webPage(value: ExactJson | undefined): string | undefined {
  return typeof value === 'string' && value.length <= 4096 && /^https?:\/\//.test(value) && URL.canParse(value) ? value : undefined;
}

function time(value: ExactJson | undefined): number | undefined {
  return typeof value === 'number' && value > 0 ? value : undefined;
}

export function text(value: ExactJson | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function fields(value: ExactJson | undefined): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
