import type { Cli } from '../cli.ts';
import type { OutputFormat } from './format.ts';
import { type Column, tableLines } from './table.ts';

export interface List<Item> {
  readonly items: readonly Item[];
  /** There are more than these. */
  readonly more: boolean;
  readonly columns: readonly Column<Item>[];
  /** Said when there are none. */
  readonly none: string;
}

/** Prints a list: a table for people, `{ items }` for programs. What is not data goes to stderr. */
export async function printList<Item>(cli: Cli, format: OutputFormat, { items, more, columns, none }: List<Item>): Promise<void> {
  if (format.kind === 'table' && items.length === 0) {
    await cli.err.lines([cli.err.typed(none)]);
    return;
  }
  await cli.print({ items }, format, ({ style, columns: width }) => tableLines(items, columns, { style, width }));
  if (more) await cli.err.lines([cli.err.style.quiet('There are more: see them with --limit.')]);
}
