import { styleText } from 'node:util';
import type { Env } from '../io.ts';

type Paint = (text: string) => string;

/** Colours by what they mean. Without colour every one of them gives its text back. */
export interface Style {
  readonly title: Paint;
  readonly quiet: Paint;
  readonly good: Paint;
  readonly bad: Paint;
  readonly careful: Paint;
  readonly busy: Paint;
}

const plain: Paint = (text) => text;

const PLAIN: Style = { title: plain, quiet: plain, good: plain, bad: plain, careful: plain, busy: plain };

const COLOURED: Style = {
  title: paint('bold'),
  quiet: paint('dim'),
  good: paint('green'),
  bad: paint('red'),
  careful: paint('yellow'),
  busy: paint('cyan'),
};

export function styleFor(coloured: boolean): Style {
  return coloured ? COLOURED : PLAIN;
}

/** Colour on a terminal that can show it, unless somebody said otherwise (--no-color, NO_COLOR, FORCE_COLOR). */
export function wantsColour(stream: { readonly isTTY?: boolean | undefined }, choice: { readonly flag: boolean; readonly env: Env }): boolean {
  const { NO_COLOR: no = '', FORCE_COLOR: force = '', TERM: terminal } = choice.env;
  if (!choice.flag || no !== '') return false;
  if (force !== '') return force !== '0' && force !== 'false';
  return stream.isTTY === true && terminal !== 'dumb';
}

function paint(format: Parameters<typeof styleText>[0]): Paint {
  return (text) => (text === '' ? '' : styleText(format, text, { validateStream: false }));
}
