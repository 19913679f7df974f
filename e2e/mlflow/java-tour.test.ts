import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pythonWithMlflow } from '@trainyard/testkit/python/mlflow.ts';
import { runProgram } from '@trainyard/testkit/run-program.ts';
import { ServerProcess } from '../server-process.ts';
import { javaClassPath, missingForJava } from './java-client.ts';
import { quietMlflow } from './quiet-mlflow.ts';

const PARTS = ['experiments', 'runs', 'values', 'search', 'registry', 'artifacts'];
const missing = missingForJava(process.env['PATH'] ?? '');
if (missing !== undefined) process.stderr.write(`SKIPPED, the Java client of MLflow was not tried: ${missing}\n`);

describe.skipIf(missing !== undefined)('the Java client of mlflow', () => {
  const server = new ServerProcess();
  let classPath: string;
  let path: string;

  beforeAll(async () => {
    classPath = await javaClassPath();
    // it asks Python's command line to carry files
    path = [dirname(await pythonWithMlflow(3)), process.env['PATH']].join(delimiter);
    await server.start();
  }, 1_200_000);
  afterAll(() => server.dispose(false));

  it('does all it can', async () => {
    const env = quietMlflow({ MLFLOW_TRACKING_URI: server.url, MLFLOW_TRACKING_TOKEN: server.token, PATH: path, LC_ALL: 'C.UTF-8' });
    const printed = await runProgram('java', ['-cp', classPath, join(import.meta.dirname, 'java', 'JavaTour.java'), ...PARTS], { env });
    expect(printed.trim().split('\n')).toEqual(PARTS);
  });
});
