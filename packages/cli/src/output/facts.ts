import type { Screen } from './screen.ts';
import { safeLine } from './safe-text.ts';
import { fitText, textWidth, wrapText } from './text-width.ts';

/** A name and what there is to say about it; facts without a text are left out. */
export type Fact = readonly [name: string, text: string | undefined, aside?: string | undefined];

const INDENT = '  ';
const NAME_WIDTH = 14;
const GAP = '  ';

/** Aligned `name  text  aside` lines. A long text goes on below itself; the aside is quiet, and cut when the terminal is narrow. */
export function factLines(facts: readonly Fact[], screen: Pick<Screen, 'style' | 'columns'>): string[] {
  return facts.flatMap(([name, text, aside]) => (text === undefined || text === '' ? [] : factLine({ name, text, aside: aside ?? '' }, screen)));
}

function factLine({ name, text, aside }: { readonly name: string; readonly text: string; readonly aside: string }, { style, columns }: Pick<Screen, 'style' | 'columns'>): string[] {
  const room = columns === undefined ? Infinity : columns - INDENT.length - NAME_WIDTH;
  const [first = '', ...rest] = room === Infinity ? [safeLine(text)] : wrapText(safeLine(text), room);
  const lines = [style.quiet(`${INDENT}${name.padEnd(NAME_WIDTH)}`) + first, ...rest.map((line) => ' '.repeat(INDENT.length + NAME_WIDTH) + line)];
  const left = room - textWidth(rest.at(-1) ?? first) - GAP.length;
  const fitted = aside === '' || left < 2 ? '' : left === Infinity ? safeLine(aside) : fitText(safeLine(aside), left);
  return fitted === '' ? lines : [...lines.slice(0, -1), `${lines.at(-1) ?? ''}${GAP}${style.quiet(fitted)}`];
}
