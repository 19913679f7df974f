import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import type { AttemptFixture } from '@trainyard/testkit/attempt-fixture.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anAttempt } from '../an-attempt.int.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'trainyard-output-'));
  await mkdir(join(dir, 'allowed'));
});
afterEach(() => rm(dir, { recursive: true }));

/** An attempt that logged a model, with these connections. */
async function attemptWith(connections: Record<string, Partial<ConnectionSpec> & { readonly type: string; readonly uri: string }>, spec: Record<string, unknown> = {}): Promise<AttemptFixture> {
  const all = Object.fromEntries(Object.entries(connections).map(([id, one]) => [id, { vital: false, ...one }]));
  const attempt = await anAttempt({ connections: all, localRoots: [join(dir, 'allowed')], limits: { deliverForMs: 1000 }, spec: { args: ['true'], outputConnection: 'models', ...spec } });
  attempt.server.tracking.addModel('m-1', { MLmodel: 'flavors: {}\n', weights: 'w' });
  return attempt;
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const message = ({ server }: AttemptFixture): string => (server.outcome as { message?: string }).message ?? '';

describe('an output connection', () => {
  it('is given the trained model binary under its name, and the run says where it is', async () => {
    await using attempt = await attemptWith({ models: { type: 'local', uri: `file://${join(dir, 'allowed', 'models')}` } }, { model: { name: 'wine', version: '1', artifactNameTemplate: '{{.Name}}.zip' } });
    await attempt.carryOut();
    const path = join(dir, 'allowed', 'models', 'wine.zip');
    expect(attempt.server.facts['artifact']).toMatchObject({ name: 'wine.zip', path: 'trained-model/wine.zip', output: path });
    expect(await readFile(path)).toEqual(attempt.server.tracking.runArtifact('trained-model/wine.zip'));
    expect(attempt.server.published).toHaveLength(1);
  });

  it('is given it also when nothing is registered', async () => {
    await using attempt = await attemptWith({ models: { type: 'local', uri: join(dir, 'allowed') } }, { register: false });
    await attempt.carryOut();
    expect(attempt.server.steps.slice(-4)).toEqual(['package: running', 'package: succeeded', 'publish: running', 'publish: skipped']);
    expect(await readdir(join(dir, 'allowed'))).toHaveLength(1);
  });

  it.each([
    ['that leads to where it may not', { type: 'local', uri: '/elsewhere' }, "'/elsewhere' may not be used"],
    ['of a type that takes nothing', { type: 'git', uri: 'https://example.com/a.git' }, 'of the type git, to which nothing can be put'],
  ])('%s fails the run, and the binary stays with it', async (_, models, words) => {
    await using attempt = await attemptWith({ models });
    await attempt.carryOut();
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'bad_spec', step: 'package' });
    expect(message(attempt)).toContain("'models'");
    expect(message(attempt)).toContain(words);
    const { path } = attempt.server.facts['artifact'] as { path: string };
    expect(attempt.server.tracking.runArtifact(path)).toBeDefined();
    expect(attempt.server.published).toEqual([]);
  });

  it('that is a file is refused', async () => {
    await writeFile(join(dir, 'allowed', 'models'), '');
    await using attempt = await attemptWith({ models: { type: 'local', uri: join(dir, 'allowed', 'models') } });
    await attempt.carryOut();
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'bad_spec', step: 'package' });
    expect(message(attempt)).toContain('is a file');
  });

  it('that nobody answers for fails with a reason that is tried again', async () => {
    const endpoint = `http://127.0.0.1:${await closedPort()}`;
    await using attempt = await attemptWith({ models: { type: 's3', uri: 's3://models/wine', endpoint, region: 'eu', keyID: 'AKIAEXAMPLE', keySecret: 'SECRET-of-the-store', pathStyle: true } });
    await attempt.carryOut();
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'registry_unavailable', step: 'package' });
    expect(message(attempt)).toContain("could not be put to the connection 'models'");
    expect(JSON.stringify(attempt.server.reports) + attempt.server.log.toString()).not.toContain('SECRET-of-the-store');
  });

  it('that was deleted is named', async () => {
    await using attempt = await attemptWith({});
    await attempt.carryOut();
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'bad_spec', step: 'package' });
    expect(message(attempt)).toContain("no connection 'models'");
  });
});

describe('a name template', () => {
  it('that gives no file name is refused', async () => {
    await using attempt = await attemptWith({ models: { type: 'local', uri: join(dir, 'allowed') } }, { model: { name: 'wine', version: '1', artifactNameTemplate: `{{.Name}}${'x'.repeat(120)}{{.RandomUUID}}{{.RandomUUID}}{{.RandomUUID}}{{.RandomUUID}}` } });
    await attempt.carryOut();
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'bad_spec', step: 'package' });
    expect(message(attempt)).toContain('model.artifactNameTemplate');
    expect(await readdir(join(dir, 'allowed'))).toEqual([]);
  });
});
