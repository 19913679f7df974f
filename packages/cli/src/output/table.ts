import { safeLine } from './safe-text.ts';
import type { Style } from './style.ts';
import { fitText, textWidth } from './text-width.ts';

/** One column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string | number | undefined;
  readonly align?: 'right';
  /** May be cut to `…` when the terminal is too narrow. */
  readonly shrinks?: boolean;
  readonly paint?: (row: Row, style: Style) => ((text: string) => string) | undefined;
}

export interface TableLook {
  readonly style: Style;
  /** Undefined: as wide as it needs to be. */
  readonly width: number | undefined;
}

const GAP = 2;
const NARROWEST = 6;

/** The lines of a table: a title line and one line a row, never wider than the terminal. */
export function tableLines<Row>(rows: readonly Row[], columns: readonly Column<Row>[], look: TableLook): string[] {
  const cells = rows.map((row) => columns.map((column) => safeLine(String(column.text(row) ?? '')) || '-'));
  const natural = columns.map((column, i) => Math.max(textWidth(column.title), ...cells.map((line) => textWidth(line[i] ?? ''))));
  const widths = look.width === undefined ? natural : shrink(natural, columns, look.width);
  const place = (text: string, i: number): string => {
    const fitted = fitText(text, widths[i] ?? 0);
    const pad = ' '.repeat(Math.max(0, (widths[i] ?? 0) - textWidth(fitted)));
    return columns[i]?.align === 'right' ? pad + fitted : fitted + pad;
  };
  const title = columns.map((column, i) => place(column.title.toUpperCase(), i)).join(' '.repeat(GAP));
  const body = cells.map((line, r) => {
    const painted = line.map((text, i) => (columns[i]?.paint?.(rows[r] as Row, look.style) ?? same)(place(text, i)));
    return painted.join(' '.repeat(GAP)).trimEnd();
  });
  return [look.style.quiet(title.trimEnd()), ...body];
}

function shrink(natural: readonly number[], columns: readonly Column<never>[], width: number): number[] {
  const widths = [...natural];
  const gaps = GAP * (widths.length - 1);
  for (const mayShrink of [(i: number) => columns[i]?.shrinks === true, () => true]) {
    let excess = widths.reduce((sum, one) => sum + one, gaps) - width;
    while (excess > 0) {
      // the widest gives first: short columns stay readable longest
      const widest = widths.reduce((best, one, i) => (mayShrink(i) && one > (widths[best] ?? -1) ? i : best), widths.findIndex((_, i) => mayShrink(i)));
      if (widest < 0 || (widths[widest] ?? 0) <= NARROWEST) break;
      widths[widest] = (widths[widest] ?? 0) - 1;
      excess -= 1;
    }
  }
  return widths;
}

function same(text: string): string {
  return text;
}
