import type { ModelFile } from '../trained-model.ts';
import { StepFailure } from '../../step-failure.ts';

/** Descriptions are small; an MLmodel file with the schema of some ten thousand columns has a megabyte. */
const LIMIT_BYTES = 16 * 1024 * 1024;

/** One try. Throws StepFailure 'output_invalid' when the file is too large to be a description. */
export async function readText({ path, sizeBytes, open }: ModelFile, signal: AbortSignal): Promise<string> {
  if (sizeBytes > LIMIT_BYTES) throw new StepFailure('output_invalid', `'${path}' of the model has ${sizeBytes} bytes; such a file has at most ${LIMIT_BYTES}`);
  const parts: Buffer[] = [];
  for await (const bytes of (await open(signal)) as AsyncIterable<Buffer>) parts.push(bytes);
  return Buffer.concat(parts).toString();
}
