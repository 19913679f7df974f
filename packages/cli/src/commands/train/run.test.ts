import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { RunDetail } from '@trainyard/api/schemas/run.ts';
import type { TrainingBody } from '@trainyard/api/schemas/training.ts';
import { waitFor } from '@trainyard/testkit/wait-for.ts';
import { describe, expect, test } from 'vitest';
import { Interruption } from '../../io.ts';
import { cli, testIo } from '../../test-cli.ts';
import { aDirectory, anAttempt, aRunDetail, aStep, aTraining, RUN_ID } from '../../test-data.ts';
import { eventStream, refusal, TestServer } from '../../test-server.ts';

const MANIFEST = 'kind: ModelTraining\nid: wine\nspec:\n  model: {name: wine, version: 1.0}\n  toolchain: mlflow\n';
const MLPROJECT = 'python_env: python_env.yaml\nentry_points:\n  main:\n    parameters:\n      alpha: {type: float, default: 0.50}\n      data: {type: path, default: wine.csv}\n    command: "python train.py"\n';
const PROJECT = { 'train.yaml': MANIFEST, MLproject: MLPROJECT, 'python_env.yaml': 'python: "3.11"\n', 'train.py': 'print(1)', 'wine.csv': 'a;b\n', '.gitignore': '*.log\n', 'big.log': 'x' };

interface Kept {
  uploads: Buffer[];
  created: TrainingBody[];
  edited: TrainingBody[];
}

/** A server with room for one training, whose run ends as `ended` says. */
async function aYard(ended: RunDetail = aRunDetail()): Promise<{ server: TestServer; kept: Kept }> {
  const kept: Kept = { uploads: [], created: [], edited: [] };
  const training = () => aTraining({ status: { state: 'queued', runId: RUN_ID } });
  const has = (digest: unknown): boolean => kept.uploads.some((bytes) => createHash('sha256').update(bytes).digest('hex') === digest);
  const server = await TestServer.start({
    getTraining: () => (kept.created.length === 0 ? refusal('TRAINING_NOT_FOUND', { id: 'wine' }) : training()),
    findSnapshot: ({ params }) => (has(params['digest']) ? { digest: params['digest'], sizeBytes: 1 } : refusal('SNAPSHOT_NOT_FOUND', { digest: params['digest'] ?? '' })),
    putSnapshot: ({ params, bytes, headers }) => {
      expect([createHash('sha256').update(bytes).digest('hex'), headers['content-length']]).toEqual([params['digest'], String(bytes.length)]);
      kept.uploads.push(bytes);
      return { digest: params['digest'], sizeBytes: bytes.length };
    },
    createTraining: ({ body }) => (kept.created.push(body as TrainingBody), training()),
    editTraining: ({ body }) => (kept.edited.push(body as TrainingBody), training()),
    getRun: () => ended,
    runEvents: () => (response) => eventStream(response)({ event: 'end', data: {} }),
    runLog: () => Buffer.from('epoch 1\n'),
  });
  return { server, kept };
}

describe('train run', () => {
  test('plan, upload, progress, result', async () => {
    const { server, kept } = await aYard(aRunDetail({ attempts: [anAttempt({ logBytes: 8 })], metrics: { rmse: 0.7 }, model: { name: 'wine', version: '1' }, endedAt: '2026-01-02T03:04:08.000Z' }));
    await using _ = server;
    using dir = aDirectory(PROJECT);
    const { code, out, err } = await cli(['train', 'run', '.', '-P', 'alpha=0.1'], { server, cwd: dir.path });
    expect([code, err]).toEqual([0, '']);
    expect(out.replace(/ {3,}[\d.]+ s {3}\d+ B, sha256 \w+/, ' (upload)')).toMatch(
      /^Plan\n {2}training +wine {2}new\n {2}manifest +train\.yaml\n {2}source +\. {2}6 files, \d+ B, 1 left out by \.gitignore\n {2}data +wine\.csv {2}4 B, parameter data\n {2}environment +python_env\.yaml {2}built once[^\n]*\n {2}toolchain +mlflow {2}entry point main\n {2}engine +local\n {2}parameters +alpha=0\.1 {2}defaults: data=wine\.csv\n {2}model +wine 1\.0 {2}registered as 'wine'\n\n {2}✓ upload[^\n]*\n\nRun 7 of wine [^\n]*\n(?: {2}▸ \w+\n)? {4}│ epoch 1\n {2}✓ train +2\.5 s\n\n✓ Run 7 of wine succeeded in 3\.0 s\n {2}metrics +rmse=0\.7\n {2}model +wine version 1 /,
    );
    expect(kept.created[0]).toMatchObject({ id: 'wine', spec: { model: { version: '1.0' }, hyperParameters: { alpha: '0.1' }, algorithmSource: { snapshot: { digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string } } } });
  });

  test('the second time it is edited, and the same source is not uploaded again', async () => {
    const { server, kept } = await aYard();
    await using _ = server;
    using dir = aDirectory(PROJECT);
    await cli(['train', 'run'], { server, cwd: dir.path });
    const again = await cli(['train', 'run'], { server, cwd: dir.path });
    expect(again.out).toMatch(/training +wine {2}exists: edited, with a new run \(the last, 7, queued\)/);
    expect(again.out).toMatch(/uploaded before/);
    expect([kept.uploads.length, kept.created.length, kept.edited.length]).toEqual([1, 1, 1]);
    writeFileSync(path.join(dir.path, 'train.py'), 'print(2)');
    await cli(['train', 'run'], { server, cwd: dir.path });
    expect(kept.uploads.length).toBe(2);
  });

  test('a command behind --, without a manifest', async () => {
    const { server, kept } = await aYard();
    await using _ = server;
    using dir = aDirectory({ 'fit.sh': '' });
    expect((await cli(['train', 'run', '--name', 'trees', '--env', 'A=b=c', '--', 'sh', 'fit.sh', '--depth', '3', '-o', 'x'], { server, cwd: dir.path })).code).toBe(0);
    expect(kept.created[0]).toMatchObject({ id: 'trees', spec: { toolchain: 'command', args: ['sh', 'fit.sh', '--depth', '3', '-o', 'x'], envs: [{ name: 'A', value: 'b=c' }] } });
  });

  test('a git repository needs nothing here', async () => {
    const { server, kept } = await aYard();
    await using _ = server;
    const { code, out } = await cli(['train', 'run', '--git', 'https://example.com/wine.git', '--ref', 'v2', '--no-register'], { server });
    expect([code, kept.uploads.length]).toEqual([0, 0]);
    expect(kept.created[0]?.spec).toMatchObject({ algorithmSource: { git: { url: 'https://example.com/wine.git', reference: 'v2' } }, register: false });
    expect(out).toMatch(/source +git https:\/\/example\.com\/wine\.git {2}at v2\n/);
  });

  test('--no-wait prints the id of the run and nothing else', async () => {
    const { server } = await aYard();
    await using _ = server;
    using dir = aDirectory(PROJECT);
    const { code, out, err } = await cli(['train', 'run', dir.path, '--no-wait'], { server });
    expect([code, out]).toEqual([0, `${RUN_ID}\n`]);
    expect(err).toMatch(/^Plan/);
  });

  test('-o json prints the finished run and nothing else', async () => {
    const { server } = await aYard(aRunDetail({ state: 'failed', reason: 'timeout' }));
    await using _ = server;
    using dir = aDirectory(PROJECT);
    const { code, out } = await cli(['train', 'run', dir.path, '-o', 'json'], { server });
    expect([code, (JSON.parse(out) as RunDetail).state]).toEqual([1, 'failed']);
  });

  test.each<[number, Partial<RunDetail>]>([
    [0, { state: 'succeeded' }],
    [3, { state: 'failed', reason: 'exit_code', exitCode: 3 }],
    [1, { state: 'failed', reason: 'exit_code', exitCode: 0 }],
    [1, { state: 'failed', reason: 'environment_failed', exitCode: 2 }],
    [1, { state: 'failed', reason: 'signal', signal: 'SIGKILL' }],
    [130, { state: 'stopped', reason: 'cancelled' }],
  ])('exit code %i for %j', async (code, fields) => {
    const { server } = await aYard(aRunDetail(fields));
    await using _ = server;
    using dir = aDirectory(PROJECT);
    expect((await cli(['train', 'run', dir.path, '--no-logs'], { server })).code).toBe(code);
  });

  test('Ctrl-C leaves the run alone and says how to come back', async () => {
    const { server } = await aYard(aRunDetail({ state: 'running', step: 'train', attempts: [anAttempt({ state: 'active', steps: [aStep({ state: 'running' })] })] }));
    server.on('runEvents', () => (response) => void eventStream(response)).on('runLog', () => (response) => response.flushHeaders());
    await using _ = server;
    using dir = aDirectory(PROJECT);
    const end = new AbortController();
    const { io, written } = testIo({ server, cwd: dir.path, interrupted: end.signal });
    const { runCli } = await import('../../main.ts');
    const done = runCli(['train', 'run'], io);
    await waitFor('the run is shown', () => written().out.includes('Run 7'));
    end.abort(new Interruption('ctrl_c'));
    expect(await done).toBe(130);
    expect(written().err).toBe('\nThe run goes on without this command.\n  follow it   trainyard logs -f 7\n  stop it     trainyard stop 7\n');
    expect(server.calls).not.toContain('stopRun');
  });
});

describe('train run starts nothing', () => {
  test.each<[string, Record<string, string>, string[], RegExp]>([
    ['in a directory that says nothing', { 'a.txt': '' }, [], /neither a train\.yaml nor an MLproject[^]*hint: say what to run/],
    ['with several trainings', { 'train.yaml': `${MANIFEST}---\n${MANIFEST.replace('id: wine', 'id: beer')}` }, [], /there are 2 trainings in it \(wine, beer\)/],
    ['with bad YAML', { 'train.yaml': 'kind: [\n' }, [], /train\.yaml is neither JSON nor YAML: line \d+/],
    ['in a place that is not there', {}, ['nowhere'], /there is no file or directory 'nowhere'/],
    ['with two places', {}, ['a', 'b'], /expected one directory or manifest, found a b/],
    ['without any file', { '.gitignore': '*\n', 'train.sh': '' }, ['--', 'true'], /there are no files in it/],
  ])('%s', async (_, files, argv, message) => {
    await using server = await TestServer.start({ getTraining: () => refusal('TRAINING_NOT_FOUND', { id: 'x' }) });
    using dir = aDirectory(files);
    const { code, err } = await cli(['train', 'run', ...argv], { server, cwd: dir.path });
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(server.calls).not.toContain('createTraining');
  });

  test('what the server finds wrong is shown as it says it', async () => {
    const { server } = await aYard();
    server.on('createTraining', () => refusal('INVALID_FIELDS', { problem: "unknown field 'spec.hyperParams' (did you mean 'hyperParameters'?)" }));
    await using _ = server;
    using dir = aDirectory(PROJECT);
    const { code, err } = await cli(['train', 'run', dir.path], { server });
    expect([code, err]).toEqual([2, "error: unknown field 'spec.hyperParams' (did you mean 'hyperParameters'?)\n  hint: see docs/reference/training.md and resources.md for every field\n"]);
  });
});
