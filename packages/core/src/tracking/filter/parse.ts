import { LIMITS } from '../limits.ts';
import { checkLength, invalid } from '../names.ts';
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
 *     operand    = value | "(" [ value { "," value } [ "," ] ] ")"
 *     value      = number | string | word
 *     identifier = word | quoted | word "." quoted
 *     string     = "'" characters "'" | '"' characters '"'
 *     quoted     = string | "`" characters "`"
 *
 * Keywords may be written in any case; a word `entity.key` is cut at its first dot. All comparisons have to hold; as in MLflow
 * an AND too many or too few does not matter (filters are glued together from parts). There is no OR and no NOT of a comparison.
 * The refusal names every token that belongs to no comparison.
 */
export function parseFilter(text: string): Clause[] {
  checkLength(text, { what: 'filter', limit: LIMITS.filterLength });
  const tokens = lex(text);
  if (tokens.slice(0, -1).some((token) => token.text === ';')) throw invalid(`Search filter contained multiple expression ${JSON.stringify(text)}. Provide AND-ed expression list.`);
  const parser = new Parser(tokens);
  const clauses: Clause[] = [];
  const strange: Token[] = [];
  for (;;) {
    while (parser.takeKeyword('AND')) continue;
    const token = parser.peek();
    if (token === undefined) break;
    const clause = parser.comparison();
    if (clause === undefined) strange.push(token);
    else clauses.push(clause);
  }
  if (strange.length > 0) throw invalid(`Invalid clause(s) in filter string: ${strange.map((token) => `'${token.text}'`).join(', ')}`);
  return clauses;
}

/** Reads `identifier [ "ASC" | "DESC" ]`. */
export function parseOrder(text: string): OrderClause {
  checkLength(text, { what: 'order_by', limit: LIMITS.filterLength });
  const parser = new Parser(lex(text));
  const subject = parser.identifier();
  const [direction, ...more] = parser.rest();
  if (subject === undefined || more.length > 0) throw invalid(`Invalid order_by clause '${text}'. Could not be parsed.`);
  const word = direction?.text.toUpperCase() ?? 'ASC';
  if (word !== 'ASC' && word !== 'DESC') throw invalid(`Invalid ordering key in order_by clause '${text}'.`);
  return { subject, ascending: word === 'ASC' };
}

/** Every method answers undefined for what is not there. */
class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  rest(): readonly Token[] {
    return this.#tokens.slice(this.#at);
  }

  takeKeyword(word: string): boolean {
    const token = this.peek();
    if (token?.kind !== 'word' || token.text.toUpperCase() !== word) return false;
    this.#at++;
    return true;
  }

  /** Without one, the token in front is skipped. */
  comparison(): Clause | undefined {
    const start = this.#at;
    const clause = this.#comparison();
    if (clause === undefined) this.#at = start + 1;
    return clause;
  }

  #comparison(): Clause | undefined {
    const subject = this.identifier();
    const operator = subject === undefined ? undefined : this.#operator();
    if (subject === undefined || operator === undefined) return undefined;
    const operand = operator.startsWith('IS ') ? ({ kind: 'none', text: '' } as const) : this.#operand();
    return operand === undefined ? undefined : { subject, operator, operand };
  }

  identifier(): Identifier | undefined {
    const token = this.#take();
    if (token?.kind === 'quoted') return { entity: undefined, key: token.value };
    if (token?.kind !== 'word') return undefined;
    if (this.#takeMark('.')) {
      const key = this.#take();
      return key?.kind === 'quoted' ? { entity: token.text, key: key.value } : undefined;
    }
    const dot = token.text.indexOf('.');
    return dot < 0 ? { entity: undefined, key: token.text } : { entity: token.text.slice(0, dot), key: token.text.slice(dot + 1) };
  }

  #operator(): string | undefined {
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
    return undefined;
  }

  #operand(): Operand | undefined {
    return this.#takeMark('(') ? this.#list() : this.#value();
  }

  #value(): Operand | undefined {
    const token = this.#take();
    if (token?.kind === 'number') return { kind: 'number', value: token.value, text: token.text };
    if (token?.kind === 'quoted' && token.quote !== '`') return { kind: 'text', value: token.value, text: token.text };
    return token?.kind === 'word' ? { kind: 'word', text: token.text } : undefined;
  }

  #list(): Operand | undefined {
    const items: Operand[] = [];
    while (!this.#takeMark(')')) {
      const item = this.#value();
      if (item === undefined) return undefined;
      items.push(item);
      const next = this.peek();
      if (!this.#takeMark(',') && (next?.kind !== 'mark' || next.text !== ')')) return undefined;
    }
    return { kind: 'list', items, text: `(${items.map((item) => item.text).join(', ')})` };
  }

  #takeMark(mark: string): boolean {
    const token = this.peek();
    if (token?.kind !== 'mark' || token.text !== mark) return false;
    this.#at++;
    return true;
  }

  #take(): Token | undefined {
    return this.#tokens[this.#at++];
  }
}
