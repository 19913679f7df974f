import { didYouMean } from '@trainyard/core/nearest.ts';
import type { z } from 'zod';

/** A value as a schema reads it, or what is wrong with it. */
export function readAs<S extends z.ZodType>(schema: S, input: unknown): { readonly value: z.output<S> } | { readonly problems: readonly string[] } {
  const result = schema.safeParse(input);
  return result.success ? { value: result.data } : { problems: problemsOf(schema, result.error, input) };
}

/** One sentence per thing that is wrong: where, what was asked, what was found, the nearest name of an unknown field. */
export function problemsOf(schema: z.ZodType, error: z.ZodError, input: unknown): string[] {
  return error.issues.flatMap((issue) => issueTexts(schema, issue, input));
}

function issueTexts(schema: z.ZodType, issue: z.core.$ZodIssue, input: unknown): string[] {
  if (issue.code === 'unrecognized_keys') {
    const known = fieldsAt(schema, issue.path);
    return issue.keys.map((key) => `unknown field '${join([...issue.path, key])}'${didYouMean(key, known)}`);
  }
  if (issue.code === 'invalid_union') {
    // the branch that got furthest is the one that was meant
    const branches = issue.errors.map((issues) => issues.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })));
    const meant = branches.toSorted((a, b) => depth(b) - depth(a) || a.length - b.length)[0];
    if (meant !== undefined && depth(meant) > issue.path.length) return meant.flatMap((inner) => issueTexts(schema, inner, input));
    // of a branch that took the value and could not use it, which says more than that no branch fits
    const own = branches.flat().filter(({ code }) => code === 'custom');
    if (own.length > 0) return own.flatMap((inner) => issueTexts(schema, inner, input));
  }
  const found = issue.code === 'invalid_type' || issue.code === 'invalid_union' || issue.code === 'invalid_value' ? foundText(valueAt(input, issue.path)) : '';
  const where = issue.path.length === 0 ? '' : `${join(issue.path)}: `;
  return [`${where}${sizeText(issue) ?? wordsOf(issue)}${found}`];
}

/** Our own words, as they are: they may quote megabytes of the input. What the library says it has found is said better by us. */
function wordsOf({ code, message }: z.core.$ZodIssue): string {
  return code === 'custom' ? message : message.replace(/^Invalid input: /, '').replace(/, received .*$/, '');
}

/** Of a value that is too large or too small, where the schema has no words of its own. */
function sizeText(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code !== 'too_big' && issue.code !== 'too_small') return undefined;
  if (!/^Too (big|small): /.test(issue.message)) return undefined;
  const bound = issue.code === 'too_big' ? `at most ${issue.maximum}` : `at least ${issue.minimum}`;
  const edge = issue.inclusive === false ? `${issue.code === 'too_big' ? 'less than' : 'more than'} ${bound.split(' ').at(-1) ?? ''}` : bound;
  const things: Readonly<Record<string, string>> = { string: ' characters', array: ' elements', set: ' elements', object: ' fields', map: ' fields' };
  if (edge === 'at least 1' && things[issue.origin] !== undefined) return 'must not be empty';
  const unit = things[issue.origin];
  return unit === undefined ? `must be ${edge}` : `must have ${edge}${unit}`;
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

function foundText(value: unknown): string {
  if (value === undefined) return ' (it is missing)';
  const text = JSON.stringify(value) ?? String(value);
  return `, found ${text.length > 80 ? `${text.slice(0, 77)}...` : text}`;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function join(path: readonly PropertyKey[]): string {
  return path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('').replace(/^\./, '');
}

/** Names of the fields of the object schema at `path`, through everything that wraps it. */
function fieldsAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let here: z.core.$ZodType[] = [schema];
  for (const key of path) here = here.flatMap((one) => inner(one, key));
  return here.flatMap(unwrap).flatMap((one) => (one._zod.def.type === 'object' ? Object.keys((one._zod.def as z.core.$ZodObjectDef).shape) : []));
}

function inner(schema: z.core.$ZodType, key: PropertyKey): z.core.$ZodType[] {
  return unwrap(schema).flatMap((one) => {
    if (one._zod.def.type === 'object') {
      const field = (one._zod.def as z.core.$ZodObjectDef).shape[String(key)];
      return field === undefined ? [] : [field];
    }
    if (one._zod.def.type === 'array') return [(one._zod.def as z.core.$ZodArrayDef).element];
    if (one._zod.def.type === 'record') return [(one._zod.def as z.core.$ZodRecordDef).valueType];
    return [];
  });
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType[] {
  const def = schema._zod.def as { innerType?: z.core.$ZodType; options?: z.core.$ZodType[]; in?: z.core.$ZodType };
  if (def.options !== undefined) return def.options.flatMap(unwrap);
  const within = def.innerType ?? def.in;
  return within === undefined ? [schema] : unwrap(within);
}
