import { describe, expect, test } from 'vitest';
import { styleFor } from './style.ts';
import { type Column, tableLines } from './table.ts';
import { fitText, textWidth, wrapText } from './text-width.ts';

interface Row {
  readonly id: string;
  readonly state: string;
  readonly took?: string;
}

const columns: readonly Column<Row>[] = [
  { title: 'id', text: ({ id }) => id, shrinks: true },
  { title: 'state', text: ({ state }) => state, paint: (_, style) => style.good },
  { title: 'took', text: ({ took }) => took, align: 'right' },
];
const rows: readonly Row[] = [
  { id: 'wine', state: 'succeeded', took: '1.0 s' },
  { id: 'a-training-with-a-very-long-name', state: 'failed' },
];
const plain = styleFor(false);

describe('tableLines', () => {
  test('as wide as it needs to be in a pipe', () => {
    expect(tableLines(rows, columns, { style: plain, width: undefined })).toEqual([
      'ID                                STATE       TOOK',
      'wine                              succeeded  1.0 s',
      'a-training-with-a-very-long-name  failed         -',
    ]);
  });

  test('never wider than the terminal; the column that may shrink gives', () => {
    const lines = tableLines(rows, columns, { style: plain, width: 30 });
    expect(lines).toEqual(['ID            STATE       TOOK', 'wine          succeeded  1.0 s', 'a-training-…  failed         -']);
  });

  test.each([10, 18, 24, 40, 200])('every line fits into %i columns, as far as columns can shrink', (width) => {
    const widest = Math.max(...tableLines(rows, columns, { style: plain, width }).map(textWidth));
    expect(widest).toBeLessThanOrEqual(Math.max(width, 3 * 6 + 2 * 2));
  });

  test('colours take no columns', () => {
    const coloured = tableLines(rows, columns, { style: styleFor(true), width: 30 });
    expect(coloured[1]).toContain('\u001b[32msucceeded');
    expect(coloured.map(textWidth)).toEqual([30, 30, 30]);
  });

  test('what others wrote cannot move the cursor or break the line', () => {
    const [, line] = tableLines([{ id: 'a\u001b[2J\nb\u0007', state: 'x' }], columns, { style: plain, width: undefined });
    expect(line).toMatch(/^a␛\[2J b␇ {2}x/);
  });
});

describe('textWidth and fitText', () => {
  test.each([
    ['plain', 5],
    ['数据', 4],
    ['é', 1],
    ['👩‍🔬', 2],
    ['\u001b[31mred\u001b[39m', 3],
  ])('%s', (text, width) => {
    expect(textWidth(text)).toBe(width);
  });

  test.each([
    ['abcdef', 4, 'abc…'],
    ['abc', 3, 'abc'],
    ['数据数据', 5, '数据…'],
    ['abc', 0, ''],
  ])('%s in %i columns', (text, width, fitted) => {
    expect(fitText(text, width)).toBe(fitted);
  });

  test('wrapText breaks at spaces and leaves long words whole', () => {
    expect(wrapText('one two three-and-four five', 9)).toEqual(['one two', 'three-and-four', 'five']);
  });
});
