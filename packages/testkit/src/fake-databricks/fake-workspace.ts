import { join } from 'node:path';
import { ApiProblem, badValue } from './api-problem.ts';
import { assertShape, isInteger, isObject, isText } from './check-shape.ts';
import { FakeClusters } from './fake-clusters.ts';
import { FakeCredentials } from './fake-credentials.ts';
import { FakeFiles } from './fake-files.ts';
import { FakeRuns } from './fake-runs.ts';
import type { Wording } from './show-run.ts';
import { readJson, writeJson } from './wire-json.ts';

export interface WorkspaceCall {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  /** The body of a file that is no text. */
  readonly bytes?: Uint8Array;
}

export interface WorkspaceAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Half of the body is sent, the rest never comes. */
  readonly stalls?: true;
}

/** Something goes wrong with a call. */
export interface Fault {
  /** End of the path it happens to; everywhere when absent. */
  readonly on?: string;
  /** How often; once when absent. */
  readonly times?: number;
  /** The call has its effect all the same. */
  readonly after?: boolean;
  /** `cut`: the connection breaks without an answer. `garbage`: 200 with half a JSON text. `stall`: the body never ends. A `body` of '' is none, as gateways answer. */
  readonly what: 'cut' | 'garbage' | 'stall' | { readonly status: number; readonly retryAfter?: string; readonly body?: string };
}

export interface FakeWorkspaceOptions {
  readonly now?: () => number;
  readonly wording?: Wording;
  readonly firstRunId?: bigint;
  /** Refuses more calls in a second than Databricks publishes; off in tests that are about something else. */
  readonly limits?: boolean;
  /** Its files and the disks of its clusters are kept here; without it there are neither. */
  readonly directory?: string;
}

type Query = Readonly<Record<string, string>>;
interface Route {
  readonly query: readonly string[];
  readonly required?: string;
  readonly perSecond: number;
  answer(call: { readonly query: Query; readonly body: unknown }): Record<string, unknown>;
}

const RUN_ID = isObject({ run_id: isInteger }, ['run_id']);
const CLUSTER_ID = isObject({ cluster_id: isText }, ['cluster_id']);

/** A Databricks workspace as far as trainings need one. Typed from the public API; refuses what that refuses, and what it does not know. */
export class FakeWorkspace {
  readonly clusters: FakeClusters;
  readonly files: FakeFiles;
  readonly runs: FakeRuns;
  readonly credentials: FakeCredentials;
  /** Every call that arrived: when, and `METHOD /path`. */
  readonly calls: { readonly at: number; readonly what: string }[] = [];
  /** Nobody answers, nothing has an effect. */
  down = false;
  /** Asked for every call; for faults by chance. */
  chaos: (path: string) => Fault | undefined = () => undefined;
  /** Who the token belongs to. */
  userName = 'ann@example.com';
  url = 'https://adb-1.azuredatabricks.net';
  readonly #now: () => number;
  readonly #limits: boolean;
  readonly #faults: { readonly fault: Fault; left: number }[] = [];
  readonly #routes: Readonly<Record<string, Route>>;

  constructor({ now = Date.now, wording = 'both', firstRunId = 8_856_245_678_901_234_567n, limits = true, directory }: FakeWorkspaceOptions = {}) {
    this.#now = now;
    this.#limits = limits;
    this.clusters = new FakeClusters(now);
    this.credentials = new FakeCredentials(now);
    this.files = new FakeFiles(directory);
    this.runs = new FakeRuns({ now, clusters: this.clusters, files: this.files, machines: directory === undefined ? undefined : join(directory, 'machines'), url: () => this.url, firstRunId, wording });
    this.#routes = this.#table();
  }

  fail(fault: Fault): void {
    this.#faults.push({ fault, left: fault.times ?? 1 });
  }

  /** Calls whose `METHOD /path` ends so. */
  count(end: string): number {
    return this.calls.filter(({ what }) => what.endsWith(end)).length;
  }

  /** The most calls that arrived within any 1,000 ms. */
  busiestSecond(): number {
    let [most, from] = [0, 0];
    for (const [index, { at }] of this.calls.entries()) {
      while ((this.calls[from]?.at ?? at) <= at - 1000) from++;
      most = Math.max(most, index - from + 1);
    }
    return most;
  }

  /** Undefined: the connection breaks. */
  handle(call: WorkspaceCall): WorkspaceAnswer | undefined {
    const url = new URL(call.path, 'http://workspace');
    this.calls.push({ at: this.#now(), what: `${call.method} ${url.pathname}` });
    if (this.down) return undefined;
    const fault = this.#faultFor(url.pathname);
    if (fault !== undefined && fault.after !== true) return faulty(fault, answer(200, {}));
    const honest = this.#answer(call, url);
    return fault === undefined ? honest : faulty(fault, honest);
  }

  #answer(call: WorkspaceCall, url: URL): WorkspaceAnswer {
    try {
      return answer(200, this.#route(call, url));
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      const body = url.pathname.startsWith('/oidc/') ? { error: error.code, error_description: error.message } : { error_code: /^\d+$/.test(error.code) ? Number(error.code) : error.code, message: error.message, details: [] };
      return answer(error.status, body, error.headers);
    }
  }

  #route({ method, headers, body, bytes }: WorkspaceCall, url: URL): Record<string, unknown> {
    if (method === 'POST' && url.pathname === '/oidc/v1/token') return this.credentials.issue(headers['authorization'], new URLSearchParams(body));
    if (method === 'GET' && url.pathname === '/oidc/.well-known/oauth-authorization-server') return { authorization_endpoint: `${this.url}/oidc/v1/authorize`, token_endpoint: `${this.url}/oidc/v1/token` };
    this.credentials.check(headers['authorization']);
    const what = `${method} ${url.pathname}`;
    const inVolume = this.files.volume(method, url.pathname, { body: bytes ?? Buffer.from(body), overwrite: url.searchParams.get('overwrite') === 'true' });
    if (inVolume !== undefined) return inVolume;
    const route = Object.hasOwn(this.#routes, what) ? this.#routes[what] : undefined;
    if (route === undefined) throw new ApiProblem(404, 'ENDPOINT_NOT_FOUND', `No API found for '${what}'`);
    this.#checkRate(what, route.perSecond);
    const query = Object.fromEntries(url.searchParams);
    const strange = Object.keys(query).find((name) => !route.query.includes(name));
    if (strange !== undefined) throw badValue(`Unknown query parameter '${strange}'`);
    if (route.required !== undefined && query[route.required] === undefined) throw badValue(`Missing required field: ${route.required}`);
    if (method === 'POST' && !/^application\/json\b/.test(headers['content-type'] ?? '')) throw new ApiProblem(415, 'MALFORMED_REQUEST', 'Content-Type must be application/json');
    return route.answer({ query, body: method === 'POST' ? parseBody(body) : undefined });
  }

  #table(): Readonly<Record<string, Route>> {
    const reads = { perSecond: 100 };
    return {
      'GET /api/2.1/clusters/get': { ...reads, query: ['cluster_id'], required: 'cluster_id', answer: ({ query }) => this.clusters.show(query['cluster_id'] ?? '') },
      'POST /api/2.1/clusters/start': { ...reads, query: [], answer: ({ body }) => this.#startCluster(body) },
      'POST /api/2.2/jobs/runs/submit': { perSecond: 35, query: [], answer: ({ body }) => ({ run_id: this.runs.submit(body).id }) },
      'GET /api/2.2/jobs/runs/get': { ...reads, query: ['run_id', 'include_history', 'include_resolved_values', 'page_token'], required: 'run_id', answer: ({ query }) => this.runs.show(idOf(query['run_id'])) },
      'GET /api/2.2/jobs/runs/get-output': { ...reads, query: ['run_id'], required: 'run_id', answer: ({ query }) => this.runs.output(idOf(query['run_id'])) },
      'GET /api/2.2/jobs/runs/list': {
        ...reads,
        query: ['active_only', 'completed_only', 'expand_tasks', 'job_id', 'limit', 'offset', 'page_token', 'run_type', 'start_time_from', 'start_time_to'],
        answer: ({ query }) => this.runs.list(query),
      },
      'GET /api/2.0/preview/scim/v2/Me': { ...reads, query: ['attributes', 'excludedAttributes'], answer: () => ({ id: '4611686018427387904', userName: this.userName, active: true }) },
      'GET /api/2.0/workspace/get-status': { ...reads, query: ['path'], required: 'path', answer: ({ query }) => this.files.status(query['path'] ?? '') },
      'GET /api/2.0/workspace/export': { ...reads, query: ['path', 'format', 'direct_download'], required: 'path', answer: ({ query }) => this.files.export(query['path'] ?? '') },
      'POST /api/2.0/workspace/mkdirs': { ...reads, query: [], answer: ({ body }) => this.files.mkdirs(body) },
      'POST /api/2.0/workspace/import': { ...reads, query: [], answer: ({ body }) => this.files.import(body) },
      'POST /api/2.0/workspace/delete': { ...reads, query: [], answer: ({ body }) => this.files.delete(body) },
      'POST /api/2.2/jobs/runs/cancel': { ...reads, query: [], answer: ({ body }) => this.#cancel(body) },
    };
  }

  #startCluster(body: unknown): Record<string, unknown> {
    assertShape(body, CLUSTER_ID);
    this.clusters.start((body as { cluster_id: string }).cluster_id);
    return {};
  }

  #cancel(body: unknown): Record<string, unknown> {
    assertShape(body, RUN_ID);
    this.runs.cancel(BigInt((body as { run_id: number | bigint }).run_id));
    return {};
  }

  #checkRate(what: string, perSecond: number): void {
    if (!this.#limits) return;
    const since = this.#now() - 1000;
    let within = 0;
    // the calls stand in order of time: only the last second is looked at
    for (let index = this.calls.length - 1; index >= 0 && (this.calls[index]?.at ?? 0) > since; index--) if (this.calls[index]?.what === what) within++;
    if (within > perSecond) throw new ApiProblem(429, 'REQUEST_LIMIT_EXCEEDED', `The rate limit of ${perSecond} requests per second was exceeded.`, { 'retry-after': '1' });
  }

  #faultFor(path: string): Fault | undefined {
    const planned = this.#faults.find(({ fault, left }) => left > 0 && path.endsWith(fault.on ?? ''));
    if (planned === undefined) return this.chaos(path);
    planned.left--;
    return planned.fault;
  }
}

function idOf(text: string | undefined): bigint {
  if (text === undefined || !/^\d{1,19}$/.test(text)) throw badValue(`'${text ?? ''}' is not a run id`);
  return BigInt(text);
}

function parseBody(text: string): unknown {
  try {
    return readJson(text);
  } catch (error) {
    throw new ApiProblem(400, 'MALFORMED_REQUEST', `Invalid JSON: ${String(error)}`);
  }
}

function answer(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): WorkspaceAnswer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: writeJson(body) };
}

function faulty({ what }: Fault, honest: WorkspaceAnswer): WorkspaceAnswer | undefined {
  if (what === 'cut') return undefined;
  if (what === 'stall') return { ...honest, stalls: true };
  if (what === 'garbage') return { ...honest, body: `${honest.body.slice(0, honest.body.length / 2)}<html>` };
  const headers = what.retryAfter === undefined ? {} : { 'retry-after': what.retryAfter };
  return what.body === undefined ? answer(what.status, { error_code: 'TEMPORARILY_UNAVAILABLE', message: `fault ${what.status}` }, headers) : { status: what.status, headers: { 'content-type': 'text/html', ...headers }, body: what.body };
}
