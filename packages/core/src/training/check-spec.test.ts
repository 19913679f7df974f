import { aSpec } from '@trainyard/testkit/builders.ts';
import { describe, expect, it } from 'vitest';
import { idProblems, specProblems } from './check-spec.ts';

const known = { engines: ['local'], toolchains: ['mlflow', 'command'] };

describe('an id', () => {
  it.each(['a', 'wine', 'a-1', `a${'b'.repeat(62)}`])('may be %s', (id) => expect(idProblems(id)).toEqual([]));
  it.each(['', '1a', 'A', 'a_b', '-a', 'a-', 'ä', 'a/../b', `a${'b'.repeat(63)}`])('may not be %s', (id) => expect(idProblems(id)[0]).toMatch(/^ID is not valid/));
});

describe('a spec', () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ['a model without a name', { model: { name: '', version: '1' } }, /^empty model.name$/],
    ['a name that is no label', { model: { name: 'a b', version: '1' } }, /must be valid Kubernetes label/],
    ['a quantity that is none', { resources: { limits: { cpu: 'many' } } }, /validation of cpu limit is failed/],
    ['no source', { algorithmSource: {} }, /no source/],
    ['two sources', { algorithmSource: { git: { url: 'https://a/b' }, snapshot: { digest: '0'.repeat(64) } } }, /must be only one/],
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

  it('that is right has none', () => {
    expect(specProblems(aSpec({ envs: [{ name: 'A', value: '' }], workDir: 'a/b', resources: { limits: { cpu: '250m', memory: '1Gi' } } }), known)).toEqual([]);
  });
});
