import { InvalidArgumentError, Option } from 'commander';
import { TrainyardError, messageOf } from '@trainyard/core/errors.ts';

/** How a command prints what it found. */
export type OutputFormat = { readonly kind: 'table' } | { readonly kind: 'json' } | { readonly kind: 'yaml' } | { readonly kind: 'jsonpath'; readonly path: string };

/** `-o`, the same on every command that prints objects. */
export function outputOption(): Option {
  return new Option('-o, --output <format>', 'table, json, yaml or jsonpath=EXPR').default({ kind: 'table' } satisfies OutputFormat, 'table').argParser(parseFormat);
}

function parseFormat(text: string): OutputFormat {
  if (text === 'table' || text === 'json' || text === 'yaml') return { kind: text };
  const path = /^jsonpath=(.+)$/.exec(text)?.[1];
  if (path !== undefined && !isWhole(path)) throw new InvalidArgumentError('A bracket, brace or quote of the expression has no end. Write it like status.state or $.items[*].id');
  if (path !== undefined) return { kind: 'jsonpath', path };
  throw new InvalidArgumentError('Choose table, json, yaml or jsonpath=EXPR, for example jsonpath=status.state');
}

/** The library takes the beginning of an expression that breaks off, and answers everything. */
function isWhole(path: string): boolean {
  const rest = path.replaceAll(/'[^']*'|"[^"]*"/g, '');
  const count = (character: string): number => rest.split(character).length - 1;
  return !/['"]/.test(rest) && count('[') === count(']') && count('{') === count('}') && count('(') === count(')');
}

/** The text of a value in a machine's format, line end included. */
export async function formatValue(value: unknown, format: Exclude<OutputFormat, { kind: 'table' }>): Promise<string> {
  switch (format.kind) {
    case 'json':
      return `${JSON.stringify(value, null, 2)}\n`;
    case 'yaml': {
      const { stringify } = await import('yaml');
      return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
    }
    case 'jsonpath':
      return await matches(value, format.path);
    default:
      return format satisfies never;
  }
}

/** One line for each match: texts as they are, everything else as JSON. */
async function matches(value: unknown, expression: string): Promise<string> {
  const { JSONPath } = await import('jsonpath-plus');
  const path = rooted(expression);
  try {
    // eval false: an expression is data from a command line that may come from a script, never code
    const found = JSONPath({ path, json: value as object, wrap: true, eval: false }) as unknown[] | undefined;
    return (found ?? []).map((one) => `${typeof one === 'string' ? one : JSON.stringify(one)}\n`).join('');
  } catch (error) {
    throw new TrainyardError('USAGE', { problem: `the expression '${expression}' cannot be used: ${messageOf(error)}`, advice: 'write it like status.state, $.items[*].id or $..name; filters that are code are switched off' }, { cause: error });
  }
}

/** `{.id}` as kubectl writes it, `[*].id` as odahuflowctl does, and plain `id` mean the same as `$.id`. */
function rooted(expression: string): string {
  const bare = expression.replace(/^\{(.*)\}$/s, '$1').trim();
  if (bare.startsWith('$')) return bare;
  return bare.startsWith('.') || bare.startsWith('[') ? `$${bare}` : `$.${bare}`;
}
