import { describe, expect, it } from 'vitest';
import type { NotebookHome } from '../usecases/model-types/training-of.ts';
import { checkModelTypes } from './check-model-types.ts';

const clusterId = '1234-123456-hurts123';
const workspace: NotebookHome = { kind: 'workspace', clusterId };
const repository: NotebookHome = { kind: 'workspace_git', clusterId, url: 'https://github.com/a/b', reference: undefined, provider: undefined };
const snapshot: NotebookHome = { kind: 'local_snapshot', digest: 'a'.repeat(64) };

function check(home: NotebookHome, path = '/shared/wine'): void {
  checkModelTypes({ notebooks: new Map([['beer', '/shared/beer'], ['wine', path]]), home, timeoutMs: undefined });
}

describe('model types that can train', () => {
  it.each<[NotebookHome, string]>([[workspace, '/Users/ann@example.org/wine notebook'], [repository, '/wine'], [repository, 'wine'], [{ ...repository, url: 'https://git.example.org/b', provider: 'gitHubEnterprise' }, 'wine'], [snapshot, 'wine.py'], [{ kind: 'local_git', url: 'file:///srv/b.git', reference: 'v1' }, '/wine']])('pass: %j %s', (home, path) => {
    expect(() => check(home, path)).not.toThrow();
  });
});

describe('model types that can never train', () => {
  it.each<[string, NotebookHome, string | undefined, string]>([
    ['a path without its root', workspace, 'wine', "Environment variable DATABRICKS_TYPE_MAPPING with an invalid notebook for 'wine'"],
    ['a blank before it', workspace, ' /wine', 'must begin with /'],
    ['nothing but the root', workspace, '/', 'must begin with /'],
    ['nothing but the root of a repository', repository, '/', 'DATABRICKS_TYPE_MAPPING'],
    ['a path that climbs', workspace, '/a/../b', "must not have '..'"],
    ['a path that climbs out of a directory', snapshot, '../b', 'DATABRICKS_TYPE_MAPPING'],
    ['no id of a cluster', { kind: 'workspace', clusterId: 'bad id' }, undefined, "Environment variable DATABRICKS_CLUSTER_ID cannot be used: databricks.cluster.existing 'bad id'"],
    ['an option for a reference', { ...repository, reference: '--upload-pack=x' }, undefined, 'Environment variable ON_DEMAND_SOURCE_REFERENCE cannot be used'],
    ['an option for a reference here', { kind: 'local_git', url: 'https://x/b', reference: '--upload-pack=x' }, undefined, 'Environment variable ON_DEMAND_SOURCE_REFERENCE cannot be used'],
    ['a repository of this machine in the workspace', { ...repository, url: 'file:///srv/b.git' }, undefined, 'Environment variable ON_DEMAND_SOURCE cannot be used'],
    ['a host that does not tell what it runs', { ...repository, url: 'https://git.example.org/b' }, undefined, 'Environment variable ON_DEMAND_SOURCE_PROVIDER cannot be used'],
  ])('stop the start: %s', (_, home, path, words) => {
    expect(() => check(home, path)).toThrow(words);
  });

  it.each<NotebookHome>([{ ...repository, url: 'https://ann:sesame@github.com/a/b' }, { kind: 'local_git', url: 'https://ann:sesame@github.com/a/b', reference: undefined }])('stop it without repeating a password: %j', (home) => {
    expect(() => check(home)).toThrow(/^Environment variable ON_DEMAND_SOURCE cannot be used(?!.*sesame)/);
  });
});
