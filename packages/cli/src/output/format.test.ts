import { describe, expect, test } from 'vitest';
import { formatValue } from './format.ts';
import { agoText, elapsedText, sizeText } from './amounts.ts';

const value = { items: [{ id: 'a', n: 1.5, tags: { x: 'y' } }, { id: 'b', n: 2, tags: {} }] };

describe('formatValue', () => {
  test('json', async () => {
    expect(JSON.parse(await formatValue(value, { kind: 'json' }))).toEqual(value);
  });

  test('yaml that reads back', async () => {
    const { parse } = await import('yaml');
    const text = await formatValue({ version: '1.0', long: 'word '.repeat(60), none: null }, { kind: 'yaml' });
    expect(parse(text)).toEqual({ version: '1.0', long: 'word '.repeat(60), none: null });
  });

  test.each([
    ['$.items[*].id', 'a\nb\n'],
    ['items[*].id', 'a\nb\n'],
    ['{.items[*].id}', 'a\nb\n'],
    ['.items[0]', '{"id":"a","n":1.5,"tags":{"x":"y"}}\n'],
    ['$..n', '1.5\n2\n'],
    ['items[0].nope', ''],
  ])('jsonpath %s', async (path, printed) => {
    expect(await formatValue(value, { kind: 'jsonpath', path })).toBe(printed);
  });

  test.each(["$.items[?(@.id=='a')]", '$.items[(@.length-1)]', '$..[?(process.exit(9))]'])('code in an expression is not run: %s', async (path) => {
    await expect(formatValue(value, { kind: 'jsonpath', path })).rejects.toMatchObject({ code: 'USAGE', hint: expect.stringContaining('switched off') as string });
  });
});

describe('amounts', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [84_321, '84.3 kB'],
    [99_960, '100 kB'],
    [999_949, '1.0 MB'],
    [1_000_000, '1.0 MB'],
    [123_456_789, '123 MB'],
    [8e15, '8.0 PB'],
  ])('%i bytes', (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });

  test.each([
    [0, '0.0 s'],
    [-5, '0.0 s'],
    [234, '0.2 s'],
    [59_940, '59.9 s'],
    [59_960, '1 m 00 s'],
    [125_000, '2 m 05 s'],
    [3_600_000, '1 h 00 m'],
    [3_725_000, '1 h 02 m'],
    [273_600_000, '3 d 4 h'],
  ])('%i ms', (ms, text) => {
    expect(elapsedText(ms)).toBe(text);
  });

  test.each([
    [0, 'just now'],
    [30_000, '30 s ago'],
    [-4_000, 'in 4 s'],
    [200_000, '3 min ago'],
    [7_300_000, '2 h ago'],
    [200_000_000, '2 d ago'],
  ])('%i ms before', (ms, text) => {
    const now = Date.parse('2026-01-02T03:04:05.000Z');
    expect(agoText(new Date(now - ms).toISOString(), now)).toBe(text);
  });

  test('a time that is none stays as it is', () => {
    expect(agoText('whenever', 0)).toBe('whenever');
  });
});
