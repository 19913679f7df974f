import { specProblems } from '@trainyard/core/training/check-spec.ts';
import { describe, expect, it } from 'vitest';
import { type NotebookHome, trainingIdOf, trainingSpecOf } from './training-of.ts';

const KNOWN = { engines: ['local', 'databricks'], toolchains: ['notebook'], nodePools: [], connections: new Map(), connectionUses: new Map() };
const clusterId = '1234-123456-hurts123';

describe('the training of a model type', () => {
  it.each(['wine', 'WINE', 'Wine', 'wine-', 'SALES/DE 2019', '数据', 'constructor', '-', 'x'.repeat(300), 'a.b_c'])('has a legal id and a name: %s', (modelType) => {
    const spec = trainingSpecOf(modelType, '/shared/n', { notebooks: new Map(), home: { kind: 'workspace', clusterId }, timeoutMs: 60_000 });
    expect(trainingIdOf(modelType)).toMatch(/^on-demand-[a-z0-9]([-a-z0-9]{0,51}[a-z0-9])?$/);
    expect(specProblems(spec, KNOWN)).toEqual([]);
  });

  it('has another id than that of every other type', () => {
    const ids = ['wine', 'WINE', 'Wine', 'wine-', 'wi ne', 'wi-ne', '数据', '据数'].map(trainingIdOf);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids[0]).toBe('on-demand-wine');
  });

  it.each<[NotebookHome, object]>([
    [{ kind: 'workspace', clusterId }, { engine: 'databricks', algorithmSource: { notebook: { path: '/shared/n', source: 'workspace' } }, databricks: { cluster: { existing: clusterId } } }],
    [{ kind: 'workspace_git', clusterId, url: 'https://github.com/a/b', reference: 'main', provider: undefined }, { engine: 'databricks', algorithmSource: { notebook: { path: 'shared/n', source: 'git', git: { url: 'https://github.com/a/b', reference: 'main' } } } }],
    [{ kind: 'workspace_git', clusterId, url: 'https://git.example.org/a/b', reference: undefined, provider: 'gitLabEnterpriseEdition' }, { engine: 'databricks', algorithmSource: { notebook: { source: 'git', git: { url: 'https://git.example.org/a/b', provider: 'gitLabEnterpriseEdition' } } } }],
    [{ kind: 'local_git', url: 'file:///x', reference: undefined }, { engine: 'local', algorithmSource: { git: { url: 'file:///x' } }, entrypoint: 'shared/n.ipynb' }],
    [{ kind: 'local_snapshot', digest: 'a'.repeat(64) }, { engine: 'local', algorithmSource: { snapshot: { digest: 'a'.repeat(64) } }, entrypoint: 'shared/n.ipynb' }],
  ])('finds its notebook: %j', (home, wanted) => {
    const spec = trainingSpecOf('wine', '/shared/n', { notebooks: new Map(), home, timeoutMs: undefined });
    expect(spec).toMatchObject({ ...wanted, toolchain: 'notebook', project: 'on-demand', register: { mode: 'when_present' } });
    expect(specProblems(spec, KNOWN)).toEqual([]);
  });
});
