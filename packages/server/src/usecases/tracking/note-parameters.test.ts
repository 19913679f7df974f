import { checkBatch, newParams, type RunBatch } from '@trainyard/core/tracking/batch.ts';
import { expect, it } from 'vitest';
import { noteParameters } from './note-parameters.ts';

/** A run that keeps what it takes, by the rules of core. */
function aRun(stored: Readonly<Record<string, string>> = {}) {
  const params = new Map(Object.entries(stored));
  const calls: number[] = [];
  const log = async (batch: RunBatch): Promise<void> => {
    calls.push(batch.params.length);
    for (const { key, value } of newParams('r', checkBatch(batch).params, params)) params.set(key, value);
  };
  return { params, calls, log };
}

it('parameters are noted in batches, long values cut', async () => {
  const { params, calls, log } = aRun();
  const wanted = Object.fromEntries([...Array.from({ length: 150 }, (_, index) => [`p${index}`, '1']), ['long', 'x'.repeat(7_000)]]) as Record<string, string>;
  expect(await noteParameters(log, 'r', wanted)).toEqual({ refused: [], omitted: 0 });
  expect([params.size, params.get('long')?.length, calls]).toEqual([151, 6_000, [100, 51]]);
  expect(await noteParameters(log, 'r', wanted)).toEqual({ refused: [], omitted: 0 });
});

it('what was noted in other words stays, what cannot be a name is left out, and the rest is noted', async () => {
  const { params, log } = aRun({ alpha: '0.50' });
  expect(await noteParameters(log, 'r', { alpha: '0.5', 'a\nb': '1', l1: '2' })).toEqual({ refused: ['a\nb', 'alpha'], omitted: 0 });
  expect([...params]).toEqual([['alpha', '0.50'], ['l1', '2']]);
});

it('of too many the first are noted, in few calls whatever their names', async () => {
  const { params, calls, log } = aRun();
  const wanted = Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [index % 100 === 0 ? `p\n${index}` : `p${index}`, '1']));
  const { refused, omitted } = await noteParameters(log, 'r', wanted);
  expect([params.size, calls.length, refused.length, omitted]).toEqual([1_584, 16, 16, 58_400]);
});

it('trouble that is not about a value is thrown on', async () => {
  await expect(noteParameters(() => Promise.reject(new Error('the database is away')), 'r', { a: '1' })).rejects.toThrow('the database is away');
});
