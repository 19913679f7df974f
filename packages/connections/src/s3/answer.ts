import type { StoreAnswer } from '../transfer/store-failure.ts';

/** Amazon's SDK hangs what it was told on its errors, each in its own place. */
export function answerOf(error: unknown): StoreAnswer {
  const { name, code, Code, $metadata } = (error ?? {}) as { name?: string; code?: unknown; Code?: unknown; $metadata?: { httpStatusCode?: number } };
  const word = [Code, code, name].find((one) => typeof one === 'string' && one !== 'Error' && one !== 'UnknownError' && one !== 'Unknown');
  return { status: $metadata?.httpStatusCode, code: String(word ?? '') };
}
