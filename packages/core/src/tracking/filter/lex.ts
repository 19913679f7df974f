export type Token =
  /** Anything without quotes: names, keywords. */
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'number'; readonly text: string; readonly value: number }
  /** `value` is what stands between the quotes, as it stands there. */
  | { readonly kind: 'quoted'; readonly text: string; readonly quote: '"' | "'" | '`'; readonly value: string }
  | { readonly kind: 'operator'; readonly text: string }
  | { readonly kind: 'mark'; readonly text: '(' | ')' | ',' | '.' }
  /** What no filter has: a quote that does not close, a semicolon. */
  | { readonly kind: 'stray'; readonly text: string };

const SPACE = /\s+/y;
/** After its digits a dot or nothing: two ways to cut a row of digits would be tried for each of them. */
const NUMBER = /[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])/y;
const OPERATOR = /[<>=!]+/y;
const MARK = /[(),]/y;
const WORD = /[^\s'"`<>=!(),;]+/y;
/** A dot between an entity and a quoted key belongs to neither. */
const DOT = /\.(?=['"`])/y;

/** Cuts a filter or order clause into tokens, in time in proportion to its length; together with the blanks between them they are the whole text. */
export function lex(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const space = match(SPACE, text, at);
    at += space.length;
    if (at >= text.length) break;
    const token = next(text, at);
    at += token.text.length;
    tokens.push(token);
  }
  return tokens;
}

function next(text: string, at: number): Token {
  const number = match(NUMBER, text, at);
  if (number !== '') return { kind: 'number', text: number, value: Number(number) };
  const quoted = quotedAt(text, at);
  if (quoted !== '') return { kind: 'quoted', text: quoted, quote: quoted[0] as '"', value: quoted.slice(1, -1) };
  const operator = match(OPERATOR, text, at);
  if (operator !== '') return { kind: 'operator', text: operator };
  const mark = match(MARK, text, at) || match(DOT, text, at);
  if (mark !== '') return { kind: 'mark', text: mark as '(' };
  const word = wordAt(text, at);
  return word === '' ? { kind: 'stray', text: text.charAt(at) } : { kind: 'word', text: word };
}

/**
 * A quote that stands twice or behind a backslash does not close; when no other one follows, it does. No pattern: one that
 * repeats a choice keeps its place for every character, and the stack ends before the text does.
 */
function quotedAt(text: string, at: number): string {
  const quote = text.charAt(at);
  if (quote === '`') return text.slice(at, text.indexOf(quote, at + 1) + 1);
  if (quote !== "'" && quote !== '"') return '';
  let end = 0;
  for (let next = text.indexOf(quote, at + 1); next >= 0; ) {
    end = next + 1;
    const isEscaped = text[next - 1] === '\\';
    const isDoubled = !isEscaped && text[end] === quote;
    if (!isEscaped && !isDoubled) break;
    next = text.indexOf(quote, isDoubled ? end + 1 : end);
  }
  return text.slice(at, end);
}

/** `metrics.` before a quoted key ends before its dot. */
function wordAt(text: string, at: number): string {
  const word = match(WORD, text, at);
  return word.endsWith('.') && /['"`]/.test(text[at + word.length] ?? '') ? word.slice(0, -1) : word;
}

function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}
