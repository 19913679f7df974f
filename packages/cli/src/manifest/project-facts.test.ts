import { describe, expect, test } from 'vitest';
import { aDirectory } from '../test-data.ts';
import { readProject } from './project-facts.ts';

const MLPROJECT = 'name: wine\nentry_points:\n  main:\n    parameters:\n      alpha: {type: float, default: 1.0}\n      data: {type: path}\n      kind: string\n  validate:\n    parameters: {rows: {type: float, default: 0.10}}\n';

describe('readProject', () => {
  test.each<[string, Record<string, string>, string | undefined]>([
    ['the file that MLproject names', { MLproject: 'python_env: envs/py.yaml\n', 'conda.yaml': '' }, 'envs/py.yaml'],
    ['a conda file that it names', { MLproject: 'conda_env: my.yaml\n', 'python_env.yaml': '' }, 'my.yaml'],
    ['python_env.yaml before conda.yaml', { 'python_env.yaml': '', 'conda.yaml': '' }, 'python_env.yaml'],
    ['conda.yaml', { 'conda.yaml': '' }, 'conda.yaml'],
    ['an image', { MLproject: 'docker_env: {image: x}\n' }, 'docker_env in MLproject'],
    ['none', { 'train.py': '' }, undefined],
  ])('environment: %s', async (_, files, expected) => {
    using dir = aDirectory(files);
    expect((await readProject(dir.path)).environmentFile).toBe(expected);
  });

  test('parameters of the entry point, defaults as they were written', async () => {
    using dir = aDirectory({ MLproject: MLPROJECT });
    expect((await readProject(dir.path)).parameters).toEqual([
      { name: 'alpha', type: 'float', default: '1.0' },
      { name: 'data', type: 'path', default: undefined },
      { name: 'kind', type: 'string', default: undefined },
    ]);
    expect((await readProject(dir.path, 'validate')).parameters).toEqual([{ name: 'rows', type: 'float', default: '0.10' }]);
  });

  test('an MLproject that is no YAML is left to the runner', async () => {
    using dir = aDirectory({ MLproject: '{{{' });
    expect(await readProject(dir.path)).toEqual({ hasMlproject: true, environmentFile: undefined, parameters: [] });
  });
});
