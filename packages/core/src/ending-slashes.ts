/** The text without the slashes it ends with. By hand: as a pattern it would begin again at every slash of a long row. */
export function withoutEndingSlashes(text: string): string {
  let end = text.length;
  while (text[end - 1] === '/') end--;
  return text.slice(0, end);
}
