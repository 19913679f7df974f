import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { aSpec } from '@trainyard/testkit/builders.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadToolchain } from '../catalog.ts';
import type { LaunchPlan } from '../toolchain.ts';
import { toolchain } from './toolchain.ts';

const CONNECTIONS: Record<string, ConnectionSpec> = {
  code: { type: 'git', uri: 'ssh://git@example.com/wine.git', keySecret: 'SECRET-key', publicKey: 'example.com ssh-ed25519 AAAA', vital: false },
  wine: { type: 's3', uri: 's3://bucket/wine', region: 'eu-1', keyID: 'SECRET-id', keySecret: 'SECRET-secret', vital: false },
  models: { type: 'http', uri: 'https://someone:SECRET-word@example.com/models', password: 'SECRET-password', token: 'SECRET-token', vital: true },
};
const SPEC = {
  toolchain: 'mine',
  algorithmSource: { vcs: { connection: 'code', reference: 'main' } },
  data: [{ connection: 'wine', localPath: 'data/' }],
  outputConnection: 'models',
  hyperParameters: { alpha: '0.5' },
};

let dir = '';
beforeEach(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'program-')));
  await writeFile(join(dir, 'train'), '#!/bin/sh\n', { mode: 0o755 });
});
afterEach(() => rm(dir, { recursive: true }));

function plan(entrypoint: string, spec: Record<string, unknown> = SPEC): Promise<LaunchPlan> {
  const integration = { entrypoint, defaultImage: 'example/mine:1', additionalEnvironments: { A: '1' } };
  return toolchain.plan({ training: 'wine-1', spec: aSpec(spec), sourceDir: dir, workDir: dir, scratchDir: join(dir, 'scratch'), commit: 'c'.repeat(40), integration, connections: CONNECTIONS, path: `/nowhere:${dir}` });
}

describe('a program of a toolchain', () => {
  it("is called by ODAHU's protocol, in the root of the source", async () => {
    const { argv, cwd, environment, tags, params, binary } = await plan('train');
    const target = join(dir, 'scratch', 'program', 'target');
    expect(argv).toEqual([join(dir, 'train'), '--verbose', '--mt', join(dir, 'scratch', 'program', 'mt.json'), '--target', target]);
    expect({ cwd, environment, params, binary }).toEqual({ cwd: dir, environment: { kind: 'none' }, params: { alpha: '0.5' }, binary: { dir: target, projectFile: 'left' } });
    expect(tags).toMatchObject({ training_id: 'wine-1', model_name: 'wine', model_version: '1.0', 'mlflow.source.name': 'ssh://example.com/wine.git' });
  });

  it("reads ODAHU's K8sTrainer, with the connections and without a secret", async () => {
    const { argv } = await plan('./train');
    const text = await readFile(argv[3] ?? '', 'utf8');
    expect(text).not.toContain('SECRET');
    expect(JSON.parse(text)).toMatchObject({
      algorithmSourceConnection: { id: 'code', spec: { type: 'git', publicKey: 'example.com ssh-ed25519 AAAA' } },
      inputData: [{ localPath: 'data/', remotePath: '', dataBinding: { type: 's3', uri: 's3://bucket/wine', region: 'eu-1' } }],
      outputConn: { id: 'models', spec: { uri: 'https://someone@example.com/models' } },
      modelTraining: { id: 'wine-1', spec: { model: { name: 'wine', version: '1.0' }, hyperParameters: { alpha: '0.5' }, algorithmSource: { vcs: { connection: 'code', reference: 'main' }, objectStorage: {} } } },
      toolchainIntegration: { id: 'mine', spec: { entrypoint: './train', defaultImage: 'example/mine:1', additionalEnvironments: { A: '1' } } },
    });
  });

  it('must be executable', async () => {
    await writeFile(join(dir, 'plain'), '', { mode: 0o644 });
    await expect(plan(join(dir, 'plain'))).rejects.toMatchObject({ reason: 'bad_spec', message: expect.stringContaining('chmod +x') as string });
  });
});

describe('the toolchain of an integration', () => {
  it.each([
    ['/opt/conda/bin/odahu-flow-mlflow-runner', 'mlflow'],
    ['odahu-flow-mlflow-project-runner', 'mlflow-project'],
    ['/opt/mine/runner', 'program'],
  ])('with the program %s is %s', async (entrypoint, name) => {
    expect((await loadToolchain('mlflow-gpu', { entrypoint, defaultImage: 'x', additionalEnvironments: {} })).name).toBe(name);
  });
});
