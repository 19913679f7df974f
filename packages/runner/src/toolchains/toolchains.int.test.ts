import { readFile } from 'node:fs/promises';
import type { AttemptFixture, AttemptFixtureOptions } from '@trainyard/testkit/attempt-fixture.ts';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { anAttempt } from '../an-attempt.int.ts';
import { readBinary } from '../model/read-binary.int.ts';

const EXAMPLE = new URL('../../../../examples/toolchain-program/', import.meta.url);
const copyToolchain = await readFile(new URL('copy_toolchain.py', EXAMPLE), 'utf8');

type Changes = Partial<AttemptFixtureOptions>;

/** A training by a program of the source. */
function byProgram(program: string, { spec, ...options }: Changes = {}): Promise<AttemptFixture> {
  const toolchain = { entrypoint: './toolchain', defaultImage: 'example/mine:1', additionalEnvironments: { A: 'toolchain', B: 'toolchain', COPY_TOOLCHAIN_GREETING: 'by the toolchain' } };
  const entries = [{ path: 'toolchain', content: program, mode: 0o755 }, { path: 'model.txt', content: 'y = x\n' }];
  return anAttempt({ toolchain, entries, ...options, spec: { toolchain: 'mine', register: false, ...spec } });
}

function byProject(command: string, { spec, ...options }: Changes = {}): Promise<AttemptFixture> {
  const files = { MLproject: `entry_points: {main: {command: ${JSON.stringify(command)}}}\n`, 'static/labels.txt': 'a b\n' };
  return anAttempt({ files, ...options, spec: { toolchain: 'mlflow-project', ...spec } });
}

/** Path → text of the trained model binary. */
function binary(attempt: AttemptFixture): Record<string, string> {
  return Object.fromEntries([...readBinary(attempt)].map(([path, bytes]) => [path, bytes.toString()]));
}

const script = (...lines: string[]): string => ['#!/bin/sh', 'while [ $# -gt 0 ]; do case $1 in --mt) mt=$2; shift;; --target) target=$2; shift;; esac; shift; done', ...lines, ''].join('\n');
const message = ({ server }: AttemptFixture): string => (server.outcome as { message?: string }).message ?? '';

describe('a toolchain that is a program', () => {
  it('makes the trained model binary: the example, packed as it is left, with the run it names', async () => {
    const hyperParameters = { 'input-file-location': 'model.txt', 'target-file-location': 'weights/model.txt', 'run-id': 'training_data_test' };
    await using attempt = await byProgram(copyToolchain, { spec: { hyperParameters } });
    await attempt.carryOut();
    expect(attempt.server.outcome).toMatchObject({ ok: true });
    const files = binary(attempt);
    expect(Object.keys(files)).toEqual(['./odahuflow.project.yaml', './weights/model.txt']);
    expect(files['./weights/model.txt']).toBe('y = x\n');
    expect(attempt.server.facts['declared']).toEqual({ runId: 'training_data_test' });
    expect(attempt.server.log.toString()).toContain('by the toolchain: copying model.txt to weights/model.txt');
    expect(Object.fromEntries(attempt.server.tracking.tags)).toMatchObject({ training_id: 'wine', model_name: 'wine', model_version: '1.0' });
    expect(attempt.server.steps.slice(-4)).toEqual(['package: running', 'package: succeeded', 'publish: running', 'publish: skipped']);
  });

  it("sees the toolchain's variables, under those of the training, under those of the run", async () => {
    const print = script('echo "A=$A B=$B uri=$MLFLOW_TRACKING_URI cwd=$(ls)"', 'echo "name: x" > "$target/odahuflow.project.yaml"');
    const spec = { envs: [{ name: 'B', value: 'training' }] };
    const toolchain = { entrypoint: './toolchain', defaultImage: 'x', additionalEnvironments: { A: 'toolchain', B: 'toolchain', MLFLOW_TRACKING_URI: 'http://mlflow.odahu-flow' } };
    await using attempt = await byProgram(print, { spec, toolchain });
    await attempt.carryOut();
    expect(attempt.server.log.toString()).toContain(`A=toolchain B=training uri=${attempt.server.url} cwd=model.txt\ntoolchain`);
    expect(attempt.server.facts['declared']).toBeUndefined();
  });

  it.each([
    ['leaves no project file', script('echo 1 > "$target/weights"'), { reason: 'output_missing', step: 'package' }, ['odahuflow.project.yaml', 'it left weights', "'mine'"]],
    ['leaves nothing', script('exit 0'), { reason: 'output_missing', step: 'package' }, ['it left nothing']],
    ['leaves a project file that is none', script('echo "a: [" > "$target/odahuflow.project.yaml"'), { reason: 'output_invalid', step: 'package' }, ['not valid YAML']],
    ['leaves a link that leads out', script('echo "name: x" > "$target/odahuflow.project.yaml"', 'ln -s /etc/passwd "$target/key"'), { reason: 'output_invalid', step: 'package' }, ['leads out of it']],
    ['fails', script('exit 2'), { reason: 'exit_code', step: 'train' }, ['exit code 2']],
  ])('that %s: the reason is named', async (_, program, failure, words) => {
    await using attempt = await byProgram(program);
    await attempt.carryOut();
    expect(attempt.server.outcome).toMatchObject({ ok: false, ...failure });
    for (const word of words) expect(message(attempt)).toContain(word);
    expect(attempt.server.tracking.artifacts.size).toBe(0);
  });

  it('is not on this machine: the image that has it is named', async () => {
    const toolchain = { entrypoint: '/opt/conda/bin/no-such-runner', defaultImage: 'example/mine:1', additionalEnvironments: {} };
    await using attempt = await byProgram('', { toolchain, spec: { image: 'example/other:2' } });
    await attempt.carryOut();
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'bad_spec', step: 'environment' });
    for (const word of ["'/opt/conda/bin/no-such-runner'", "'example/other:2'"]) expect(message(attempt)).toContain(word);
  });
});

describe('the toolchain mlflow-project', () => {
  const write = 'echo weights > $ODAHUFLOW_OUTPUT_DIR/model.bin';

  it('packs what lies in ODAHUFLOW_OUTPUT_DIR, with static artifacts and a project file, and needs no model', async () => {
    await using attempt = await byProject(write, { spec: { envs: [{ name: 'STATIC_ARTIFACTS_DIR', value: 'static' }, { name: 'ODAHUFLOW_OUTPUT_DIR', value: '/elsewhere' }] } });
    await attempt.carryOut();
    expect(attempt.server.outcome).toMatchObject({ ok: true });
    const { './odahuflow.project.yaml': project = '', './odahuflow.model.yaml': model, ...files } = binary(attempt);
    expect(files).toEqual({ './labels.txt': 'a b\n', './model.bin': 'weights\n' });
    expect(parse(project)).toEqual({ name: 'wine', version: '1.0', output: { run_id: attempt.order.run } });
    expect(model).toBe(project);
    expect(attempt.server.published).toEqual([]);
  });

  it('keeps a project file that the training writes, and registers a model that it logs', async () => {
    await using attempt = await byProject(`${write}; printf 'output:\\n  run_id: mine\\n' > $ODAHUFLOW_OUTPUT_DIR/odahuflow.project.yaml`);
    attempt.server.tracking.addModel('m-1', { MLmodel: 'flavors: {}\n' });
    await attempt.carryOut();
    expect(Object.keys(binary(attempt))).toEqual(['./model.bin', './odahuflow.project.yaml']);
    expect(attempt.server.facts['declared']).toEqual({ runId: 'mine' });
    expect(attempt.server.published).toMatchObject([{ modelId: 'm-1' }]);
  });

  it('does not fail for several models, and says that none is registered', async () => {
    await using attempt = await byProject(write);
    for (const id of ['m-1', 'm-2']) attempt.server.tracking.addModel(id, { MLmodel: 'flavors: {}\n' });
    await attempt.carryOut();
    expect(attempt.server.outcome).toMatchObject({ ok: true });
    expect(attempt.server.warnings.join()).toContain('no model is registered: Expected to find exactly 1 model, found 2');
  });
});
