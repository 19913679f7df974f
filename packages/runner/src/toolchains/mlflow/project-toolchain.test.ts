import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aSpec } from '@trainyard/testkit/builders.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { LaunchPlan } from '../toolchain.ts';
import { toolchain } from './project-toolchain.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mlflow-project-'));
  await mkdir(join(dir, 'source', 'sub', 'data', 'deep'), { recursive: true });
  await writeFile(join(dir, 'source', 'sub', 'MLproject'), 'entry_points: {main: {command: x}}\n');
  await writeFile(join(dir, 'source', 'labels.txt'), 'a b\n');
  await writeFile(join(dir, 'source', 'sub', 'data', 'deep', 'config.json'), '{}');
  await symlink('../../labels.txt', join(dir, 'source', 'sub', 'data', 'labels.txt'));
});
afterEach(() => rm(dir, { recursive: true }));

function plan(spec: Record<string, unknown>, additionalEnvironments: Record<string, string> = {}): Promise<LaunchPlan> {
  const [sourceDir, scratchDir] = [join(dir, 'source'), join(dir, 'scratch')];
  const integration = { entrypoint: 'odahu-flow-mlflow-project-runner', defaultImage: 'x', additionalEnvironments };
  return toolchain.plan({ training: 'wine', spec: aSpec({ toolchain: 'mlflow-project', workDir: 'sub', ...spec }), sourceDir, workDir: join(sourceDir, 'sub'), scratchDir, commit: undefined, integration, connections: {}, path: '' });
}

it('the output directory is one of its own, whatever the training sets', async () => {
  const { ownEnv, binary } = await plan({ envs: [{ name: 'ODAHUFLOW_OUTPUT_DIR', value: '/elsewhere' }] });
  expect(binary).toEqual({ dir: ownEnv?.['ODAHUFLOW_OUTPUT_DIR'], projectFile: 'added' });
  expect(await readdir(binary?.dir ?? '')).toEqual([]);
});

it.each([
  ['the training', { envs: [{ name: 'STATIC_ARTIFACTS_DIR', value: './data' }] }, {}],
  ['the toolchain', {}, { STATIC_ARTIFACTS_DIR: 'data/' }],
])('static artifacts that %s names lie in it from the start, with what links stand for', async (_, spec, variables) => {
  const { binary } = await plan(spec, variables);
  expect(await readFile(join(binary?.dir ?? '', 'labels.txt'), 'utf8')).toBe('a b\n');
  await rm(join(dir, 'source'), { recursive: true });
  expect((await readdir(binary?.dir ?? '', { recursive: true })).toSorted()).toEqual(['deep', 'deep/config.json', 'labels.txt']);
  expect(await readFile(join(binary?.dir ?? '', 'labels.txt'), 'utf8')).toBe('a b\n');
});
