import { ApiProblem, badValue } from './api-problem.ts';
import type { FakeClusters } from './fake-clusters.ts';
import type { FakeFiles } from './fake-files.ts';
import { type Execution, FakeRun, type RunPlan } from './fake-run.ts';
import { type ProgramOptions, runPython } from './python-program.ts';
import { showRun, type Wording } from './show-run.ts';
import { checkSubmit, type PythonTask } from './submit-request.ts';

export interface RunsOptions {
  readonly now: () => number;
  readonly clusters: FakeClusters;
  readonly files: FakeFiles;
  /** Where clusters have their disks; undefined when they cannot carry out programs. */
  readonly machines: string | undefined;
  readonly url: () => string;
  /** Ids of Databricks are int64; these lie beyond what a number holds. */
  readonly firstRunId: bigint;
  readonly wording: Wording;
}

/** The most one page of `runs/list` may have. */
const MAX_PAGE = 25;

/** Runs of the workspace. */
export class FakeRuns {
  readonly #options: RunsOptions;
  readonly #runs = new Map<bigint, FakeRun>();
  readonly #byTask = new Map<bigint, FakeRun>();
  readonly #byToken = new Map<string, bigint>();
  readonly #overrides = new Map<bigint, Readonly<Record<string, unknown>>>();
  #nextId: bigint;
  /** What happens to runs of a notebook, by its path. */
  readonly plans = new Map<string, RunPlan>();
  /** For notebooks without a plan of their own. */
  plan: (run: { readonly path: string; readonly parameters: Readonly<Record<string, string>> }) => RunPlan = () => ({});
  /** What happens to a program; it is really carried out unless a test says otherwise. */
  program: (task: PythonTask) => RunPlan = (task) => ({ execute: () => this.execute(task) });

  constructor(options: RunsOptions) {
    this.#options = options;
    this.#nextId = options.firstRunId;
  }

  all(): FakeRun[] {
    const runs = [...this.#runs.values()];
    for (const run of runs) this.#advance(run);
    return runs;
  }

  get(id: bigint | string): FakeRun {
    const run = this.#runs.get(BigInt(id));
    if (run === undefined) throw badValue(`Run ${id} does not exist.`);
    this.#advance(run);
    return run;
  }

  submit(body: unknown): FakeRun {
    const request = checkSubmit(body);
    const token = request.idempotency_token;
    const known = token === undefined ? undefined : this.#byToken.get(token);
    if (known !== undefined) {
      const run = this.#runs.get(known);
      if (run === undefined) throw new ApiProblem(400, 'INVALID_STATE', `The run of the idempotency token '${token ?? ''}' was deleted.`);
      return run;
    }
    const clusterId = request.tasks[0]?.existing_cluster_id;
    // one that is terminated is started by a run that needs it
    if (clusterId !== undefined && this.#options.clusters.get(clusterId).state === 'TERMINATED') this.#options.clusters.start(clusterId);
    return this.#add(request, token);
  }

  cancel(id: bigint): void {
    this.get(id).cancel(this.#options.now());
  }

  /** As somebody who deletes a run in the workspace, or as 60 days do. */
  delete(id: bigint | string): void {
    const run = this.get(id);
    this.#runs.delete(run.id);
    this.#byTask.delete(run.taskId);
  }

  /** From now on the run is shown with these words (`status`, `state`, `tasks`, …), whatever it does. */
  say(id: bigint | string, words: Readonly<Record<string, unknown>>): void {
    this.#overrides.set(BigInt(id), words);
  }

  show(id: bigint): Record<string, unknown> {
    return this.#show(this.get(id), true);
  }

  list(query: Readonly<Record<string, string>>): Record<string, unknown> {
    const [active, completed] = [query['active_only'] === 'true', query['completed_only'] === 'true'];
    if (active && completed) throw badValue('Only one of active_only and completed_only may be true.');
    const asked = Number(query['limit'] ?? '20');
    if (asked < 0 || asked >= MAX_PAGE) throw badValue('limit must be greater than 0 and less than 25.');
    const [from, to] = [Number(query['start_time_from'] ?? 0), Number(query['start_time_to'] ?? Number.MAX_SAFE_INTEGER)];
    const before = query['page_token'] === undefined ? undefined : placeOf(query['page_token']);
    const found = this.all()
      .filter((run) => (active ? !run.isOver : completed ? run.isOver : true) && run.createdAt >= from && run.createdAt <= to && (before === undefined || inOrder(before, run) < 0))
      .toSorted(inOrder);
    const page = found.slice(0, asked === 0 ? MAX_PAGE - 1 : asked);
    const last = page.at(-1);
    const more = last !== undefined && found.length > page.length;
    return { ...(page.length === 0 ? {} : { runs: page.map((run) => this.#show(run, query['expand_tasks'] === 'true')) }), has_more: more, ...(more ? { next_page_token: `before-${last.id}-${last.createdAt}-${last.endedAt}` } : {}) };
  }

  execute(task: PythonTask, options: Pick<ProgramOptions, 'env' | 'started'> = {}): Execution {
    const { files, machines } = this.#options;
    if (machines === undefined) throw new Error('this workspace has no machines: give it a directory');
    return runPython(task, { files, machines, ...options });
  }

  output(id: bigint): Record<string, unknown> {
    if (this.#runs.has(id)) throw badValue('Retrieving the output of runs with multiple tasks is not supported. Please retrieve the output of each individual task run instead.');
    const run = this.#byTask.get(id);
    if (run === undefined) throw badValue(`Run ${id} does not exist.`);
    this.#advance(run);
    const { result, truncated, error, errorTrace, logs, logsTruncated } = run.output;
    const isProgram = run.request.tasks[0]?.spark_python_task !== undefined;
    const whole = isProgram ? { logs: logs ?? '', logs_truncated: logsTruncated ?? false } : undefined;
    return {
      metadata: this.#show(run, false),
      ...(run.isOver ? (whole ?? { notebook_output: { ...(result === undefined ? {} : { result }), truncated: truncated ?? false } }) : { error: 'The run has not ended.' }),
      ...(error === undefined ? {} : { error }),
      ...(errorTrace === undefined ? {} : { error_trace: errorTrace }),
    };
  }

  #add(request: ReturnType<typeof checkSubmit>, token: string | undefined): FakeRun {
    const id = this.#nextId;
    this.#nextId += 2n;
    const plan = this.#planOf(request);
    const run = new FakeRun({ id, taskId: id + 1n }, request, { plan, now: this.#options.now() });
    this.#runs.set(id, run);
    this.#byTask.set(run.taskId, run);
    if (token !== undefined) this.#byToken.set(token, id);
    return run;
  }

  #planOf({ tasks: [task] }: ReturnType<typeof checkSubmit>): RunPlan {
    if (task?.spark_python_task !== undefined) return this.program(task.spark_python_task);
    const path = task?.notebook_task?.notebook_path ?? '';
    return this.plans.get(path) ?? this.plan({ path, parameters: task?.notebook_task?.base_parameters ?? {} });
  }

  #advance(run: FakeRun): void {
    if (!run.isOver) run.advance(this.#options.now(), this.#clusterOf(run));
  }

  #clusterOf({ clusterId }: FakeRun): 'ready' | 'coming' | 'failed' {
    const state = clusterId === undefined ? 'RUNNING' : this.#options.clusters.get(clusterId).state;
    return state === 'RUNNING' || state === 'RESIZING' ? 'ready' : state === 'ERROR' || state === 'TERMINATED' ? 'failed' : 'coming';
  }

  #show(run: FakeRun, expand: boolean): Record<string, unknown> {
    return showRun(run, { url: this.#options.url(), wording: this.#options.wording, expand, override: this.#overrides.get(run.id) });
  }
}

type Place = Pick<FakeRun, 'id' | 'createdAt' | 'endedAt'>;

/** The last one first: by the end, or by the start of one that goes on. */
function inOrder(a: Place, b: Place): number {
  return (b.endedAt || b.createdAt) - (a.endedAt || a.createdAt) || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}

function placeOf(token: string): Place {
  const [, id, createdAt, endedAt] = /^before-(\d+)-(\d+)-(\d+)$/.exec(token) ?? [];
  if (id === undefined) throw badValue('Invalid page_token.');
  return { id: BigInt(id), createdAt: Number(createdAt), endedAt: Number(endedAt) };
}
