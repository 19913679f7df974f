import { describe, expect, test } from 'vitest';
import { idFrom, manifestFromFlags, type TrainingFlags, withFlags } from './training-flags.ts';

const none: TrainingFlags = { command: [] };

function changed(spec: Record<string, unknown>, flags: Partial<TrainingFlags>): unknown {
  return withFlags({ kind: 'ModelTraining', id: 'wine', spec }, { ...none, ...flags }).spec;
}

describe('withFlags', () => {
  test('changes nothing without flags', () => {
    const spec = { model: { name: 'wine' }, timeout: { run: '1h' } };
    expect(changed(spec, {})).toEqual(spec);
  });

  test.each<[string, Record<string, unknown>, Partial<TrainingFlags>, unknown]>([
    ['parameters are added or take the place of others', { hyperParameters: { a: 1, b: 2 } }, { param: { b: '3', c: '4' } }, { hyperParameters: { a: 1, b: '3', c: '4' } }],
    ['variables likewise', { envs: [{ name: 'A', value: '1' }, { name: 'B', value: '2' }] }, { env: { B: '3' } }, { envs: [{ name: 'A', value: '1' }, { name: 'B', value: '3' }] }],
    ['secret variables', {}, { secretEnv: { TOKEN: 'hub' } }, { secretEnvs: [{ name: 'TOKEN', secret: 'hub' }] }],
    ['a name leaves the version', { model: { name: 'a', version: '2' } }, { name: 'b' }, { model: { name: 'b', version: '2' } }],
    ['a timeout of one number', { timeout: '1h' }, { timeout: '2h' }, { timeout: '2h' }],
    ['a timeout among others', { timeout: { run: '1h', grace: '5s' } }, { timeout: '2h' }, { timeout: { run: '2h', grace: '5s' } }],
    ['no registration', { register: true }, { register: false }, { register: false }],
    ['no registration, details kept', { register: { name: 'w' } }, { register: false }, { register: { name: 'w', mode: 'never' } }],
    ['a command makes the toolchain', {}, { command: ['sh', 'x'] }, { toolchain: 'command', args: ['sh', 'x'] }],
    ['a command keeps the one that is there', { toolchain: 'mine' }, { command: ['sh'] }, { toolchain: 'mine', args: ['sh'] }],
    ['git takes the place of any source', { algorithmSource: { snapshot: {} } }, { git: 'https://x/y.git' }, { algorithmSource: { git: { url: 'https://x/y.git' } } }],
    ['a reference for the git source', { algorithmSource: { git: { url: 'u', reference: 'a' } } }, { ref: 'b' }, { algorithmSource: { git: { url: 'u', reference: 'b' } } }],
  ])('%s', (_, spec, flags, expected) => {
    expect(changed(spec, flags)).toEqual(expected);
  });

  test('a reference without git is refused', () => {
    expect(() => changed({}, { ref: 'main' })).toThrow('--ref needs a git source');
  });
});

describe('manifestFromFlags', () => {
  const bare = { dir: '/home/me/My Wine', hasMlproject: false };

  test('an MLproject needs nothing else', () => {
    expect(manifestFromFlags(none, { ...bare, hasMlproject: true })).toEqual({ kind: 'ModelTraining', id: 'my-wine', spec: { model: { name: 'My Wine', version: '1.0' }, toolchain: 'mlflow' } });
  });

  test('a script is for mlflow, a command for command', () => {
    expect(manifestFromFlags({ ...none, entrypoint: 'train.py' }, bare).spec['toolchain']).toBe('mlflow');
    expect(manifestFromFlags({ ...none, command: ['./fit'] }, bare).spec).toMatchObject({ toolchain: 'command', args: ['./fit'] });
  });

  test('a repository gives its name', () => {
    expect(manifestFromFlags({ ...none, git: 'https://x/y/Trees.git', ref: 'v1' }, bare)).toMatchObject({ id: 'trees', spec: { model: { name: 'Trees' }, algorithmSource: { git: { url: 'https://x/y/Trees.git', reference: 'v1' } } } });
  });

  test('nothing to run is an error that says what to type', () => {
    expect(() => manifestFromFlags(none, bare)).toThrow(/neither a train\.yaml nor an MLproject/);
  });
});

describe('idFrom', () => {
  test.each([
    ['wine', 'wine'],
    ['My Wine_2', 'my-wine-2'],
    ['2nd', 't-2nd'],
    ['--x--', 'x'],
    ['数据', 't'],
    ['a'.repeat(80), 'a'.repeat(63)],
  ])('%s', (name, id) => {
    expect(idFrom(name)).toBe(id);
    expect(id).toMatch(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
  });
});
