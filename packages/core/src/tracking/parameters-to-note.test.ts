import { describe, expect, it } from 'vitest';
import { MOST_NOTED, parametersToNote } from './parameters-to-note.ts';

const many = (count: number): Record<string, string> => Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, '1']));

describe('the parameters to note', () => {
  it('are in batches that one call takes, long values cut', () => {
    const { batches, ...rest } = parametersToNote({ ...many(150), long: 'é'.repeat(7_000) });
    expect([batches.map((batch) => batch.length), rest]).toEqual([[100, 51], { unfit: [], omitted: 0 }]);
    expect(batches[1]?.at(-1)).toEqual({ key: 'long', value: 'é'.repeat(6_000) });
  });

  it('are none that a call would refuse', () => {
    expect(parametersToNote({ 'a\nb': '1', alpha: '2', ['k'.repeat(251)]: '3', '../x': '4' })).toEqual({ batches: [[{ key: 'alpha', value: '2' }]], unfit: ['a\nb', 'k'.repeat(251), '../x'], omitted: 0 });
    expect(parametersToNote({})).toEqual({ batches: [], unfit: [], omitted: 0 });
  });

  it('are the first ones of too many', () => {
    const { batches, omitted } = parametersToNote(many(60_000));
    expect([batches.flat().length, batches.at(-1)?.at(-1)?.key, omitted]).toEqual([MOST_NOTED, `p${MOST_NOTED - 1}`, 60_000 - MOST_NOTED]);
  });
});
