import type { StoreAnswer } from '../transfer/store-failure.ts';

/** Amazon's SDK hangs what it was told on its errors, each in its own place. */
export function answerOf(error: unknown): StoreAnswer {
  const { name, code, Code, $metadata } = (error ?? {}) as { name?: string; code?: unknown; Code?: unknown; $metadata?: { httpStatusCode?: number } };
  const word = [Code, code, name].find((one) => typeof one === 'string' && one !== 'Error' && one !== 'UnknownError' && one !== 'Unknown');
  return { status: $metadata?.httpStatusCode, code: String(word ?? '') };
}

/** Of an answer in XML. Texts in it are base64, dates and codes: nothing that XML would have to escape but `&`. */
export function elementOf(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]?.replaceAll('&amp;', '&');
}
