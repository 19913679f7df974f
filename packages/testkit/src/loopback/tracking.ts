import type { Reply, Request } from './call.ts';

interface Named {
  readonly key: string;
  readonly value: string;
}

interface Batch {
  readonly run_id: string;
  readonly metrics: readonly LoopbackMetric[];
  readonly params: readonly Named[];
  readonly tags: readonly Named[];
}

export interface LoopbackMetric {
  readonly key: string;
  readonly value: number | string;
  readonly timestamp: number;
  readonly step: number;
}

export interface LoopbackModel {
  readonly model_id: string;
  readonly name: string;
  readonly status?: string;
  readonly artifact_uri?: string;
  readonly creation_timestamp_ms?: number;
}

const API = '/api/2.0/mlflow';
const ARTIFACTS = '/api/2.0/mlflow-artifacts/artifacts';

/** The part of MLflow's API that a runner uses, for one run, kept in memory. Throws for what that runner should not ask. */
export class LoopbackTracking {
  readonly #run: string;
  readonly #experiment: string;
  readonly params = new Map<string, string>();
  readonly tags = new Map<string, string>();
  readonly metrics: LoopbackMetric[] = [];
  /** Path in the artifact store → bytes. */
  readonly artifacts = new Map<string, Buffer>();
  readonly models: LoopbackModel[] = [];

  constructor(run: string, experiment: string) {
    this.#run = run;
    this.#experiment = experiment;
  }

  /** Adds a model as `log_model` of a client would. */
  addModel(id: string, files: Readonly<Record<string, string>>, model: Partial<LoopbackModel> = {}): void {
    const root = `${this.#experiment}/models/${id}/artifacts`;
    this.models.push({ model_id: id, name: id, status: 'LOGGED_MODEL_READY', artifact_uri: `mlflow-artifacts:/${root}`, ...model });
    for (const [path, text] of Object.entries(files)) this.artifacts.set(`${root}/${path}`, Buffer.from(text));
  }

  addRunArtifact(path: string, text: string): void {
    this.artifacts.set(`${this.#runRoot}/${path}`, Buffer.from(text));
  }

  /** One of the run's artifacts. */
  runArtifact(path: string): Buffer | undefined {
    return this.artifacts.get(`${this.#runRoot}/${path}`);
  }

  get #runRoot(): string {
    return `${this.#experiment}/${this.#run}/artifacts`;
  }

  answer({ method, path, query, body }: Request): Reply | undefined {
    switch (`${method} ${path}`) {
      case `POST ${API}/runs/log-batch`:
        return this.#take(JSON.parse(body.toString()) as Batch);
      case `POST ${API}/logged-models/search`:
        return this.#search(JSON.parse(body.toString()) as { experiment_ids: string[]; filter: string });
      case `GET ${API}/artifacts/list`:
        if (query.get('run_id') !== this.#run) throw new Error(`artifacts of the run ${query.get('run_id')} were asked for`);
        return { status: 200, body: { root_uri: `mlflow-artifacts:/${this.#runRoot}`, files: this.#list(this.#runRoot, query.get('path') ?? '').map((file) => ({ ...file, path: joined(query.get('path') ?? '', file.path) })) } };
      case `GET ${ARTIFACTS}`:
        return { status: 200, body: { files: this.#list('', query.get('path') ?? '') } };
      default:
        return path.startsWith(`${ARTIFACTS}/`) ? this.#file(method, decodeURIComponent(path.slice(ARTIFACTS.length + 1)), body) : undefined;
    }
  }

  #take({ run_id, metrics, params, tags }: Batch): Reply {
    if (run_id !== this.#run) throw new Error(`something was logged to the run ${run_id}`);
    if (metrics.length > 1000 || params.length > 100 || tags.length > 100) throw new Error(`${metrics.length} metrics, ${params.length} params, ${tags.length} tags in one call`);
    const bad = params.find(({ key, value }) => (this.params.get(key) ?? value) !== value);
    if (bad !== undefined) return { status: 400, body: { error_code: 'INVALID_PARAMETER_VALUE', message: `Changing param values is not allowed: ${bad.key}` } };
    for (const { key, value } of params) this.params.set(key, value);
    for (const { key, value } of tags) this.tags.set(key, value);
    this.metrics.push(...metrics);
    return { status: 200, body: {} };
  }

  #search({ experiment_ids, filter }: { experiment_ids: string[]; filter: string }): Reply {
    if (experiment_ids.join() !== this.#experiment || filter !== `source_run_id = '${this.#run}'`) throw new Error(`models were searched in ${experiment_ids.join()} by ${filter}`);
    return { status: 200, body: { models: this.models.map((info) => ({ info })) } };
  }

  #list(root: string, path: string): { path: string; is_dir: boolean; file_size?: number }[] {
    const prefix = `${joined(root, path)}/`;
    const below = [...this.artifacts].filter(([name]) => name.startsWith(prefix)).map(([name, bytes]) => ({ rest: name.slice(prefix.length), size: bytes.length }));
    const files = below.filter(({ rest }) => !rest.includes('/')).map(({ rest, size }) => ({ path: rest, is_dir: false, file_size: size }));
    const dirs = [...new Set(below.flatMap(({ rest }) => (rest.includes('/') ? [rest.split('/')[0] ?? ''] : [])))].map((name) => ({ path: name, is_dir: true }));
    return [...files, ...dirs];
  }

  #file(method: string, path: string, body: Buffer): Reply | undefined {
    if (method === 'PUT') this.artifacts.set(path, body);
    if (method === 'PUT') return { status: 200, body: {} };
    if (method !== 'GET') return undefined;
    const bytes = this.artifacts.get(path);
    return bytes === undefined ? { status: 404, body: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: `No artifact ${path}` } } : { status: 200, body: bytes };
  }
}

function joined(dir: string, path: string): string {
  return dir === '' ? path : path === '' ? dir : `${dir}/${path}`;
}
