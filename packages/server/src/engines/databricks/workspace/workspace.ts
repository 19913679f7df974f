import type { OutboundCall } from '../../../platform/outbound/outbound-http.ts';
import type { Clock } from '../clock.ts';
import { fields, readRun, type RunView, text } from './run-view.ts';
import type { Submission } from '../submission.ts';
import { type AccessToken, accessToken, type Credentials } from './access-token.ts';
import { callJson, type Outbound } from './call.ts';
import { type ExactJson, idText } from './exact-json.ts';
import { Gate } from './gate.ts';
import { WorkspaceRefusal, WorkspaceTrouble } from './workspace-error.ts';

export interface WorkspaceOptions {
  /** Without a trailing slash. */
  readonly url: string;
  readonly credentials: Credentials;
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly chance: () => number;
  /** For one call; the output of a notebook gets four times as long. */
  readonly callTimeoutMs: number;
  readonly signal: AbortSignal;
}

/** Published: 100 reads and 35 submits a second and workspace. A rest is left to others. */
const CALLS_PER_SECOND = 80;
const SUBMITS_PER_SECOND = 30;
const CALLS_AT_ONCE = 24;
/** The most `runs/list` gives at once. */
export const PAGE = 24;
const MAX_ANSWER_BYTES = 16 * 1024 ** 2;
/** 5 MB of result, of which JSON may make six times as much, and an error with its trace. */
const MAX_OUTPUT_BYTES = 64 * 1024 ** 2;

export interface ClusterView {
  readonly state: string;
  readonly message: string;
}

export interface RunOutput {
  readonly result: string;
  readonly truncated: boolean;
  readonly error: string;
  readonly trace: string;
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

type Query = Readonly<Record<string, string>>;

/** The calls to one workspace. Each throws WorkspaceRefusal or WorkspaceTrouble; ids are text of digits. */
export class Workspace {
  readonly #options: WorkspaceOptions;
  readonly #gate: Gate;
  readonly #submits: Gate;
  readonly #token: AccessToken;
  #trouble: string | undefined;

  constructor(options: WorkspaceOptions) {
    this.#options = options;
    const { clock, chance, signal } = options;
    this.#gate = new Gate({ perSecond: CALLS_PER_SECOND, width: CALLS_AT_ONCE, clock, chance, signal });
    this.#submits = new Gate({ perSecond: SUBMITS_PER_SECOND, width: CALLS_AT_ONCE, clock, chance, signal });
    this.#token = accessToken(options.credentials, { ...options, timeoutMs: options.callTimeoutMs });
  }

  /** Why the last call got no answer that says anything; undefined when it got one. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  async cluster(clusterId: string): Promise<ClusterView> {
    const cluster = fields(await this.#get('/api/2.1/clusters/get', { cluster_id: clusterId }));
    const reason = fields(cluster['termination_reason']);
    const why = [text(cluster['state_message']), text(reason['code']), ...Object.values(fields(reason['parameters'])).map(text)].filter((word) => word !== undefined);
    return { state: text(cluster['state']) ?? 'UNKNOWN', message: why.join(', ') };
  }

  async startCluster(clusterId: string): Promise<void> {
    await this.#post('/api/2.1/clusters/start', JSON.stringify({ cluster_id: clusterId }));
  }

  /** Answers the id of the run; the same one for the same idempotency token. */
  async submit({ body }: Submission): Promise<string> {
    const answer = fields(await this.#submits.through(() => this.#post('/api/2.2/jobs/runs/submit', JSON.stringify(body))));
    const runId = idText(answer['run_id']);
    if (runId === undefined) throw new WorkspaceTrouble('the workspace took a run without saying its id', { answered: true });
    return runId;
  }

  async run(runId: string): Promise<RunView> {
    const run = readRun(await this.#get('/api/2.2/jobs/runs/get', { run_id: runId }));
    if (run?.runId !== runId) throw new WorkspaceTrouble(`the workspace was asked for run ${runId} and answered another`, { answered: true });
    return run;
  }

  async runs({ kind, from, to, page }: RunQuery): Promise<RunPage> {
    const answer = fields(
      await this.#get('/api/2.2/jobs/runs/list', {
        run_type: 'SUBMIT_RUN',
        limit: String(PAGE),
        ...(kind === 'active' ? { active_only: 'true' } : { completed_only: 'true', expand_tasks: 'true' }),
        ...(from === undefined ? {} : { start_time_from: String(from) }),
        ...(to === undefined ? {} : { start_time_to: String(to) }),
        ...(page === undefined ? {} : { page_token: page }),
      }),
    );
    const runs = Array.isArray(answer['runs']) ? (answer['runs'] as readonly ExactJson[]) : [];
    return { runs: runs.map(readRun).filter((run) => run !== undefined), next: text(answer['next_page_token']) };
  }

  /** `taskRunId`: of the task, not of the run around it. */
  async output(taskRunId: string): Promise<RunOutput> {
    const answer = fields(await this.#get('/api/2.2/jobs/runs/get-output', { run_id: taskRunId }, { slow: true }));
    const output = fields(answer['notebook_output']);
    return { result: text(output['result']) ?? '', truncated: output['truncated'] === true, error: text(answer['error']) ?? '', trace: text(answer['error_trace']) ?? '' };
  }

  /** Of a run that is over already it has no effect. */
  async cancel(runId: string): Promise<void> {
    // as a raw number: JSON.stringify could only write it as text or rounded. Its form was checked when it came
    await this.#post('/api/2.2/jobs/runs/cancel', `{"run_id":${runId}}`);
  }

  #get(path: string, query: Query, { slow = false } = {}): Promise<ExactJson> {
    const { url, callTimeoutMs } = this.#options;
    return this.#call({
      url: `${url}${path}?${new URLSearchParams(query).toString()}`,
      method: 'GET',
      timeoutMs: slow ? callTimeoutMs * 4 : callTimeoutMs,
      maxBytes: slow ? MAX_OUTPUT_BYTES : MAX_ANSWER_BYTES,
    });
  }

  #post(path: string, body: string): Promise<ExactJson> {
    const { url, callTimeoutMs } = this.#options;
    return this.#call({ url: `${url}${path}`, method: 'POST', headers: { 'content-type': 'application/json' }, body, timeoutMs: callTimeoutMs, maxBytes: MAX_ANSWER_BYTES });
  }

  async #call(call: OutboundCall): Promise<ExactJson> {
    return this.#gate.through(async () => {
      try {
        const answer = await this.#withToken(call);
        this.#answered();
        return answer;
      } catch (error) {
        if (error instanceof WorkspaceRefusal) this.#answered();
        if (error instanceof WorkspaceTrouble) {
          this.#trouble = error.message;
          this.#gate.trouble(error.retryAfterMs);
        }
        throw error;
      }
    });
  }

  #answered(): void {
    this.#trouble = undefined;
    this.#gate.fine();
  }

  /** A token may be revoked before its time; then once more with a new one. */
  async #withToken(call: OutboundCall): Promise<ExactJson> {
    const token = await this.#token.current();
    try {
      return await this.#send(call, token);
    } catch (error) {
      if (!(error instanceof WorkspaceRefusal && error.isAboutToken && this.#token.reject(token))) throw error;
      return this.#send(call, await this.#token.current());
    }
  }

  #send(call: OutboundCall, token: string): Promise<ExactJson> {
    const { outbound, clock, signal } = this.#options;
    return callJson(outbound, { ...call, signal, headers: { ...call.headers, authorization: `Bearer ${token}`, accept: 'application/json', 'user-agent': 'trainyard' } }, clock.now());
  }
}
