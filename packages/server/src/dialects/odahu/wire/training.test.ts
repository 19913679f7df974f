import type { TrainingSpec } from '@trainyard/core/training/spec.ts';
import { describe, expect, it } from 'vitest';
import { DEFAULT_RESOURCES, readTraining, type TrainingDefaults } from './read-training.ts';
import { TrainingBody } from './training-body.ts';
import { startedView } from './training-view.ts';

const defaults: TrainingDefaults = { engine: 'local', outputConnection: 'models-output', image: 'image:1' };
const model = { name: 'wine', version: '1' };

function read(sent: { readonly id?: unknown; readonly spec?: unknown }, before?: TrainingSpec) {
  return readTraining(TrainingBody.parse(sent), { defaults, before, sent });
}

function specOf(spec: Readonly<Record<string, unknown>>) {
  return read({ id: 'wine', spec: { model, toolchain: 'mlflow', algorithmSource: { vcs: { connection: 'git' } }, ...spec } }).spec;
}

describe('a training of the original client', () => {
  it('may have null in every field', () => {
    const nulls = Object.fromEntries(['model', 'toolchain', 'entrypoint', 'args', 'workDir', 'hyperParameters', 'envs', 'image', 'algorithmSource', 'data', 'outputConnection', 'resources', 'nodeSelector'].map((field) => [field, null]));
    const { spec } = read({ id: 'a', spec: nulls });
    expect(spec).toMatchObject({ model: { name: '', version: '' }, toolchain: '', workDir: './', args: [], data: [], algorithmSource: {}, engine: 'local', outputConnection: 'models-output', image: 'image:1', resources: DEFAULT_RESOURCES });
    expect(read({ id: null, spec: null })).toEqual({ id: '', spec });
  });

  it('has text where somebody wrote a number or true', () => {
    const spec = specOf({ model: { name: 'wine', version: 3.5 }, hyperParameters: { alpha: 0.1, deep: true, none: null, text: 'True' }, resources: { limits: { cpu: 1, gpu: 1 } }, args: [1, 'x'], envs: [{ name: 'A', value: 1 }] });
    expect(spec).toMatchObject({ model: { version: '3.5' }, hyperParameters: { alpha: '0.1', deep: 'true', none: '', text: 'True' }, resources: { limits: { cpu: '1', gpu: '1' } }, args: ['1', 'x'], envs: [{ name: 'A', value: '1' }] });
    expect(spec.resources.requests).toBeUndefined();
  });

  it('may spell as the releases before 1.5 did', () => {
    const { spec } = read({ id: 'a', spec: { model, toolchain: 'mlflow', vcsName: 'git', reference: 'main', data: [{ connName: 'wine', localPath: 'data/' }] } });
    expect(spec).toMatchObject({ algorithmSource: { vcs: { connection: 'git', reference: 'main' } }, data: [{ connection: 'wine', localPath: 'data/' }] });
    expect(startedView({ id: 'a', spec, createdAt: 0, updatedAt: 0, latestRun: undefined }).spec).not.toHaveProperty('vcsName');
  });

  it.each([
    [{ vcsName: 'other' }, "'other' and algorithmSource.vcs.connection 'git' disagree"],
    [{ data: [{ connName: 'a', connection: 'b', localPath: 'x' }] }, "'a' and data[0].connection 'b' disagree"],
    [{ hyperParameters: { a: [1] } }, 'expected text, a number, true or false'],
    [{ priority: 5000 }, 'priority'],
  ])('is refused with %j', (fields, problem) => {
    expect(() => specOf(fields)).toThrow(problem);
  });
});

describe('what ODAHU has no word for', () => {
  const sent = { id: 'a', spec: { model, toolchain: 'command', args: ['true'], algorithmSource: { git: { url: 'https://example.com/x.git' } }, priority: 7, timeout: '2h', experiment: 'e', secretEnvs: [{ name: 'K', secret: 'k' }] } };

  it('can be said all the same', () => {
    expect(read(sent).spec).toMatchObject({ priority: 7, timeout: { runMs: 7_200_000 }, experiment: 'e', secretEnvs: [{ name: 'K', secret: 'k' }], algorithmSource: { git: { url: 'https://example.com/x.git' } } });
  });

  it('stays when an edit does not name it, and goes when it is null', () => {
    const before = read(sent).spec;
    const edited = read({ id: 'a', spec: { model, toolchain: 'command', args: ['false'], algorithmSource: null, priority: null } }, before).spec;
    expect(edited).toMatchObject({ args: ['false'], priority: 0, timeout: { runMs: 7_200_000 }, experiment: 'e', algorithmSource: before.algorithmSource });
  });

  it('that depends on the toolchain is asked anew with another one', () => {
    const before = read(sent).spec;
    expect(before.register.mode).toBe('when_present');
    expect(read({ id: 'a', spec: { model, toolchain: 'mlflow', vcsName: 'git' } }, before).spec).toMatchObject({ register: { mode: 'required' }, algorithmSource: { vcs: { connection: 'git' } } });
  });
});

describe('the answer', () => {
  it('has no empty fields, and both sources', () => {
    const spec = specOf({ resources: {}, data: [], envs: [], algorithmSource: { objectStorage: { connection: 'bucket', path: 'code/' } } });
    expect(startedView({ id: 'a', spec, createdAt: 1_767_323_045_123, updatedAt: 1_767_323_045_124, latestRun: undefined })).toEqual({
      id: 'a',
      createdAt: '2026-01-02T03:04:05.123000000Z',
      updatedAt: '2026-01-02T03:04:05.124000000Z',
      spec: { model: { name: 'wine', version: '1', artifactNameTemplate: '{{ .Name }}-{{ .Version }}-{{ .RandomUUID }}.zip' }, toolchain: 'mlflow', workDir: './', algorithmSource: { vcs: {}, objectStorage: { connection: 'bucket', path: 'code/' } }, outputConnection: 'models-output', image: 'image:1' },
      status: { state: 'unknown' },
    });
  });
});
