import { invalid } from '../names.ts';
import { lex, type Token } from './lex.ts';

/** What a clause is about, as it was written. */
export interface Identifier {
  /** What stands before the first dot; undefined without one. */
  readonly entity: string | undefined;
  readonly key: string;
}

export type Operand =
  | { readonly kind: 'number'; readonly value: number; readonly text: string }
  | { readonly kind: 'text'; readonly value: string; readonly text: string }
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly Operand[]; readonly text: string }
  | { readonly kind: 'none'; readonly text: '' };

/** One comparison, well formed, its meaning not checked yet. */
export interface Clause {
  readonly subject: Identifier;
  /** Upper case: `=`, `LIKE`, `NOT IN`, `IS NULL` … */
  readonly operator: string;
  readonly operand: Operand;
}

export interface OrderClause {
  readonly subject: Identifier;
  readonly ascending: boolean;
}

/**
 * Reads MLflow's filter language:
 *
 *     filter     = { comparison | "AND" }
 *     comparison = identifier ( operator operand | "IS" [ "NOT" ] "NULL" )
 *     operator   = symbol | [ "NOT" ] ( "LIKE" | "ILIKE" | "IN" )
 *     symbol     = one or more of "<" ">" "=" "!"
 *     operand    = number | string | word | "(" [ operand { "," operand } [ "," ] ] ")"
 *     identifier = word | quoted | word "." quoted
 *     string     = "'" characters "'" | '"' characters '"'
 *     quoted     = string | "`" characters "`"
 *
 * Keywords may be written in any case; a word `entity.key` is cut at its first dot. All comparisons have to hold; as in MLflow
 * an AND too many or too few does not matter (filters are glued together from parts). There is no OR and no NOT of a comparison.
 */
export function parseFilter(text: string): Clause[] {
  const parser = new Parser(text);
  const clauses: Clause[] = [];
  for (;;) {
    while (parser.takeKeyword('AND')) continue;
    if (parser.atEnd) return clauses;
    clauses.push(parser.comparison());
  }
}

/** Reads `identifier [ "ASC" | "DESC" ]`. */
export function parseOrder(text: string): OrderClause {
  const refuse = () => invalid(`Invalid order_by clause '${text}'. Could not be parsed.`);
  const tokens = lexOr(text, refuse);
  const parser = new Parser(text, tokens);
  const subject = parser.identifierOr(refuse);
  const rest = parser.rest();
  const [direction] = rest;
  if (direction === undefined) return { subject, ascending: true };
  const word = direction.text.toUpperCase();
  if (rest.length > 1) throw refuse();
  if (word !== 'ASC' && word !== 'DESC') throw invalid(`Invalid ordering key in order_by clause '${text}'.`);
  return { subject, ascending: word === 'ASC' };
}

function lexOr(text: string, refuse: () => Error): Token[] {
  try {
    return lex(text);
  } catch {
    throw refuse();
  }
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string, tokens: readonly Token[] = lex(text)) {
    this.#text = text;
    this.#tokens = tokens;
  }

  get atEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  rest(): readonly Token[] {
    return this.#tokens.slice(this.#at);
  }

  takeKeyword(word: string): boolean {
    const token = this.#peek();
    if (token?.kind !== 'word' || token.text.toUpperCase() !== word) return false;
    this.#at++;
    return true;
  }

  comparison(): Clause {
    const start = this.#at;
    const refuse = () => this.#refuse(start);
    const subject = this.identifierOr(refuse);
    const operator = this.#operator(refuse);
    const operand = operator.startsWith('IS ') ? ({ kind: 'none', text: '' } as const) : this.#operand(refuse);
    return { subject, operator, operand };
  }

  identifierOr(refuse: () => Error): Identifier {
    const token = this.#take();
    if (token?.kind === 'quoted') return { entity: undefined, key: token.value };
    if (token?.kind !== 'word') throw refuse();
    if (this.#peek()?.kind === 'mark' && this.#peek()?.text === '.') {
      this.#at++;
      const key = this.#take();
      if (key?.kind !== 'quoted') throw refuse();
      return { entity: token.text, key: key.value };
    }
    const dot = token.text.indexOf('.');
    return dot < 0 ? { entity: undefined, key: token.text } : { entity: token.text.slice(0, dot), key: token.text.slice(dot + 1) };
  }

  #operator(refuse: () => Error): string {
    const token = this.#take();
    if (token?.kind === 'operator') return token.text;
    const word = token?.kind === 'word' ? token.text.toUpperCase() : '';
    if (word === 'LIKE' || word === 'ILIKE' || word === 'IN') return word;
    if (word === 'NOT') {
      const negated = this.#take()?.text.toUpperCase() ?? '';
      if (negated === 'LIKE' || negated === 'ILIKE' || negated === 'IN') return `NOT ${negated}`;
    }
    if (word === 'IS') {
      const not = this.takeKeyword('NOT');
      if (this.takeKeyword('NULL')) return not ? 'IS NOT NULL' : 'IS NULL';
    }
    throw refuse();
  }

  #operand(refuse: () => Error): Operand {
    const token = this.#take();
    if (token?.kind === 'number') return { kind: 'number', value: token.value, text: token.text };
    if (token?.kind === 'quoted' && token.quote !== '`') return { kind: 'text', value: token.value, text: token.text };
    if (token?.kind === 'word') return { kind: 'word', text: token.text };
    if (token?.kind === 'mark' && token.text === '(') return this.#list(refuse);
    throw refuse();
  }

  #list(refuse: () => Error): Operand {
    const items: Operand[] = [];
    while (this.#peek()?.text !== ')' || this.#peek()?.kind !== 'mark') {
      if (this.atEnd) throw refuse();
      items.push(this.#operand(refuse));
      const after = this.#peek();
      if (after?.kind === 'mark' && after.text === ',') this.#at++;
      else if (after?.kind !== 'mark' || after.text !== ')') throw refuse();
    }
    this.#at++;
    return { kind: 'list', items, text: `(${items.map((item) => item.text).join(', ')})` };
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  #take(): Token | undefined {
    return this.#tokens[this.#at++];
  }

  /** Names what is left from the token where the trouble began. */
  #refuse(from: number): Error {
    const words = this.#tokens.slice(from).map((token) => `'${token.text}'`);
    return invalid(`Invalid clause(s) in filter string: ${words.join(', ') || `'${this.#text}'`}`);
  }
}
