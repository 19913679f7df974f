import { describe, expect, it } from 'vitest';
import { checkBatch, newParams, type RunBatch } from './batch.ts';

const aBatch = (changes: Partial<RunBatch>): RunBatch => ({ runId: 'r', metrics: [], params: [], tags: [], ...changes });
const many = (count: number) => Array.from({ length: count }, (_, index) => ({ key: `k${index}`, value: '1' }));
const metrics = (count: number) => many(count).map(({ key }) => ({ key, value: 1, timestamp: 1, step: 0 }));

describe('a batch', () => {
  it('may be as large as the limits and no larger', () => {
    expect(checkBatch(aBatch({ metrics: metrics(800), params: many(100), tags: many(100) })).metrics).toHaveLength(800);
    expect(() => checkBatch(aBatch({ metrics: metrics(1001) }))).toThrow('A batch logging request can contain at most 1000 metrics. Got 1001 metrics. Please split up metrics across multiple requests and try again.');
    expect(() => checkBatch(aBatch({ params: many(101) }))).toThrow('at most 100 params');
    expect(() => checkBatch(aBatch({ tags: many(101) }))).toThrow('at most 100 tags');
    expect(() => checkBatch(aBatch({ metrics: metrics(950), params: many(51) }))).toThrow('at most 1000 metrics, params, and tags. Got 1001');
  });

  it('has values cut that are too long, by characters and not by halves of them', () => {
    const { params, tags } = checkBatch(aBatch({ params: [{ key: 'p', value: '😀'.repeat(6001) }], tags: [{ key: 't', value: 'x'.repeat(8001) }] }));
    expect(params[0]?.value).toBe('😀'.repeat(6000));
    expect(tags[0]?.value).toHaveLength(8000);
  });

  it('keeps infinities as the largest doubles, and NaN', () => {
    const values = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 1.5].map((value) => ({ key: 'm', value, timestamp: 1, step: 0 }));
    expect(checkBatch(aBatch({ metrics: values })).metrics.map((metric) => metric.value)).toEqual([Number.MAX_VALUE, -Number.MAX_VALUE, Number.NaN, 1.5]);
  });

  it('says where a bad name or time stands', () => {
    const bad = { key: 'a#', value: 1, timestamp: 1, step: 0 };
    expect(() => checkBatch(aBatch({ metrics: [...metrics(1), bad] }))).toThrow(`Invalid value "a#" for parameter 'metrics[1].name' supplied`);
    expect(() => checkBatch(aBatch({ metrics: [{ ...bad, key: 'a', timestamp: -1 }] }))).toThrow("Invalid value -1 for parameter 'metrics[0].timestamp' supplied");
    expect(() => checkBatch(aBatch({ params: [{ key: 'q', value: '2' }, { key: 'q', value: '2' }] }))).toThrow("Duplicate parameter keys have been submitted: ['q'].");
  });
});

describe('params', () => {
  const stored = new Map([['p', '1'], ['q', '2']]);

  it('may be sent again with the same value, and cost nothing then', () => {
    expect(newParams('r', [{ key: 'p', value: '1' }, { key: 'new', value: 'x' }], stored)).toEqual([{ key: 'new', value: 'x' }]);
  });

  it('never change', () => {
    expect(() => newParams('r', [{ key: 'p', value: '9' }], stored)).toThrow("Changing param values is not allowed. Param with key='p' was already logged with value='1' for run ID='r'. Attempted logging new value '9'.");
    expect(() => newParams('r', [{ key: 'p', value: '9' }, { key: 'new', value: 'x' }], stored)).toThrow("Changing param values is not allowed. Params were already logged='[{'key': 'p', 'old_value': '1', 'new_value': '9'}]' for run ID='r'.");
  });
});
