/**
 * Parses JSON as Python writes it: NaN and the infinities bare, whole numbers of any length. They come out as texts, so that
 * nothing is lost; what reads them takes both.
 */
export function readJson(text: string): unknown {
  return JSON.parse(/NaN|Infinity|\d{16}/.test(text) ? outsideOfTexts(text, quoteUnusual) : text);
}

function quoteUnusual(part: string): string {
  return part.replace(/-?\b(?:NaN|Infinity)\b|(?<![\w.+-])-?\d{16,}(?![\w.])/g, (token) => `"${token}"`);
}

/** Changes what stands between the texts of a JSON document, and leaves those as they are. */
function outsideOfTexts(json: string, change: (part: string) => string): string {
  const parts: string[] = [];
  let at = 0;
  for (let quote = json.indexOf('"'); quote >= 0; quote = json.indexOf('"', at)) {
    const end = endOfText(json, quote);
    parts.push(change(json.slice(at, quote)), json.slice(quote, end));
    at = end;
  }
  return parts.join('') + change(json.slice(at));
}

/** Behind the quote that ends the text which begins at `start`. */
function endOfText(json: string, start: number): number {
  for (let quote = json.indexOf('"', start + 1); quote >= 0; quote = json.indexOf('"', quote + 1)) {
    let slashes = 0;
    while (json[quote - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return quote + 1;
  }
  return json.length;
}

/** A whole number as `readJson` gives it. */
export function wholeOf(value: unknown): number | bigint | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  if (typeof value !== 'string' || !/^-?\d{1,20}$/.test(value)) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : BigInt(value);
}

/** A double as `readJson` gives it. */
export function doubleOf(value: unknown): number {
  return typeof value === 'number' ? value : Number(value);
}
