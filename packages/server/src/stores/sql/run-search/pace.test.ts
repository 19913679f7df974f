import { describe, expect, it } from 'vitest';
import { BOUNDS, nextLook } from './pace.ts';

const look = (seen: number, found: number, filtered = true) => nextLook({ seen, found, wanted: 51, filtered }, BOUNDS);

describe('the pace of a walk along an index', () => {
  it('begins with what is wanted, and with more when runs have to meet something', () => {
    expect([look(0, 0, false), look(0, 0)]).toEqual([51, 204]);
  });

  it('goes on as far as the finds so far make it likely to find the rest', () => {
    expect(look(204, 20)).toBe(475);
    expect(look(204, 50)).toBe(200);
  });

  it('looks at enough to tell before it gives up', () => {
    expect(look(204, 0)).toBe(1000);
    expect([look(1204, 0), look(1204, 3), look(1204, 12)]).toEqual([undefined, undefined, 5870]);
  });
});
