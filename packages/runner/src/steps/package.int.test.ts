import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { AttemptFixture } from '@trainyard/testkit/attempt-fixture.ts';
import { describe, expect, it } from 'vitest';
import { anAttempt, aProgram } from '../an-attempt.int.ts';
import { readBinary } from '../model/read-binary.int.ts';
import { SmallDisk } from '../delivery/small-disk.int.ts';

const MODEL = { MLmodel: 'flavors: {}\n', 'data/weights.bin': 'w'.repeat(10_000) };
const OUTPUT = "import { mkdirSync, writeFileSync, symlinkSync } from 'node:fs'; const out = process.env.TRAINYARD_OUTPUT_DIR;";

function expectPackaged(attempt: AttemptFixture): Map<string, Buffer> {
  const { server } = attempt;
  const artifact = server.facts['artifact'] as { path: string; sha256: string; sizeBytes: number };
  const binary = server.tracking.runArtifact(artifact.path);
  expect(binary?.length).toBe(artifact.sizeBytes);
  expect(createHash('sha256').update(binary ?? '').digest('hex')).toBe(artifact.sha256);
  expect(server.steps.slice(-4)).toEqual(['package: running', 'package: succeeded', 'publish: running', 'publish: succeeded']);
  return readBinary(attempt);
}

const message = ({ server }: AttemptFixture): string => (server.outcome as { message: string }).message;

describe('the trained model', () => {
  it('is the logged one: packed under its name template, stored and registered', async () => {
    const spec = { args: ['true'], model: { name: 'wine', version: '1.2', artifactNameTemplate: '{{ .Name }}-{{.Version}}-{{ .RandomUUID }}.zip' }, hyperParameters: { alpha: '0.5' }, register: { aliases: ['best'], tags: { by: 'test' } } };
    await using attempt = await anAttempt({ spec });
    attempt.server.tracking.addModel('m-1', MODEL);
    await attempt.carryOut();
    const files = expectPackaged(attempt);
    expect([...files.keys()]).toEqual(['./model/MLmodel', './model/data/weights.bin', './odahuflow.model.yaml', './odahuflow.project.yaml', './trainyard.json']);
    expect(files.get('./odahuflow.project.yaml')?.toString()).toMatch(/^name: wine\noutput:\n {2}run_id: "?[0-9a-f]{32}"?\nversion: "1\.2"\n$/);
    expect(files.get('./model/data/weights.bin')?.toString()).toBe(MODEL['data/weights.bin']);
    const { order } = attempt;
    expect(JSON.parse(files.get('./trainyard.json')?.toString() ?? '')).toMatchObject({ model: { name: 'wine', version: '1.2' }, training: 'wine', run: order.run, parameters: { alpha: '0.5' }, source: 'models:/m-1' });
    expect(attempt.server.facts['artifact']).toMatchObject({ name: expect.stringMatching(/^wine-1\.2-[0-9a-f-]{36}\.zip$/) as string, path: expect.stringMatching(/^trained-model\/wine/) as string });
    expect(attempt.server.published).toEqual([{ attempt: 1, name: 'wine', source: 'models:/m-1', modelId: 'm-1', aliases: ['best'], tags: { by: 'test' } }]);
    expect(attempt.server.facts['model']).toEqual({ name: 'wine', version: '1' });
  });

  it('may be a directory among the artifacts, as older clients log it', async () => {
    await using attempt = await anAttempt({ spec: { args: ['true'] } });
    attempt.server.tracking.addRunArtifact('plots/a.png', 'x');
    for (const [path, text] of Object.entries(MODEL)) attempt.server.tracking.addRunArtifact(`best/model/${path}`, text);
    await attempt.carryOut();
    expect([...expectPackaged(attempt).keys()]).toContain('./model/data/weights.bin');
    expect(attempt.server.published[0]).toMatchObject({ source: `runs:/${attempt.order.run}/best/model` });
  });

  it('may be what a program left in its output directory', async () => {
    await using attempt = await aProgram(`${OUTPUT} mkdirSync(out + '/deep'); writeFileSync(out + '/deep/model #1.bin', 'weights'); writeFileSync(out + '/empty', ''); symlinkSync('deep/model #1.bin', out + '/latest')`);
    await attempt.carryOut();
    const files = expectPackaged(attempt);
    expect(Object.fromEntries([...files].map(([name, bytes]) => [name, bytes.toString()]))).toMatchObject({ './model/deep/model #1.bin': 'weights', './model/empty': '', './model/latest': 'weights' });
    expect(attempt.server.tracking.runArtifact('model/deep/model #1.bin')?.toString()).toBe('weights');
    expect(attempt.server.published[0]).toMatchObject({ source: `runs:/${attempt.order.run}/model` });
  });

  it('is not one that an earlier attempt has left', async () => {
    await using attempt = await aProgram(`${OUTPUT} writeFileSync(out + '/model.bin', 'weights')`, { attempt: 2 });
    attempt.server.tracking.addModel('m-old', MODEL);
    await attempt.carryOut();
    expect([...expectPackaged(attempt).keys()]).toContain('./model/model.bin');
  });

  it('is the newest of the name that is asked for', async () => {
    await using attempt = await anAttempt({ spec: { args: ['true'], register: { artifact: 'best', name: 'wine-best' } } });
    attempt.server.tracking.addModel('m-1', MODEL, { name: 'best', creation_timestamp_ms: 1 });
    attempt.server.tracking.addModel('m-2', MODEL, { name: 'best', creation_timestamp_ms: 2 });
    attempt.server.tracking.addModel('m-3', MODEL, { name: 'last', creation_timestamp_ms: 3 });
    await attempt.carryOut();
    expectPackaged(attempt);
    expect(attempt.server.published[0]).toMatchObject({ name: 'wine-best', modelId: 'm-2' });
  });

  it('is stored and registered by a server that is away now and then', async () => {
    await using attempt = await anAttempt({ spec: { args: ['true'] } });
    attempt.server.tracking.addModel('m-1', MODEL);
    // the first call of every kind fails, each in another way
    const faults = ['drop', 'drop_answer', 503] as const;
    const seen = new Set<string>();
    attempt.server.fault = (call) => {
      const fault = seen.has(call) ? undefined : faults[seen.size % faults.length];
      seen.add(call);
      return fault;
    };
    await attempt.carryOut();
    expect([...expectPackaged(attempt).keys()]).toHaveLength(5);
    expect(attempt.server.published).toHaveLength(1);
  });
});

describe('a trained model that cannot be used', () => {
  it('is missing: skipped when nobody insists, named when somebody does', async () => {
    await using relaxed = await anAttempt({ spec: { args: ['true'] } });
    await relaxed.carryOut();
    expect(relaxed.server.steps.slice(-4)).toEqual(['package: running', 'package: skipped', 'publish: running', 'publish: skipped']);
    await using strict = await anAttempt({ spec: { args: ['true'], register: { mode: 'required' } } });
    await strict.carryOut();
    expect(strict.server.outcome).toMatchObject({ ok: false, reason: 'output_missing', step: 'package' });
    for (const words of ['log_model', 'MLmodel', 'TRAINYARD_OUTPUT_DIR']) expect(message(strict)).toContain(words);
  });

  it('is not looked for when none is wanted', async () => {
    await using attempt = await anAttempt({ spec: { args: ['true'], register: false } });
    attempt.server.tracking.addModel('m-1', MODEL);
    await attempt.carryOut();
    expect(attempt.server.steps.slice(-4)).toEqual(['package: running', 'package: skipped', 'publish: running', 'publish: skipped']);
    expect(attempt.server.published).toEqual([]);
  });

  it('is one of several', async () => {
    await using attempt = await anAttempt({ spec: { args: ['true'] } });
    for (const id of ['m-1', 'm-2']) attempt.server.tracking.addModel(id, MODEL, { name: `model ${id}` });
    await attempt.carryOut();
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'output_invalid', step: 'package' });
    expect(message(attempt)).toContain('Expected to find exactly 1 model, found 2: model m-1, model m-2');
  });

  it('is not the one that is asked for', async () => {
    await using attempt = await anAttempt({ spec: { args: ['true'], register: { artifact: 'bst' } } });
    attempt.server.tracking.addModel('m-1', MODEL, { name: 'best' });
    await attempt.carryOut();
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'output_missing' });
    expect(message(attempt)).toContain("asks for the model 'bst', and the training left best; did you mean 'best'?");
  });

  it('was never finished', async () => {
    await using attempt = await anAttempt({ spec: { args: ['true'] } });
    attempt.server.tracking.addModel('m-1', MODEL, { status: 'LOGGED_MODEL_UPLOAD_FAILED' });
    await attempt.carryOut();
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'output_invalid' });
    expect(message(attempt)).toContain('m-1');
  });

  it.each([
    ['out', "symlinkSync('/etc/passwd', out + '/key')", 'leads out of it'],
    ['nowhere', "symlinkSync('gone', out + '/key')", 'leads nowhere'],
    ['to a directory', "mkdirSync(out + '/d'); symlinkSync('d', out + '/key')", 'a link to a directory'],
  ])('is a link that leads %s', async (_, line, words) => {
    await using attempt = await aProgram(`${OUTPUT} ${line}`);
    await attempt.carryOut();
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'output_invalid', step: 'package' });
    expect(message(attempt)).toContain(words);
    expect(attempt.server.tracking.artifacts.size).toBe(0);
  });

  it('does not fit on the disk of the attempt', async ({ skip }) => {
    await using small = await SmallDisk.make();
    if (!small.isMounted) skip();
    await using attempt = await anAttempt({ dir: join(small.dir, 'attempt'), spec: { args: ['true'] } });
    attempt.server.tracking.addModel('m-1', MODEL);
    attempt.server.tracking.artifacts.set('1/models/m-1/artifacts/data/large.bin', randomBytes(3_000_000));
    await attempt.carryOut();
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'disk_full', step: 'package' });
    expect(attempt.server.published).toEqual([]);
  });

  it('is refused by the registry, or the registry stays away', async () => {
    await using refused = await anAttempt({ spec: { args: ['true'] } });
    refused.server.tracking.addModel('m-1', MODEL);
    refused.server.fault = (call) => (call.endsWith('/runner/model') ? 400 : undefined);
    await refused.carryOut();
    expect(refused.server.outcome).toMatchObject({ ok: false, reason: 'bad_spec', step: 'publish' });
    await using away = await anAttempt({ spec: { args: ['true'] }, limits: { deliverForMs: 500 } });
    away.server.tracking.addModel('m-1', MODEL);
    away.server.fault = (call) => (call.endsWith('/runner/model') ? 503 : undefined);
    await away.carryOut();
    expect(away.server.outcome).toMatchObject({ ok: false, reason: 'registry_unavailable', step: 'publish' });
  });
});
