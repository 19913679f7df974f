import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADMIN, type MlflowServer, openMlflowServer } from './mlflow-server.contract.ts';
import { pythonWithMlflow } from '@trainyard/testkit/python/mlflow.ts';
import { runProgram } from '@trainyard/testkit/run-program.ts';

let python: string;
let server: MlflowServer;
let url: string;

beforeAll(async () => void (python = await pythonWithMlflow()), 1_000_000);
beforeEach(async () => {
  server = await openMlflowServer();
  url = await server.app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(() => server.close());

function runScript(name: string, env: Readonly<Record<string, string>>): Promise<string> {
  const quiet = { MLFLOW_DISABLE_TELEMETRY: 'true', DO_NOT_TRACK: 'true', MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR: 'false', NO_PROXY: '127.0.0.1', PYTHONDONTWRITEBYTECODE: '1' };
  return runProgram(python, [join(import.meta.dirname, name)], { env: { ...quiet, MLFLOW_TRACKING_URI: url, ...env } });
}

describe('the mlflow client of Python', () => {
  it("trains with a run's token: everything lands in its run, whose end is not the client's to say", async () => {
    const id = await server.launch();
    const printed = await runScript('client-training.py', { MLFLOW_TRACKING_TOKEN: `run:${id}`, MLFLOW_RUN_ID: id });
    expect(printed.split('\n')).toEqual(expect.arrayContaining([id, 'PERMISSION_DENIED']));
    const run = await server.tracking.runs.get(ADMIN, id);
    expect(run).toMatchObject({ status: 'RUNNING', params: [{ key: 'alpha', value: '0.1' }], metrics: [{ key: 'rmse', value: 0.5 }], outputModels: [{ modelId: expect.stringMatching(/^m-/) as string }] });
    expect(await server.tracking.modelVersions.get(ADMIN, { name: 'mine', version: '1' })).toMatchObject({ runId: id, storageLocation: expect.stringContaining('/models/m-') as string });
  });
});
