import { stripVTControlCharacters } from 'node:util';

const ASCII = /^[\u0020-\u007e]*$/;
const WIDE = /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const characters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Columns a text takes on a terminal; colours take none. */
export function textWidth(text: string): number {
  const bare = text.includes('\u001b') ? stripVTControlCharacters(text) : text;
  if (ASCII.test(bare)) return bare.length;
  let width = 0;
  for (const { segment } of characters.segment(bare)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** A plain text cut to at most `width` columns, with `…` where something was cut off. */
export function fitText(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let fitted = '';
  let left = width - 1;
  for (const { segment } of characters.segment(text)) {
    left -= WIDE.test(segment) ? 2 : 1;
    if (left < 0) break;
    fitted += segment;
  }
  return width < 1 ? '' : `${fitted}…`;
}

/** A plain text broken at spaces into lines of at most `width` columns; a word that is longer stays whole. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && textWidth(longer) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}
