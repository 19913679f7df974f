import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pythonWithMlflow } from '@trainyard/testkit/python/mlflow.ts';
import { ServerProcess, waitFor } from '../server-process.ts';
import { quietMlflow } from './quiet-mlflow.ts';

let python: string;
let server: ServerProcess;
let client: Client | undefined;

beforeAll(async () => void (python = await pythonWithMlflow(3)), 1_200_000);
beforeEach(async () => {
  server = new ServerProcess();
  await server.start();
});
afterEach(async (context) => {
  client?.stop();
  await server.dispose(context.task.result?.state === 'fail');
});

/** A script of `tour/` that says in lines how far it is, and goes on or ends when it is told. */
class Client {
  readonly lines: string[] = [];
  readonly #process: ChildProcess;
  readonly #end: Promise<unknown>;

  constructor(script: string) {
    const env = quietMlflow({ MLFLOW_TRACKING_URI: server.url, MLFLOW_TRACKING_TOKEN: server.token });
    const child = spawn(python, [join(import.meta.dirname, 'tour', script)], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#process = child;
    this.#end = once(child, 'close');
    createInterface({ input: child.stdout }).on('line', (line) => this.lines.push(line));
  }

  async said(word: string): Promise<string> {
    await waitFor(`the client says '${word}'`, () => this.lines.some((line) => line.startsWith(word)));
    return this.lines.find((line) => line.startsWith(word))?.slice(word.length + 1) ?? '';
  }

  acknowledged(): number {
    return this.lines.filter((line) => line.startsWith('step ')).length;
  }

  async finish(): Promise<void> {
    this.#process.stdin?.write('\n');
    await this.#end;
  }

  stop(): void {
    this.#process.kill('SIGKILL');
  }
}

async function api<T>(path: string): Promise<T> {
  const response = await fetch(`${server.url}/api/2.0/mlflow/${path}`, { headers: { authorization: `Bearer ${server.token}` } });
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

describe('a client whose server dies', () => {
  it.each(['kill', 'stop'] as const)('in the middle of an upload (%s) is told, or sends it again; nobody sees half of it', async (end) => {
    client = new Client('interrupted_upload.py');
    const run = await client.said('run');
    const files = async () => (await api<{ files?: { path: string; file_size: number }[] }>(`artifacts/list?run_id=${run}`)).files ?? [];
    await waitFor('bytes arrive', async () => (await bytesBelow(server.dataDir)) > 20_000_000);
    await server[end]();
    await server.start();
    await waitFor('the client has concluded', () => client?.lines.some((line) => /^(uploaded|refused)/.test(line)) ?? false);
    const whole = { path: 'weights.bin', is_dir: false, file_size: 200_000_000 };
    expect(await files()).toEqual(client.lines.includes('uploaded') ? [whole] : []);
    await client.finish();
  });

  it('again and again while it logs goes on by itself, and nothing that was acknowledged is lost', async () => {
    client = new Client('interrupted_logging.py');
    const run = await client.said('run');
    for (const end of ['kill', 'stop', 'kill'] as const) {
      const before = client.acknowledged();
      await waitFor('the client logs', () => (client?.acknowledged() ?? 0) > before + 50);
      await server[end]();
      await server.start();
    }
    const before = client.acknowledged();
    await waitFor('the client logs after all', () => (client?.acknowledged() ?? 0) > before + 50);
    await client.finish();
    const steps = Array.from({ length: client.acknowledged() }, (_, step) => step);
    for (const [key, sign] of [['m', 1], ['a', 1], ['b', -1]] as const) {
      const { metrics } = await api<{ metrics: { step: number; value: number }[] }>(`metrics/get-history?run_id=${run}&metric_key=${key}`);
      expect(metrics.map(({ step, value }) => [step, value])).toEqual(steps.map((step) => [step, sign * step + 0]));
    }
    expect(await api(`runs/get?run_id=${run}`)).toMatchObject({ run: { info: { status: 'FINISHED' } } });
  });
});

/** Of all files of the data directory, temporary ones too. */
async function bytesBelow(dir: string): Promise<number> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  let sizeBytes = 0;
  for (const entry of entries.filter((one) => one.isFile())) sizeBytes += await sizeOf(join(entry.parentPath, entry.name));
  return sizeBytes;
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    // it was moved or removed in between
    return 0;
  }
}
