/*
 * What projects write for a version of Python: `3.11` and `3.11.7` (that version and everything below it), `3.11.*`, conda's
 * `=3.11` and `==3.11`, and comparisons (`>=3.10,<3.13`).
 */

const CLAUSE = /^(==|=|!=|~=|>=|<=|>|<)?\s*(\d+(?:\.\d+)*)(\.?\*)?$/;

interface Clause {
  readonly operator: string;
  readonly parts: readonly number[];
}

export function isPythonWish(wish: string): boolean {
  return clausesOf(wish) !== undefined;
}

export function matchesPython(wish: string, version: string): boolean {
  const found = partsOf(version);
  return clausesOf(wish)?.every((clause) => matches(clause, found)) ?? false;
}

/** The version whose minor release is nearest to the wish (the newer of two as near), and the newest patch of it. */
export function nearestPython(wish: string, versions: readonly string[]): string | undefined {
  const minor = clausesOf(wish)?.[0]?.parts[1] ?? 0;
  const distance = (version: string): number => Math.abs((partsOf(version)[1] ?? 0) - minor);
  return versions.toSorted((a, b) => distance(a) - distance(b) || comparePythons(b, a))[0];
}

export function comparePythons(a: string, b: string): number {
  return compare(partsOf(a), partsOf(b));
}

function clausesOf(wish: string): readonly Clause[] | undefined {
  const clauses = wish.split(',').map((clause) => {
    const [, operator = '=', version] = CLAUSE.exec(clause.trim()) ?? [];
    return version === undefined ? undefined : { operator, parts: partsOf(version) };
  });
  return clauses.every((clause) => clause !== undefined) ? clauses : undefined;
}

function matches({ operator, parts }: Clause, found: readonly number[]): boolean {
  const within = parts.every((part, i) => part === found[i]);
  const order = compare(found, parts);
  switch (operator) {
    case '!=':
      return !within;
    case '>=':
      return order >= 0;
    case '<=':
      // `<=3.12` is meant to have 3.12.4 in it
      return order <= 0 || within;
    case '>':
      return order > 0 && !within;
    case '<':
      return order < 0;
    case '~=':
      return order >= 0 && parts.slice(0, -1).every((part, i) => part === found[i]);
    default:
      return within;
  }
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function partsOf(version: string): readonly number[] {
  return version.split('.').map(Number);
}
