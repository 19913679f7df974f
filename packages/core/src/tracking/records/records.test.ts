import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRecord } from './read-record.ts';
import type { TransferRecord } from './record.ts';
import { writeRecord } from './write-record.ts';

const RUN = 'a'.repeat(32);
const MODEL = `m-${'b'.repeat(32)}`;

const name = fc.stringMatching(/^[a-zéж_][a-z0-9_\-. ]{0,20}$/).filter((text) => !text.endsWith('.'));
const words = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => text.isWellFormed() && !text.includes('\u0000'));
const pairs = fc.dictionary(name, words, { maxKeys: 6 }).map((object) => Object.entries(object).map(([key, value]) => ({ key, value })).toSorted((a, b) => (a.key < b.key ? -1 : 1)));
const time = fc.nat();
const int64 = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value));
const timestamp = fc.bigInt(0n, 2n ** 63n - 1n).map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value));
// JSON has no -0
const value = fc.double().map((number) => number + 0);
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const columns = fc.array(fc.tuple(int64, timestamp, value), { minLength: 1, maxLength: 20 }).map((points) => ({ steps: points.map(([step]) => step), timestamps: points.map(([, at]) => at), values: points.map(([, , one]) => one) }));
const runId = fc.constant(RUN);
const modelUses = fc.array(fc.record({ modelId: fc.constant(MODEL), step: int64 }), { maxLength: 3 });
const lifecycle = fc.constantFrom('active' as const, 'deleted' as const);

const records: fc.Arbitrary<TransferRecord> = fc.oneof(
  fc.record({ kind: fc.constant('experiment' as const), name, stage: lifecycle, createdAt: time, updatedAt: time, artifactLocation: orNull(fc.constant('s3://bucket/x')), tags: pairs }),
  fc.record({ kind: fc.constant('dataset' as const), experiment: name, dataset: fc.record({ name: words, digest: name, sourceType: name, source: words, schema: words, profile: words }) }),
  fc.record({
    kind: fc.constant('run' as const),
    id: runId,
    experiment: name,
    name: words,
    userId: words,
    status: fc.constantFrom('RUNNING' as const, 'FINISHED' as const, 'KILLED' as const),
    startTime: int64,
    endTime: orNull(int64),
    stage: lifecycle,
    deletedAt: orNull(time),
    artifactUri: orNull(fc.constant('gs://bucket/x')),
    params: pairs,
    tags: pairs,
    datasets: fc.array(fc.record({ name: words, digest: name, tags: pairs }), { maxLength: 3 }),
    inputModels: modelUses,
    outputModels: modelUses,
    metrics: orNull(time),
    points: orNull(time),
  }),
  fc.tuple(fc.record({ kind: fc.constant('points' as const), runId, key: name }), columns).map(([head, rest]) => ({ ...head, ...rest })),
  fc.tuple(fc.record({ kind: fc.constant('model_points' as const), modelId: fc.constant(MODEL), runId, key: name, datasetName: orNull(words), datasetDigest: orNull(name) }), columns).map(([head, rest]) => ({ ...head, ...rest })),
  fc.record({
    kind: fc.constant('model_version' as const),
    name,
    version: fc.integer({ min: 1, max: 2_147_483_647 }),
    createdAt: time,
    updatedAt: time,
    description: orNull(words),
    userId: orNull(words),
    stage: fc.constantFrom('None' as const, 'Production' as const),
    source: fc.constantFrom(`runs:/${RUN}/model`, `artifacts:/runs/${RUN}/model`, 's3://bucket/x'),
    storageLocation: orNull(fc.constant(`artifacts:/models/${MODEL}`)),
    runId: orNull(runId),
    runLink: orNull(fc.constant('https://host/x')),
    modelId: orNull(fc.constant(MODEL)),
    tags: pairs,
    aliases: fc.array(fc.constantFrom('champion', 'best'), { maxLength: 2 }),
  }),
);

describe('a record', () => {
  it('comes back as it was written, whatever is in it', () => {
    fc.assert(fc.property(records, (record) => {
      expect(readRecord(JSON.parse(writeRecord(record)))).toEqual(record);
    }), { numRuns: 500 });
  });

  it('is one line', () => {
    fc.assert(fc.property(records, (record) => {
      expect(writeRecord(record)).not.toMatch(/[\r\n]/);
    }));
  });

  it('keeps a tag that is named like a part of every object', () => {
    const line = `{"kind":"experiment","name":"e","stage":"active","createdAt":1,"updatedAt":1,"tags":{"__proto__":"x"}}`;
    const record = readRecord(JSON.parse(line));
    expect(record).toMatchObject({ tags: [{ key: '__proto__', value: 'x' }] });
    expect(writeRecord(record)).toBe(line);
  });

  it('spells what JSON has no number for', () => {
    const line = writeRecord({ kind: 'points', runId: RUN, key: 'loss', steps: [2n ** 60n, 1], timestamps: [0, 1], values: [Number.NaN, Number.NEGATIVE_INFINITY] });
    expect(line).toBe(`{"kind":"points","runId":"${RUN}","key":"loss","steps":["1152921504606846976",1],"timestamps":[0,1],"values":["NaN","-Infinity"]}`);
  });
});

describe('what is refused', () => {
  const experiment = { kind: 'experiment', name: 'e', stage: 'active', createdAt: 1, updatedAt: 1 };
  const version = { kind: 'model_version', name: 'm', version: 1, createdAt: 1, updatedAt: 1, stage: 'None', source: 's3://bucket/x' };
  const points = { kind: 'points', runId: RUN, key: 'loss', steps: [1], timestamps: [1], values: [1] };
  it.each([
    ['no object', 7, 'record: expected an object, found 7'],
    ['no kind', {}, 'kind: expected one of experiment'],
    ['an unknown kind', { kind: 'secret' }, 'kind: expected one of experiment'],
    ['an unknown field', { ...experiment, admin: true }, "experiment: unknown field 'admin'"],
    ['a text that is a number', { ...experiment, name: 7 }, 'experiment.name: expected a text, found 7'],
    ['a NUL', { ...experiment, name: 'a\u0000' }, 'experiment.name: holds a character that cannot be kept'],
    ['half a character', { ...experiment, tags: { a: '\ud800' } }, 'experiment.tags.a: holds a character that cannot be kept'],
    ['a tag that climbs', { ...experiment, tags: { '../x': '' } }, 'Names may be treated as files'],
    ['a fraction of a millisecond', { ...experiment, createdAt: 1.5 }, 'experiment.createdAt: expected a whole number'],
    ['a path of this machine', { ...experiment, artifactLocation: '/etc' }, "'/etc' is no place clients could go to"],
    ['a file URI', { ...experiment, artifactLocation: 'file:///etc' }, "'file:///etc' is no place clients could go to"],
    ['the place of another run', { ...experiment, artifactLocation: 'mlflow-artifacts://h/1' }, 'is no place clients could go to'],
    ['an id that is a path', { ...points, runId: '../../etc/passwd' }, 'points.runId: expected the id of a run'],
    ['columns of different lengths', { ...points, steps: [1, 2] }, 'need the same number of entries'],
    ['no points', { ...points, steps: [], timestamps: [], values: [] }, 'at least one'],
    ['a value that is null', { ...points, values: [null] }, 'points.values[0]: expected a number'],
    ['a step that lost its last digits', { ...points, steps: [2 ** 60] }, 'points.steps[0]: expected an int64'],
    ['a step beyond int64', { ...points, steps: ['9223372036854775808'] }, 'points.steps[0]: expected an int64'],
    ['more points than a line may hold', { ...points, steps: Array.from({ length: 10_001 }, () => 1) }, 'at most 10000 are taken'],
    ['a source on this machine', { ...version, source: '/etc/passwd' }, "'/etc/passwd' is neither a URI"],
    ['a source by file URI', { ...version, source: 'file:///etc/passwd' }, 'is neither a URI'],
    ['a source that climbs out of its run', { ...version, source: `artifacts:/runs/${RUN}/../x` }, 'is not a path that is allowed here'],
    ['a source that climbs when it is decoded', { ...version, source: `artifacts:/runs/${RUN}/%252e%252e/x` }, 'is not a path that is allowed here'],
    ['an alias that is reserved', { ...version, aliases: ['latest'] }, 'reserved'],
    ['a version beyond all numbers', { ...version, version: 2 ** 40 }, 'is no number of a version'],
  ])('%s', (_, value, problem) => {
    expect(() => readRecord(value)).toThrow(problem);
  });
});
