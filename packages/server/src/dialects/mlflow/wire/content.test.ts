import { describe, expect, it } from 'vitest';
import { contentDisposition, parseRange } from './content.ts';

describe('the name of a download', () => {
  it.each([
    ['a.txt', 'attachment; filename=a.txt'],
    ['dog+step%20.png', 'attachment; filename=dog+step%20.png'],
    ['a b.txt', 'attachment; filename="a b.txt"'],
    ['a"b\\c', 'attachment; filename="a\\"b\\\\c"'],
    ["größe'.txt", `attachment; filename="groe'.txt"; filename*=UTF-8''gr%C3%B6%C3%9Fe%27.txt`],
    ['a\r\nSet-Cookie: x', `attachment; filename="aSet-Cookie: x"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x`],
  ])('%j is %s', (name, header) => {
    expect(contentDisposition(name)).toBe(header);
  });
});

describe('a range', () => {
  it.each([
    [undefined, undefined], ['bytes=0-0', { firstByte: 0, lastByte: 0 }], ['bytes=5-', { firstByte: 5, lastByte: 9 }], ['bytes=-20', { firstByte: 0, lastByte: 9 }],
    ['bytes=10-', 'unsatisfiable'], ['bytes=-0', 'unsatisfiable'], ['bytes=5-2', undefined], ['bytes=-', undefined], ['items=0-1', undefined], ['bytes=0-1,2-3', undefined],
  ] as const)('%j of ten bytes', (header, range) => {
    expect(parseRange(header, 10)).toEqual(range);
  });

  it('of nothing cannot be satisfied', () => {
    expect([parseRange('bytes=0-', 0), parseRange('bytes=-1', 0)]).toEqual(['unsatisfiable', 'unsatisfiable']);
  });
});
