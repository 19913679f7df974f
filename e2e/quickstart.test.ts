import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanEnvironment, waitFor } from './server-process.ts';

const ROOT = resolve(import.meta.dirname, '..');
const BIN = join(ROOT, 'packages/cli/bin/trainyard.mjs');
const FIRST_BUILD_MS = 900_000;
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'trainyard-quickstart-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));

interface Started {
  readonly process: ChildProcess;
  readonly output: () => string;
}

function quickstart(...flags: string[]): Started {
  const child = spawn(process.execPath, [join(ROOT, 'scripts/quickstart.mjs'), ...flags], { cwd: ROOT, env: { ...cleanEnvironment(), TRAINYARD_DATA_DIR: dir, TRAINYARD_PORT: '0' } });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (text += bytes.toString('utf8')));
  return { process: child, output: () => text };
}

function trainyard(...args: string[]): string {
  return execFileSync(process.execPath, [BIN, ...args], { encoding: 'utf8', cwd: ROOT, env: { ...cleanEnvironment(), TRAINYARD_DATA_DIR: dir } });
}

describe('the quickstart', () => {
  it('--once trains the wine example with the real mlflow client, registers it, and ends with 0', { timeout: FIRST_BUILD_MS }, async () => {
    const started = quickstart('--once');
    const [code] = (await once(started.process, 'exit')) as [number];
    expect([code, started.output()]).toEqual([0, expect.stringMatching(/wine/)]);
    expect(started.output()).toMatch(/rmse/);
    // no colours and no cursor movement into a pipe
    expect(started.output()).not.toContain('\u001b[');
  });

  it('stays up until Ctrl-C, and the CLI works against it', { timeout: FIRST_BUILD_MS }, async () => {
    const started = quickstart();
    try {
      await waitFor('the second version is registered', () => {
        if (started.process.exitCode !== null) throw new Error(started.output());
        return /Ctrl-C/.test(started.output());
      });
      const { items: [run] } = JSON.parse(trainyard('runs', '-o', 'json')) as { items: [{ number: number }] };
      expect(run).toMatchObject({ number: 2, state: 'succeeded', model: { name: 'wine', version: '2' } });
      expect(trainyard('train', 'get', 'wine', '-o', 'jsonpath=$.status.state').trim()).toBe('succeeded');
      expect(trainyard('logs', String(run.number))).toMatch(/rmse/i);
      expect(trainyard('artifacts', String(run.number))).toMatch(/trained-model/);
    } finally {
      started.process.kill('SIGINT');
      await once(started.process, 'exit');
    }
    expect(() => trainyard('runs')).toThrow(/no Trainyard answers/);
  });

  it('gives a model that mlflow loads and predicts with', { timeout: FIRST_BUILD_MS }, async () => {
    const server = spawn(process.execPath, [BIN, 'up', '--data-dir', dir, '--port', '0'], { env: cleanEnvironment() });
    try {
      let url = '';
      server.stdout.on('data', (bytes: Buffer) => (url ||= /ready at (\S+)/.exec(bytes.toString())?.[1] ?? ''));
      await waitFor('the server', () => url !== '');
      const python = execFileSync('find', [join(dir, 'cache/environments'), '-path', '*/bin/python'], { encoding: 'utf8' }).trim().split('\n')[0] ?? '';
      const program = `
import mlflow, pandas as pd
data = pd.read_csv("examples/wine/wine-quality.csv").drop(columns=["quality"]).head(3).astype(float)
print(len(mlflow.pyfunc.load_model("models:/wine/1").predict(data)))
print(mlflow.search_runs(search_all_experiments=True, filter_string="metrics.rmse > 0")["status"].tolist())
`;
      const token = execFileSync('cat', [join(dir, 'token')], { encoding: 'utf8' }).trim();
      const output = execFileSync(python, ['-c', program], { cwd: ROOT, encoding: 'utf8', env: { ...cleanEnvironment(), MLFLOW_TRACKING_URI: url, MLFLOW_TRACKING_TOKEN: token } });
      expect(output.trim().split('\n').slice(-2)).toEqual(['3', "['FINISHED', 'FINISHED']"]);
    } finally {
      server.kill('SIGTERM');
      await once(server, 'exit');
    }
  });
});
