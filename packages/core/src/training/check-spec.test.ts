import { aSpec } from '@trainyard/testkit/builders.ts';
import { describe, expect, it } from 'vitest';
import { idProblems, type Known, specProblems } from './check-spec.ts';

const known: Known = {
  engines: ['local'],
  toolchains: ['mlflow', 'command'],
  nodePools: [{ pool: 'big' }, { pool: 'gpu', zone: 'a' }],
  connections: new Map([['repo', 'git'], ['wine', 's3'], ['images', 'docker']]),
  connectionUses: new Map([['git', ['source']], ['s3', ['source', 'data', 'output']], ['http', ['source', 'data']], ['docker', []]]),
};

describe('an id', () => {
  it.each(['a', 'wine', 'a-1', `a${'b'.repeat(62)}`])('may be %s', (id) => expect(idProblems(id)).toEqual([]));
  it.each(['', '1a', 'A', 'a_b', '-a', 'a-', 'ä', 'a/../b', `a${'b'.repeat(63)}`])('may not be %s', (id) => expect(idProblems(id)[0]).toMatch(/^ID is not valid/));
});

describe('a spec', () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ['a model without a name', { model: { name: '', version: '1' } }, /^empty model.name$/],
    ['a name that is no label', { model: { name: 'a b', version: '1' } }, /must be valid Kubernetes label/],
    ['a quantity that is none', { resources: { limits: { cpu: 'many' } } }, /validation of cpu limit is failed/],
    ['no source', { algorithmSource: {} }, /^both VCS and ObjectStorage names are empty$/],
    ['two sources', { algorithmSource: { git: { url: 'https://a/b' }, snapshot: { digest: '0'.repeat(64) } } }, /^both algorithmSource.git and algorithmSource.snapshot are specified, must be only one$/],
    ['both sources of ODAHU', { algorithmSource: { vcs: { connection: 'repo' }, objectStorage: { connection: 'wine' } } }, /^both VCS and ObjectStorage names are specified, must be only one$/],
    ['a repository nobody keeps', { algorithmSource: { vcs: { connection: 'absent' } } }, /^entity "absent" is not found$/],
    ['a repository that is none', { algorithmSource: { vcs: { connection: 'wine', reference: 'main' } } }, /^VCS connection must have the GIT type. You pass the connection of s3 type$/],
    ['a branch that is an option', { algorithmSource: { vcs: { connection: 'repo', reference: '--upload-pack=x' } } }, /^algorithmSource.vcs.reference '--upload-pack=x' is not a branch/],
    ['a store nobody keeps', { algorithmSource: { objectStorage: { connection: 'absent' } } }, /^entity "absent" is not found$/],
    ['a store that is none', { algorithmSource: { objectStorage: { connection: 'repo' } } }, /^repo object storage has wrong data type. Currently supported the following types of connections for object storage: \[s3 http\]$/],
    ['a path that climbs', { algorithmSource: { objectStorage: { connection: 'wine', path: 'a/../../b' } } }, /^algorithmSource.objectStorage.path 'a\/..\/..\/b' must not climb/],
    ['data without a place', { data: [{ connection: 'wine', localPath: 'ok' }, { connection: 'wine', localPath: '' }] }, /^you should specify local path for 1 number of data binding$/],
    ['data from nowhere', { data: [{ localPath: 'data/' }] }, /^you should specify connection name for 0 number of data binding$/],
    ['data of nobody', { data: [{ connection: 'absent', localPath: 'data/' }] }, /^entity "absent" is not found$/],
    ['data of credentials', { data: [{ connection: 'images', localPath: 'data/' }] }, /^images data binding has wrong data type. Currently supported the following types of connections for data bindings: \[s3 http\]$/],
    ['data outside of the source', { data: [{ connection: 'wine', localPath: '../data' }] }, /^data\[0\].localPath '..\/data' must be a path inside of the source$/],
    ['data at an absolute path', { data: [{ connection: 'wine', localPath: '/etc/cron.d/x' }] }, /inside of the source/],
    ['data from a path that climbs', { data: [{ connection: 'wine', localPath: 'd', remotePath: '../d' }] }, /^data\[0\].remotePath '..\/d' must not climb/],
    ['an output that is empty', { outputConnection: '' }, /^"Spec."OutputConnection"" validation errors: empty "OutputConnection"$/],
    ['an output of nobody', { outputConnection: 'absent' }, /^"Spec."OutputConnection"" validation errors: entity "absent" is not found$/],
    ['an output that takes nothing', { outputConnection: 'repo' }, /types of connections for output: \[s3\]$/],
    ['machines nobody has', { nodeSelector: { zone: 'b', pool: 'gpu' } }, /^node selector map\[pool:gpu zone:b\] is not presented in ODAHU config$/],
    ['some labels of machines', { nodeSelector: { pool: 'gpu' } }, /^node selector map\[pool:gpu\]/],
    ['more memory to begin with than it may take', { resources: { limits: { memory: '64Mi' }, requests: { memory: '128Mi' } } }, /^spec.resources.requests: Invalid value: "128Mi": must be less than or equal to memory limit$/],
    ['more processors to begin with than it may take', { resources: { limits: { cpu: '250m' }, requests: { cpu: '1' } } }, /must be less than or equal to cpu limit$/],
    ['less than nothing', { resources: { requests: { cpu: '-1' } } }, /^spec.resources.requests\[cpu\]: Invalid value: "-1": must be greater than or equal to 0$/],
    ['a digest that is none', { algorithmSource: { snapshot: { digest: 'x' } } }, /64 hex digits/],
    ['git by ssh', { algorithmSource: { git: { url: 'ssh://a/b' } } }, /https:\/\/ or file:\/\//],
    ['a helper program as git URL', { algorithmSource: { git: { url: 'ext::sh -c id' } } }, /https:\/\/ or file:\/\//],
    ['a password in a URL', { algorithmSource: { git: { url: 'https://u:p@a/b' } } }, /must not hold a password/],
    ['a reference that is an option', { algorithmSource: { git: { url: 'https://a/b', reference: '--upload-pack=x' } } }, /not a branch, tag or commit/],
    ['an unknown toolchain', { toolchain: 'mlfow' }, /did you mean 'mlflow'/],
    ['an unknown engine', { engine: 'lokal' }, /did you mean 'local'/],
    ['a command without args', { args: [] }, /needs args/],
    ['a workDir outside', { workDir: '../x' }, /inside of the source/],
    ['an absolute workDir', { workDir: '/etc' }, /inside of the source/],
    ['a variable with a bad name', { envs: [{ name: 'A-B', value: '1' }] }, /not a name of an environment variable/],
    ['a variable that is ours', { envs: [{ name: 'MLFLOW_RUN_ID', value: '1' }] }, /set by Trainyard itself/],
    ['a variable twice', { envs: [{ name: 'A', value: '1' }], secretEnvs: [{ name: 'A', secret: 's' }] }, /given twice/],
    ['an artifact name with an unknown field', { model: { name: 'a', version: '1', artifactNameTemplate: '{{ .Nam }}' } }, /did you mean 'Name'/],
    ['an artifact name that is a path', { model: { name: 'a', version: '1', artifactNameTemplate: '../{{ .Name }}' } }, /one file name/],
  ])('refuses %s', (_what, changes, problem) => {
    expect(specProblems(aSpec(changes), known)).toEqual([expect.stringMatching(problem)]);
  });

  it('names all problems at once', () => {
    expect(specProblems(aSpec({ model: { name: '', version: '' }, toolchain: '' }), known)).toEqual(['empty model.name', 'empty model.version', 'empty toolchain parameter']);
  });

  it("names them in ODAHU's order", () => {
    const spec = aSpec({ model: { name: '', version: '' }, resources: { limits: { cpu: '1' }, requests: { cpu: '2', memory: 'x' } }, algorithmSource: {}, data: [{ localPath: '' }], toolchain: '', outputConnection: '', nodeSelector: { a: 'b' } });
    expect(specProblems(spec, known).map((problem) => problem.slice(0, 24))).toEqual([
      'empty model.name', 'empty model.version', 'validation of memory req', 'both VCS and ObjectStora', 'you should specify local', 'you should specify conne', 'empty toolchain paramete', '"Spec."OutputConnection"', 'node selector map[a:b] i', 'spec.resources.requests:',
    ]);
  });

  it.each<[string, Record<string, unknown>]>([
    ['a repository and data', { algorithmSource: { vcs: { connection: 'repo', reference: 'refs/pull/1/head' } }, data: [{ connection: 'wine', localPath: 'data/', remotePath: 'a/b/' }], outputConnection: 'wine' }],
    ['a store', { algorithmSource: { objectStorage: { connection: 'wine', path: 'src/' } } }],
    ['machines there are', { nodeSelector: { zone: 'a', pool: 'gpu' } }],
    ['no particular machines', { nodeSelector: {} }],
    ['as much as it may take', { resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1000m', memory: '1024Mi' } } }],
  ])('may name %s', (_what, changes) => expect(specProblems(aSpec(changes), known)).toEqual([]));

  it('that is right has none', () => {
    expect(specProblems(aSpec({ envs: [{ name: 'A', value: '' }], workDir: 'a/b', resources: { limits: { cpu: '250m', memory: '1Gi' } } }), known)).toEqual([]);
  });
});
