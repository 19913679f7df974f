import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CLUSTER, TOKEN } from '@trainyard/testkit/fake-databricks/workspace-server.ts';
import { cleanEnvironment, waitFor } from '../server-process.ts';

const BIN = resolve(import.meta.dirname, '../../packages/cli/bin/trainyard.mjs');

export interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly json: Record<string, unknown>;
}

/** What the original asks for, with the notebook of each model type. */
export function originalVariables(workspaceUrl: string, notebooks: Readonly<Record<string, string>>): Record<string, string> {
  return { DATABRICKS_WORKSPACE_URL: workspaceUrl, DATABRICKS_AUTH_TOKEN: TOKEN, DATABRICKS_CLUSTER_ID: CLUSTER, DATABRICKS_RUN_TIMEOUT: '3600', DATABRICKS_TYPE_MAPPING: JSON.stringify(notebooks) };
}

/** `trainyard up` with the variables of the original service, in a directory of its own; it can be killed and started again. */
export class OnDemandProcess {
  readonly dir = mkdtempSync(join(tmpdir(), 'trainyard-on-demand-'));
  readonly #variables: Readonly<Record<string, string>>;
  #process: ChildProcess | undefined;
  #port = '0';
  /** Where runners of an earlier process report to. */
  #nativePort = '0';
  output = '';

  constructor(variables: Readonly<Record<string, string>>) {
    this.#variables = variables;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const child = this.#spawn();
    await waitFor('the on-demand service is ready', () => {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: ${this.output}`);
      this.#nativePort = /Trainyard is ready at http:\/\/127\.0\.0\.1:(\d+)/.exec(this.output)?.[1] ?? this.#nativePort;
      this.#port = /On-demand training is ready at http:\/\/127\.0\.0\.1:(\d+)/.exec(this.output)?.[1] ?? this.#port;
      return /^On-demand training is ready/m.test(this.output);
    });
  }

  /** For one that does not come up: its exit code. */
  async startInVain(): Promise<number> {
    const [code] = (await once(this.#spawn(), 'exit')) as [number];
    return code;
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  async exitCodeAfter(signal: 'SIGTERM'): Promise<number | null> {
    await this.end(signal);
    return this.#process?.exitCode ?? null;
  }

  async dispose(): Promise<void> {
    await this.end('SIGTERM');
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  async get(path: string): Promise<Answer> {
    return answerOf(await fetch(this.url + path));
  }

  async post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return answerOf(await fetch(this.url + path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } }));
  }

  /** The first status that says that the run is over. */
  async ended(run: unknown): Promise<Record<string, unknown>> {
    let { json }: { json: Record<string, unknown> } = { json: {} };
    await waitFor(`run ${String(run)} is completed`, async () => {
      ({ json } = await this.get(`/train/${String(run)}`));
      return json['state'] !== 'pending' && json['state'] !== 'running';
    });
    return json;
  }

  #spawn(): ChildProcess {
    this.output = '';
    const argv = [BIN, 'up', '--data-dir', join(this.dir, 'data'), '--port', this.#nativePort, '--look-every', '500ms'];
    const child = spawn(process.execPath, argv, { cwd: this.dir, stdio: ['ignore', 'pipe', 'pipe'], env: { ...cleanEnvironment(), NODE_ENV: 'production', PORT: this.#port, ...this.#variables } });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (this.output += bytes.toString('utf8')));
    return child;
  }
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const type = response.headers.get('content-type');
  return { status: response.status, type, json: type?.startsWith('application/json') === true ? (JSON.parse(text) as Record<string, unknown>) : { text } };
}
