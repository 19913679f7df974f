import { describe, expect, it } from 'vitest';
import { orderedId } from './ordered-id.ts';

describe('an ordered id', () => {
  it('is a UUID of version 7 without dashes, in the order of the time', () => {
    const ids = [0, 1, 0xfff, 1_795_291_502_507, 2 ** 48 - 1].map(orderedId);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
    expect(ids).toEqual(ids.toSorted());
    expect(ids.map((id) => Number.parseInt(id.slice(0, 12), 16))).toEqual([0, 1, 0xfff, 1_795_291_502_507, 2 ** 48 - 1]);
  });

  it('is another one each time, also within a millisecond', () => {
    expect(new Set(Array.from({ length: 10_000 }, () => orderedId(1_795_291_502_507))).size).toBe(10_000);
  });
});
