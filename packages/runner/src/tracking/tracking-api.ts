import type { Readable } from 'node:stream';
import { isPassing, type Patience, persistentCall, problemOf } from '../server/persistent-call.ts';
import type { Call, ServerLink } from '../server/server-link.ts';
import type { Metric } from './metric-line.ts';

/** The server understood the call and refuses it; the same call again would be refused again. */
export class TrackingRefused extends Error {
  override readonly name = 'TrackingRefused';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface LoggedModel {
  readonly model_id: string;
  readonly name?: string;
  readonly artifact_uri?: string;
  readonly status?: string;
  readonly creation_timestamp_ms?: number;
}

export interface StoredFile {
  readonly path: string;
  readonly is_dir: boolean;
  readonly file_size?: number;
}

export interface LogBatch {
  readonly metrics?: readonly Metric[];
  readonly params?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface TrackingApiOptions {
  readonly link: ServerLink;
  readonly run: string;
  readonly experimentId: string;
}

const API = '/api/2.0/mlflow';
const ARTIFACTS = '/api/2.0/mlflow-artifacts/artifacts';
/** Limits of MLflow for one call. */
export const METRICS_PER_CALL = 1000;
const NAMES_PER_CALL = 100;

/** The part of MLflow's API a runner speaks, for its own run. Calls throw TrackingRefused, or ServerAway when patience ends. */
export class TrackingApi {
  readonly #options: TrackingApiOptions;

  constructor(options: TrackingApiOptions) {
    this.#options = options;
  }

  /** Any number of params and tags, at most METRICS_PER_CALL metrics. */
  async logBatch({ metrics = [], params = {}, tags = {} }: LogBatch, patience: Patience): Promise<void> {
    const paramList = Object.entries(params).map(([key, value]) => ({ key, value }));
    const tagList = Object.entries(tags).map(([key, value]) => ({ key, value }));
    const calls = Math.max(1, Math.ceil(Math.max(paramList.length, tagList.length) / NAMES_PER_CALL));
    for (let i = 0; i < calls; i++) {
      const part = <T>(list: readonly T[]): readonly T[] => list.slice(i * NAMES_PER_CALL, (i + 1) * NAMES_PER_CALL);
      await this.#post('runs/log-batch', { run_id: this.#options.run, metrics: i === 0 ? metrics : [], params: part(paramList), tags: part(tagList) }, patience);
    }
  }

  /** Models that were logged in this run. */
  async loggedModels(patience: Patience): Promise<LoggedModel[]> {
    const { run, experimentId } = this.#options;
    const found: LoggedModel[] = [];
    for (let pageToken: string | undefined; ; ) {
      const asked = { experiment_ids: [experimentId], filter: `source_run_id = '${run}'`, ...(pageToken === undefined ? {} : { page_token: pageToken }) };
      const page = (await this.#post('logged-models/search', asked, patience)) as { models?: { info: LoggedModel }[]; next_page_token?: string };
      found.push(...(page.models ?? []).map(({ info }) => info));
      if (page.next_page_token === undefined || page.next_page_token === '') return found;
      pageToken = page.next_page_token;
    }
  }

  /** One directory of the run's artifacts; paths are relative to the run's artifacts. */
  async runArtifacts(path: string, patience: Patience): Promise<readonly StoredFile[]> {
    const query = new URLSearchParams({ run_id: this.#options.run, ...(path === '' ? {} : { path }) });
    return filesOf(await this.#call({ method: 'GET', path: `${API}/artifacts/list?${query.toString()}` }, patience));
  }

  /** Every file below a directory of the artifact store, with paths relative to that. */
  async storedFiles(dir: string, patience: Patience): Promise<StoredFile[]> {
    const found: StoredFile[] = [];
    const dirs = [''];
    for (let inner = dirs.pop(); inner !== undefined; inner = dirs.pop()) {
      const query = new URLSearchParams({ path: joined(dir, inner) });
      const within = inner;
      const files = filesOf(await this.#call({ method: 'GET', path: `${ARTIFACTS}?${query.toString()}` }, patience)).map((file) => ({ ...file, path: joined(within, file.path) }));
      dirs.push(...files.filter((file) => file.is_dir).map(({ path }) => path));
      found.push(...files.filter((file) => !file.is_dir));
    }
    return found;
  }

  /** One try: a file of the artifact store as a stream. */
  async openStored(path: string, signal: AbortSignal): Promise<Readable> {
    const { status, body } = await this.#options.link.open({ method: 'GET', path: `${ARTIFACTS}/${encoded(path)}`, signal });
    if (status === 200) return body;
    body.destroy();
    const problem = `'${path}' cannot be read: status ${status}`;
    throw isPassing(status) ? new Error(problem) : new TrackingRefused(status, problem);
  }

  /** Stores a file among the run's artifacts. */
  async putRunArtifact(path: string, file: NonNullable<Call['stream']>, patience: Patience): Promise<void> {
    await this.#call({ method: 'PUT', path: `${ARTIFACTS}/${encoded(joined(this.runRoot, path))}`, stream: file }, patience);
  }

  /** Where the run's artifacts lie in the artifact store. */
  get runRoot(): string {
    return `${this.#options.experimentId}/${this.#options.run}/artifacts`;
  }

  async #post(name: string, json: unknown, patience: Patience): Promise<unknown> {
    return this.#call({ method: 'POST', path: `${API}/${name}`, json }, patience);
  }

  async #call(call: Call, patience: Patience): Promise<unknown> {
    const answer = await persistentCall(this.#options.link, call, patience);
    if (answer.status >= 400) throw new TrackingRefused(answer.status, problemOf(answer));
    return answer.text === '' ? {} : JSON.parse(answer.text);
  }
}

function filesOf(answer: unknown): readonly StoredFile[] {
  return (answer as { files?: StoredFile[] }).files ?? [];
}

function joined(dir: string, path: string): string {
  return dir === '' ? path : path === '' ? dir : `${dir}/${path}`;
}

function encoded(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
