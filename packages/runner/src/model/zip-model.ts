import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import type { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ModelFile } from './trained-model.ts';

export interface ZippedModel {
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Where the model lies in the archive. */
const MODEL_DIR = 'model';
const DESCRIPTION_NAME = 'trainyard.json';
/** Weights hardly get smaller at any level, and the best level takes five times as long as this one. */
const COMPRESSION_LEVEL = 1;

/** Writes the model and its description into a zip, one file after the other; nothing is kept in memory. */
export async function zipModel(files: readonly ModelFile[], description: object, path: string, signal: AbortSignal): Promise<ZippedModel> {
  const { ZipFile } = await import('yazl');
  const zip = new ZipFile();
  const options = { compress: true, compressionLevel: COMPRESSION_LEVEL };
  zip.addBuffer(Buffer.from(`${JSON.stringify(description, null, 2)}\n`), DESCRIPTION_NAME, options);
  for (const file of files) {
    zip.addReadStreamLazy(`${MODEL_DIR}/${file.path}`, options, (opened) => {
      file.open(signal).then(
        (stream) => {
          // yazl pipes without looking at errors, and a file that breaks off must break the archive
          stream.on('error', (error) => zip.emit('error', error));
          opened(null, stream);
        },
        (error: unknown) => opened(error, undefined as never),
      );
    });
  }
  zip.end();
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const measured = async function* (bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const part of bytes) {
      hash.update(part);
      sizeBytes += part.length;
      yield part;
    }
  };
  const output = zip.outputStream as PassThrough; // which it is; its types promise less
  zip.on('error', (error: Error) => output.destroy(error));
  await pipeline(output, measured, createWriteStream(path), { signal });
  return { sizeBytes, sha256: hash.digest('hex') };
}
