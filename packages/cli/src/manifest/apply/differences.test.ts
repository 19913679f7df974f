import { describe, expect, test } from 'vitest';
import { differences, differenceText } from './differences.ts';

describe('differences', () => {
  test.each<[string, unknown, unknown, string[]]>([
    ['none', { a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 2 }], a: 1 }, []],
    ['a value', { a: { b: 'x' } }, { a: { b: 'y' } }, ['a.b: x → y']],
    ['a type', { a: '1' }, { a: 1 }, ['a: 1 → 1']],
    ['fields that came and went', { a: 1 }, { b: true }, ['a: 1 (removed)', 'b: true (new)']],
    ['a list, as a whole', { a: [1, 2] }, { a: [1] }, ['a: [1,2] → [1]']],
    ['a mapping that became another thing', { a: { b: 1 } }, { a: 'x' }, ['a: {"b":1} → x']],
    ['a long text, cut', { a: 'x'.repeat(99) }, {}, [`a: ${'x'.repeat(57)}... (removed)`]],
  ])('%s', (_, before, after, lines) => expect(differences(before, after).map(differenceText)).toEqual(lines));
});
