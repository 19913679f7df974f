/** A parsed JSON text. Whole numbers that a JavaScript number would round are bigint. */
export type ExactJson = string | number | bigint | boolean | null | readonly ExactJson[] | { readonly [key: string]: ExactJson };

/** Ids of Databricks are int64: `JSON.parse` alone would answer the id of another run. Throws SyntaxError. */
export function parseExactly(text: string): ExactJson {
  return JSON.parse(text, (_key, value: ExactJson, context?: { readonly source?: string }) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
    const source = context?.source ?? '';
    return /^-?\d+$/.test(source) ? BigInt(source) : value;
  }) as ExactJson;
}

const ID = /^[1-9]\d{0,18}$/;

/** An id as text, whether it came as a number or as text; undefined when it is none. */
export function idText(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  const text = String(value);
  return ID.test(text) ? text : undefined;
}
