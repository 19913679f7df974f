/** JSON with bigints as the numbers they are. TypeScript's library does not know it yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/** What an answer may hold. Undefined fields and empty lists are left out, as MLflow leaves out what is not set. */
export type Wire = string | number | bigint | boolean | undefined | readonly Wire[] | { readonly [field: string]: Wire };

/** Writes an answer: int64 in full, NaN as the string protobuf uses for it. */
export function writeJson(answer: { readonly [field: string]: Wire }): string {
  return JSON.stringify(answer, (_, value: Wire) => {
    if (typeof value === 'bigint') return rawJSON(String(value));
    if (typeof value === 'number' && Number.isNaN(value)) return 'NaN';
    return Array.isArray(value) && value.length === 0 ? undefined : value;
  });
}
