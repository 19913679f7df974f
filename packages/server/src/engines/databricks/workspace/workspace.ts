import type { Clock } from '../clock.ts';
import type { Submission } from '../submission.ts';
import { type ExactJson, idText } from './exact-json.ts';
import { Gate } from './gate.ts';
import { fields, readRun, type RunView, text } from './run-view.ts';
import type { WorkspaceCalls } from './workspace-calls.ts';
import { WorkspaceTrouble } from './workspace-error.ts';

export interface WorkspaceOptions {
  readonly clock: Clock;
  readonly chance: () => number;
  readonly signal: AbortSignal;
}

/** Published: 35 a second and workspace. A rest is left to others. */
const SUBMITS_PER_SECOND = 30;
const SUBMITS_AT_ONCE = 24;
/** The most `runs/list` gives at once. */
export const PAGE = 24;

export interface ClusterView {
  readonly state: string;
  readonly message: string;
}

export interface RunOutput {
  readonly result: string;
  readonly truncated: boolean;
  readonly error: string;
  readonly trace: string;
  /** What a program printed; Databricks keeps the last 5 MB. */
  readonly logs: string;
}

export interface RunPage {
  readonly runs: readonly RunView[];
  readonly next: string | undefined;
}

export interface RunQuery {
  readonly kind: 'active' | 'completed';
  /** Milliseconds since 1970, both included. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly page?: string | undefined;
}

/** Runs and clusters of one workspace. Each call throws WorkspaceRefusal or WorkspaceTrouble; ids are text of digits. */
export class Workspace {
  readonly #calls: WorkspaceCalls;
  readonly #submits: Gate;

  constructor(calls: WorkspaceCalls, options: WorkspaceOptions) {
    this.#calls = calls;
    this.#submits = new Gate({ perSecond: SUBMITS_PER_SECOND, width: SUBMITS_AT_ONCE, ...options });
  }

  async cluster(clusterId: string): Promise<ClusterView> {
    const cluster = fields(await this.#calls.get('/api/2.1/clusters/get', { cluster_id: clusterId }));
    const reason = fields(cluster['termination_reason']);
    const why = [text(cluster['state_message']), text(reason['code']), ...Object.values(fields(reason['parameters'])).map(text)].filter((word) => word !== undefined);
    return { state: text(cluster['state']) ?? 'UNKNOWN', message: why.join(', ') };
  }

  async startCluster(clusterId: string): Promise<void> {
    await this.#calls.post('/api/2.1/clusters/start', JSON.stringify({ cluster_id: clusterId }));
  }

  /** Answers the id of the run; the same one for the same idempotency token. */
  async submit({ body }: Submission): Promise<string> {
    const answer = fields(await this.#submits.through(() => this.#calls.post('/api/2.2/jobs/runs/submit', JSON.stringify(body))));
    const runId = idText(answer['run_id']);
    if (runId === undefined) throw new WorkspaceTrouble('the workspace took a run without saying its id', { answered: true });
    return runId;
  }

  async run(runId: string): Promise<RunView> {
    const run = readRun(await this.#calls.get('/api/2.2/jobs/runs/get', { run_id: runId }));
    if (run?.runId !== runId) throw new WorkspaceTrouble(`the workspace was asked for run ${runId} and answered another`, { answered: true });
    return run;
  }

  async runs({ kind, from, to, page }: RunQuery): Promise<RunPage> {
    const answer = fields(
      await this.#calls.get(
        '/api/2.2/jobs/runs/list',
        {
          run_type: 'SUBMIT_RUN',
          limit: String(PAGE),
          ...(kind === 'active' ? { active_only: 'true' } : { completed_only: 'true', expand_tasks: 'true' }),
          ...(from === undefined ? {} : { start_time_from: String(from) }),
          ...(to === undefined ? {} : { start_time_to: String(to) }),
          ...(page === undefined ? {} : { page_token: page }),
        },
        // with its task comes what each run was given, which may be a megabyte
        { large: kind === 'completed' },
      ),
    );
    const runs = Array.isArray(answer['runs']) ? (answer['runs'] as readonly ExactJson[]) : [];
    return { runs: runs.map(readRun).filter((run) => run !== undefined), next: text(answer['next_page_token']) };
  }

  /** `taskRunId`: of the task, not of the run around it. */
  async output(taskRunId: string): Promise<RunOutput> {
    const answer = fields(await this.#calls.get('/api/2.2/jobs/runs/get-output', { run_id: taskRunId }, { large: true }));
    const output = fields(answer['notebook_output']);
    return { result: text(output['result']) ?? '', truncated: output['truncated'] === true, error: text(answer['error']) ?? '', trace: text(answer['error_trace']) ?? '', logs: text(answer['logs']) ?? '' };
  }

  /** Of a run that is over already it has no effect. */
  async cancel(runId: string): Promise<void> {
    // as a raw number: JSON.stringify could only write it as text or rounded. Its form was checked when it came
    await this.#calls.post('/api/2.2/jobs/runs/cancel', `{"run_id":${runId}}`);
  }
}
