/** A field that is not the same on both sides; a side without it is undefined. */
export interface Difference {
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Fields in which two values of JSON differ, down to what is no mapping on both sides. */
export function differences(before: unknown, after: unknown, field = ''): Difference[] {
  if (isMapping(before) && isMapping(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) => differences(before[name], after[name], field === '' ? name : `${field}.${name}`));
  }
  return isSame(before, after) ? [] : [{ field, before, after }];
}

/** `alpha: 0.5 → 0.1` */
export function differenceText({ field, before, after }: Difference): string {
  if (before === undefined) return `${field}: ${shown(after)} (new)`;
  if (after === undefined) return `${field}: ${shown(before)} (removed)`;
  return `${field}: ${shown(before)} → ${shown(after)}`;
}

function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((one, at) => isSame(one, b[at]));
  if (isMapping(a) && isMapping(b)) return differences(a, b).length === 0;
  return a === b;
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
