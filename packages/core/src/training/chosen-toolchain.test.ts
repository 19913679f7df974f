import { describe, expect, it } from 'vitest';
import { builtInFor } from './chosen-toolchain.ts';

describe('an integration', () => {
  it.each<[string, string | undefined]>([
    ['/opt/conda/bin/odahu-flow-mlflow-runner', 'mlflow'],
    ['odahu-flow-mlflow-project-runner', 'mlflow-project'],
    ['/opt/mine/odahu-flow-mlflow-runner/train', undefined],
    ['/opt/mine/train', undefined],
    ['constructor', undefined],
    ['', undefined],
  ])('with the program %s is done by %s', (entrypoint, toolchain) => expect(builtInFor({ entrypoint })).toBe(toolchain));
});
