/**
 * For each line of Python text, whether a statement begins there: false inside of a text with three quotes, of brackets, and
 * behind a backslash. Line magics stand only where it is true.
 */
export function statementStarts(lines: readonly string[]): boolean[] {
  const scanner = new Scanner();
  return lines.map((line) => scanner.next(line));
}

const QUOTES = /'''|"""|'|"/y;

class Scanner {
  /** The quotes of the text that goes on over lines. */
  #open: string | undefined;
  #depth = 0;
  #continued = false;

  next(line: string): boolean {
    const starts = this.#open === undefined && this.#depth === 0 && !this.#continued;
    this.#continued = false;
    let at = 0;
    while (at < line.length) at = this.#open === undefined ? this.#outside(line, at) : this.#inside(line, at);
    // a text in single quotes ends with its line, unless the line ends with a backslash
    if (this.#open?.length === 1 && !this.#continued) this.#open = undefined;
    return starts;
  }

  /** Answers where to go on. */
  #outside(line: string, at: number): number {
    const sign = line.charAt(at);
    if (sign === '#') return line.length;
    QUOTES.lastIndex = at;
    const quotes = QUOTES.exec(line)?.[0];
    if (quotes !== undefined) {
      this.#open = quotes;
      return at + quotes.length;
    }
    if ('([{'.includes(sign)) this.#depth += 1;
    if (')]}'.includes(sign)) this.#depth = Math.max(0, this.#depth - 1);
    if (sign === '\\' && at === line.length - 1) this.#continued = true;
    return at + 1;
  }

  #inside(line: string, at: number): number {
    if (line.charAt(at) === '\\') {
      if (at === line.length - 1) this.#continued = true;
      return at + 2;
    }
    if (this.#open !== undefined && line.startsWith(this.#open, at)) {
      const next = at + this.#open.length;
      this.#open = undefined;
      return next;
    }
    return at + 1;
  }
}
