import { z } from 'zod';

/** ODAHU's own client sends text for everything; whoever writes JSON by hand sends numbers and booleans too. */
const scalar = z.union([z.string(), z.number(), z.boolean()], { error: 'expected text, a number, true or false' });

/** An optional text. Null, absent and empty are one thing, as in Go. */
export function text(description: string) {
  return scalar
    .nullish()
    .transform((value) => (value === null || value === undefined || value === '' ? undefined : String(value)))
    .meta({ type: 'string', description });
}

/** A text inside of a list or a map: there, if only empty. */
const item = scalar.nullable().transform((value) => (value === null ? '' : String(value))).meta({ type: 'string' });

/** True, false, or their names in any spelling; null and absent are undefined. */
export function flag(description: string) {
  return z
    .union([z.boolean(), z.stringbool()], { error: 'expected true or false' })
    .nullish()
    .transform((value) => value ?? undefined)
    .meta({ type: 'boolean', description });
}

export function texts(description: string) {
  return list(item, description);
}

export function textMap(description: string) {
  return z.preprocess((value) => value ?? {}, z.record(z.string(), item)).describe(description);
}

export function list<T extends z.ZodType>(element: T, description: string) {
  return z.preprocess((value) => value ?? [], z.array(element)).describe(description);
}

/** Fields that are not named are nobody's business: ODAHU ignores them too. */
export function object<S extends z.core.$ZodLooseShape>(shape: S, description = '') {
  const inner = z.preprocess((value) => value ?? {}, z.object(shape));
  return description === '' ? inner : inner.describe(description);
}

/** What every resource comes in. `kind`, times and status are the server's to say. */
export function envelope<S extends z.ZodType>(spec: S) {
  return object({ id: text('1 to 63 lowercase letters, digits and -, beginning with a letter'), spec });
}

/** Without what is undefined or empty: ODAHU's answers leave it out. */
export function present<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !isEmpty(value))) as Partial<T>;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
