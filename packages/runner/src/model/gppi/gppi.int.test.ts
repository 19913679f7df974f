import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { AttemptFixture, AttemptFixtureOptions } from '@trainyard/testkit/attempt-fixture.ts';
import { odahuflowctl } from '@trainyard/testkit/python/odahuflowctl.ts';
import { runProgram } from '@trainyard/testkit/run-program.ts';
import { pythonWithMlflow } from '@trainyard/testkit/python/mlflow.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { anAttempt } from '../../an-attempt.int.ts';
import { filesBelow, trainedWine, unpackedBy } from './trained-wine.int.ts';

const INSTALL_MS = 900_000;
let dir = '';
let python = '';
let model: Map<string, Buffer>;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'trainyard-gppi-'));
  python = await pythonWithMlflow();
  model = await filesBelow(await trainedWine(python, dir));
}, INSTALL_MS);
afterAll(() => rm(dir, { recursive: true, force: true }));

/** An attempt that has logged this model, whose binary is put to the directory `out` of the machine. */
async function attemptWith(files: ReadonlyMap<string, Buffer>, options: Partial<AttemptFixtureOptions> = {}): Promise<AttemptFixture> {
  const models = { type: 'local', uri: join(dir, 'out'), vital: false };
  const spec = { args: ['true'], model: { name: 'wine', version: '3.0' }, outputConnection: 'models', environment: { manager: 'none' } };
  const attempt = await anAttempt({ connections: { models }, localRoots: [dir], ...options, spec: { ...spec, ...options.spec } });
  attempt.server.tracking.addModel('m-1', {});
  for (const [path, bytes] of files) attempt.server.tracking.artifacts.set(`1/models/m-1/artifacts/${path}`, bytes);
  return attempt;
}

/** With the Python that has MLflow as the one of the machine. */
async function carryOut(attempt: AttemptFixture): Promise<void> {
  const runner = attempt.start({ PATH: `${dirname(python)}:${process.env['PATH'] ?? ''}` });
  expect([await runner.ended, runner.stderr]).toEqual([0, '']);
  attempt.server.assertClean();
}

async function unpackedArtifact({ server }: AttemptFixture, name: string): Promise<string> {
  const { path } = server.facts['artifact'] as { path: string };
  return unpackedBy('tar', server.tracking.runArtifact(path) ?? Buffer.alloc(0), join(dir, name));
}

const message = ({ server }: AttemptFixture): string => (server.outcome as { message?: string }).message ?? '';

describe('the trained model binary of the wine example', () => {
  let unpacked = '';
  let attempt: AttemptFixture;

  beforeAll(async () => {
    attempt = await attemptWith(model);
    await carryOut(attempt);
    unpacked = await unpackedArtifact(attempt, 'unpacked');
  });
  afterAll(() => attempt[Symbol.asyncDispose]());

  it("has ODAHU's layout, described with every key", async () => {
    expect(attempt.server.outcome).toMatchObject({ ok: true });
    const files = await filesBelow(unpacked);
    for (const [path, bytes] of model) expect({ path, bytes: files.get(`odahuflow_model/${path}`) }).toEqual({ path, bytes });
    const project = files.get('odahuflow.project.yaml')?.toString() ?? '';
    expect(files.get('odahuflow.model.yaml')?.toString()).toBe(project);
    expect(parse(project)).toEqual({
      binaries: { conda_path: 'odahuflow_model/conda.yaml', dependencies: 'conda', type: 'python' },
      model: { entrypoint: 'entrypoint', name: 'wine', version: '3.0', workDir: 'odahuflow_model' },
      odahuflowVersion: '1.0',
      output: { run_id: attempt.order.run },
      toolchain: { name: 'mlflow', version: expect.stringMatching(/^3\./) as string },
    });
  });

  it('was checked in a fresh interpreter, and put to the output connection as it is', async () => {
    const log = attempt.server.log.toString();
    expect(log).toContain('GPPI self-check: the model is loaded (matrix, 11 inputs, 1 outputs)');
    expect(log).toContain('GPPI self-check: the sample is predicted (3 rows)');
    const { name, path, output } = attempt.server.facts['artifact'] as { name: string; path: string; output: string };
    expect(output).toBe(join(dir, 'out', name));
    expect(await readFile(output)).toEqual(attempt.server.tracking.runArtifact(path));
  });

  it('passes gppi test of the original odahuflowctl, and predicts with it', async () => {
    const { argv } = await odahuflowctl();
    const [program, ...first] = argv;
    const env = { PATH: `${dirname(python)}:${process.env['PATH'] ?? ''}`, HOME: dir, ODAHUFLOW_CONFIG: join(dir, 'odahu-config') };
    const gppi = (...rest: string[]): Promise<string> => runProgram(program, [...first, 'gppi', '-m', unpacked, '--use-current-env', ...rest], { cwd: dir, env, missing: 'the test needs odahuflowctl' });
    expect(await gppi('test')).toContain('GPPI is correct and could be packaged or deployed');
    const columns = ['alcohol', 'fixed acidity', 'volatile acidity', 'citric acid', 'residual sugar', 'chlorides', 'free sulfur dioxide', 'total sulfur dioxide', 'density', 'pH', 'sulphates'];
    await writeFile(join(dir, 'input.json'), JSON.stringify({ columns, data: [[9, 7, 0.27, 0.36, 20, 0.045, 45, 170, 1.001, 3, 0.45]] }));
    await gppi('predict', join(dir, 'input.json'), dir);
    const { prediction, columns: names } = JSON.parse(await readFile(join(dir, 'results.json'), 'utf8')) as { prediction: number[]; columns: string[] };
    expect(names).toEqual(['quality']);
    expect(prediction[0]).toBeGreaterThan(3);
    expect(prediction[0]).toBeLessThan(9);
  }, INSTALL_MS);

  it("describes itself to the SDK's own loader", async () => {
    const { python: sdk } = await odahuflowctl();
    const load = 'import sys; from odahuflow.sdk.gppi.executor import GPPITrainedModelBinary as B; b = B(sys.argv[1], use_current_env=True); print(b.manifest.output.run_id, b.manifest.model.version); b.self_check(); print(b.info())';
    const said = await runProgram(sdk, ['-c', load, unpacked], { cwd: dir, env: { PATH: `${dirname(python)}:${process.env['PATH'] ?? ''}` }, missing: 'the test needs the SDK' });
    expect(said).toContain(`${attempt.order.run} 3.0`);
    expect(said).toContain('"fixed acidity"');
  }, INSTALL_MS);
});

describe('a model that fails its self-check', () => {
  const changed = (changes: Record<string, string | undefined>): Map<string, Buffer> => {
    const files = new Map(model);
    for (const [path, text] of Object.entries(changes)) {
      if (text === undefined) files.delete(path);
      else files.set(path, Buffer.from(text));
    }
    return files;
  };
  const weights = (): string => [...model.keys()].find((name) => /^model\.(skops|pkl)$/.test(name)) ?? '';

  it.each([
    ['cannot be loaded', () => changed({ [weights()]: 'no weights' }), 'Traceback'],
    ['cannot predict its sample', () => changed({ 'head_input.pkl': undefined, 'input_example.json': '{"columns": ["x"], "data": [["text"]]}' }), 'Traceback'],
  ])('%s: named with the end of the traceback, and nothing is stored', async (_, files, words) => {
    await using attempt = await attemptWith(files());
    await carryOut(attempt);
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'output_invalid', step: 'package' });
    expect(message(attempt)).toMatch(/^Exception raised while invoke model entrypoint\. GPPI self-check failed\. Fix your model and try again\.\n/);
    expect(message(attempt)).toContain(words);
    expect([...attempt.server.tracking.artifacts.keys()].filter((path) => path.includes('trained-model'))).toEqual([]);
  });

  it('asks for an environment that cannot be had', async () => {
    const conda = 'dependencies: [python, pip, {pip: ["no such requirement !!"]}]\n';
    await using attempt = await attemptWith(changed({ 'conda.yaml': conda }), { spec: { environment: { manager: 'auto' } } });
    await carryOut(attempt);
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'environment_failed', step: 'package' });
    expect(message(attempt)).toContain('odahuflow_model/conda.yaml');
  });

  it('is not checked when it stays here', async () => {
    await using attempt = await attemptWith(changed({ [weights()]: 'no weights' }), { spec: { outputConnection: undefined } });
    await carryOut(attempt);
    expect(attempt.server.outcome).toMatchObject({ ok: true });
    expect(attempt.server.log.toString()).not.toContain('self-check');
  });
});
