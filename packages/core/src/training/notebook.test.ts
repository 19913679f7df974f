import { aSpec } from '@trainyard/testkit/builders.ts';
import { describe, expect, it } from 'vitest';
import { specProblems } from './check-spec.ts';
import { launchMisfit, launchOf } from './launch.ts';
import { gitProviderOf } from './notebook.ts';

const known = { engines: ['local', 'databricks'], toolchains: ['command', 'notebook'], nodePools: [], connections: new Map(), connectionUses: new Map() };
const GIT = { url: 'https://github.com/a/b' };

/** A notebook of a workspace, with changes. */
function aNotebook(changes: Record<string, unknown> = {}, notebook: Record<string, unknown> = {}) {
  return aSpec({ toolchain: 'notebook', engine: 'databricks', args: [], algorithmSource: { notebook: { path: '/Shared/train', ...notebook } }, ...changes });
}

describe('a notebook that the engine fetches', () => {
  it.each([
    ['lies in a workspace', aNotebook()],
    ['lies in a repository', aNotebook({}, { path: 'notebooks/train', source: 'git', git: { ...GIT, reference: 'main' } })],
    ['lies in a repository of a host nobody knows', aNotebook({}, { path: 'train', source: 'git', git: { url: 'https://git.example.com/a/b', provider: 'gitLabEnterpriseEdition' } })],
    ['runs without a cluster', aNotebook({ databricks: { cluster: 'serverless', timeout: '1h' } })],
    ['runs on a cluster', aNotebook({ databricks: { cluster: { existing: '0923-164208-meows279' } } })],
    ['runs on a new cluster of a pool', aNotebook({ databricks: { cluster: { new: { spark_version: '15.4.x-scala2.12', num_workers: 2 }, pool: 'pool-1' } } })],
    ['has parameters of just the size that is taken', aNotebook({ hyperParameters: { p: 'x'.repeat(1_000_000 - 8) } })],
  ])('%s', (_what, spec) => expect(specProblems(spec, known)).toEqual([]));

  it.each<[string, ReturnType<typeof aNotebook>, RegExp]>([
    ['a relative path in a workspace', aNotebook({}, { path: 'train' }), /must begin with \//],
    ['nothing but a slash', aNotebook({}, { path: '/' }), /name a notebook/],
    ['a path that climbs', aNotebook({}, { path: '/a/../b' }), /must not have '\.\.'/],
    ['a path with a line break', aNotebook({}, { path: '/a\nb' }), /control characters/],
    ['an absolute path in a repository', aNotebook({}, { source: 'git', git: GIT }), /must be relative/],
    ['a repository that is not named', aNotebook({}, { path: 'train', source: 'git' }), /needs git: \{ url \}/],
    ['a repository that is not meant', aNotebook({}, { git: GIT }), /for source: git only/],
    ['a repository by another way than https', aNotebook({}, { path: 'train', source: 'git', git: { url: 'git@github.com:a/b' } }), /must begin with https:\/\//],
    ['a password in a URL', aNotebook({}, { path: 'train', source: 'git', git: { url: 'https://u:secret@github.com/a' } }), /found 'https:\/\/…@github.com\/a'/],
    ['a reference that is an option', aNotebook({}, { path: 'train', source: 'git', git: { ...GIT, reference: '--x' } }), /not a branch, tag or commit/],
    ['a host without a provider', aNotebook({}, { path: 'train', source: 'git', git: { url: 'https://git.example.com/a/b' } }), /needs provider/],
    ['arguments', aNotebook({ args: ['x'] }), /args has no meaning/],
    ['variables', aNotebook({ envs: [{ name: 'A', value: '1' }] }), /envs has no meaning/],
    ['an entry point', aNotebook({ entrypoint: 'main' }), /entrypoint has no meaning/],
    ['an image', aNotebook({ image: 'python' }), /image has no meaning/],
    ['a model that must be registered', aNotebook({ register: true }), /register cannot be required/],
    ['parameters that are too large', aNotebook({ hyperParameters: { p: 'é'.repeat(500_000) } }), /take 1000008 bytes as JSON/],
    ['a cluster that is none', aNotebook({ databricks: { cluster: { existing: '../x' } } }), /not the id of a cluster/],
    ['a new cluster without a version', aNotebook({ databricks: { cluster: { new: {} } } }), /needs spark_version/],
    ['a pool twice', aNotebook({ databricks: { cluster: { new: { spark_version: '15', instance_pool_id: 'a' }, pool: 'b' } } }), /must be only one/],
    ['machines beside a pool', aNotebook({ databricks: { cluster: { new: { spark_version: '15', node_type_id: 'n' }, pool: 'b' } } }), /node_type_id cannot be given with an instance pool/],
    ['machines beside a pool inside', aNotebook({ databricks: { cluster: { new: { spark_version: '15', node_type_id: 'n', instance_pool_id: 'b' } } } }), /node_type_id cannot be given with an instance pool/],
    ['a pool that is none', aNotebook({ databricks: { cluster: { new: { spark_version: '15' }, pool: ' ' } } }), /not the id of an instance pool/],
    ['fields of an engine it does not run on', aNotebook({ engine: 'local', databricks: { cluster: 'serverless' } }), /for the engine 'databricks', not for 'local'/],
    ['a file without its name', aSpec({ toolchain: 'notebook', args: [] }), /needs entrypoint/],
  ])('refuses %s', (_what, spec, problem) => expect(specProblems(spec, known)).toEqual([expect.stringMatching(problem)]));

  it('needs its toolchain', () => {
    expect(specProblems(aNotebook({ toolchain: 'command', args: ['true'] }), known)).toContain("algorithmSource.notebook needs the toolchain 'notebook', not 'command'");
  });

  it('is one source among others', () => {
    const both = aNotebook({ algorithmSource: { git: GIT, notebook: { path: '/a' } } });
    expect(specProblems(both, known)).toContain('both algorithmSource.git and algorithmSource.notebook are specified, must be only one');
  });
});

describe('the provider of a repository', () => {
  it.each([
    ['https://github.com/a/b', 'gitHub'], ['https://GitLab.com/a', 'gitLab'], ['https://bitbucket.org/a', 'bitbucketCloud'], ['https://dev.azure.com/o/p', 'azureDevOpsServices'],
    ['https://o.visualstudio.com/p', 'azureDevOpsServices'], ['https://git-codecommit.eu-west-1.amazonaws.com/v1/r', 'awsCodeCommit'], ['https://github.com.example/a', undefined],
  ])('of %s is %s', (url, provider) => expect(gitProviderOf({ url })).toBe(provider));
  it('is the one that is named', () => expect(gitProviderOf({ url: 'https://github.com/a', provider: 'gitHubEnterprise' })).toBe('gitHubEnterprise'));
});

describe('a launch', () => {
  const [programs, notebooks] = [{ commands: true, notebooks: false }, { commands: false, notebooks: true }];
  const [file, program] = [aSpec({ toolchain: 'notebook', args: [], entrypoint: 'a.ipynb' }), aSpec()];

  it('is a notebook only when the engine fetches it', () => expect([aNotebook(), file, program].map(launchOf)).toEqual(['notebook', 'command', 'command']));
  it('fits an engine that takes its kind', () => {
    // its notebooks need no server
    expect(launchMisfit(aNotebook(), { ...notebooks, serverOutOfReach: 'http://127.0.0.1:5000' })).toBeUndefined();
    for (const [spec, can] of [[aNotebook(), notebooks], [file, programs], [program, programs]] as const) expect(launchMisfit(spec, can)).toBeUndefined();
  });
  it.each([
    ['a notebook of a workspace', aNotebook(), programs, /fetch a notebook by itself/],
    ['a notebook of a repository', file, notebooks, /run a notebook of algorithmSource.git/],
    ['a program that could not reach the server', program, { commands: true, notebooks: true, serverOutOfReach: 'http://127.0.0.1:5000' }, /have to reach this server at http:\/\/127\.0\.0\.1:5000/],
    ['a program', program, notebooks, /run the toolchain 'command': it takes notebooks only/],
  ])('does not fit when it is %s', (_what, spec, can, what) => expect(launchMisfit(spec, can)?.what).toMatch(what));
});
