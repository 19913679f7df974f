import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline as connect } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, deflateRawSync, gzipSync } from 'node:zlib';
import { Header, Pax } from 'tar';
import { StepFailure } from '../step-failure.ts';
import type { ModelFile } from './trained-model.ts';

export interface PackedFiles {
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** The best level takes five times as long as this one, and makes hardly less of what models are. */
const COMPRESSION_LEVEL = 1;
/** Weights are mostly noise: where the beginning of a file does not get smaller, trying to costs a second per 30 MB. */
const SAMPLE_BYTES = 64 * 1024;
const WORTH_IT = 0.95;
const BLOCK_BYTES = 512;
/** Two empty blocks end an archive. */
const END = Buffer.alloc(2 * BLOCK_BYTES);
const EPOCH = new Date(0);

/**
 * Writes the files as a gzip-compressed tar, as ODAHU's packager unpacks it: names begin with `./`. Sorted by name, without
 * times, owners and modes of this machine, so that equal files give equal bytes. One file after the other; nothing is kept in
 * memory. Throws StepFailure 'output_invalid' for names that do not stay in the directory they are unpacked in.
 */
export async function packFiles(files: readonly ModelFile[], path: string, signal: AbortSignal): Promise<PackedFiles> {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  refuseNames(sorted);
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const measured = async function* (bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const part of bytes) {
      hash.update(part);
      sizeBytes += part.length;
      yield part;
    }
  };
  await pipeline(() => archive(sorted, signal), measured, createWriteStream(path), { signal });
  return { sizeBytes, sha256: hash.digest('hex') };
}

/** Each file is compressed on its own, as far as that is worth it: one gzip stream behind the other is a gzip stream. */
async function* archive(files: readonly ModelFile[], signal: AbortSignal): AsyncGenerator<Buffer> {
  for (const file of files) {
    const bytes = (await file.open(signal)) as AsyncIterable<Buffer>;
    const parts = bytes[Symbol.asyncIterator]();
    try {
      const begin = await firstBytes(parts);
      const level = deflateRawSync(begin, { level: COMPRESSION_LEVEL }).length < WORTH_IT * begin.length ? COMPRESSION_LEVEL : 0;
      yield* compressed(entry(file, begin, parts), level);
    } finally {
      await parts.return?.();
    }
  }
  yield gzipSync(END);
}

async function firstBytes(parts: AsyncIterator<Buffer>): Promise<Buffer> {
  const begin: Buffer[] = [];
  for (let size = 0; size < SAMPLE_BYTES; ) {
    const { value, done } = await parts.next();
    if (done === true) break;
    begin.push(value);
    size += value.length;
  }
  return Buffer.concat(begin);
}

async function* entry({ path, sizeBytes }: ModelFile, begin: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield* headers(path, sizeBytes);
  let seenBytes = 0;
  for (let part: IteratorResult<Buffer> = { value: begin }; part.done !== true && seenBytes <= sizeBytes; part = await rest.next()) {
    seenBytes += part.value.length;
    if (seenBytes <= sizeBytes) yield part.value;
  }
  // the header is written already: with another size everything behind it would be read wrongly
  if (seenBytes !== sizeBytes) throw new StepFailure('output_invalid', `'${path}' of the model had ${sizeBytes} bytes and changed while it was packed; finish writing before the training ends`);
  yield Buffer.alloc((BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES);
}

async function* compressed(bytes: AsyncIterable<Buffer>, level: number): AsyncGenerator<Buffer> {
  const gzip = createGzip({ level, chunkSize: SAMPLE_BYTES });
  // what goes wrong with the bytes destroys the stream, and reading it throws that
  connect(bytes, gzip, () => undefined);
  yield* gzip as AsyncIterable<Buffer>;
}

/** The header of a file, behind one more for a name or a size that does not fit into it. */
function* headers(path: string, sizeBytes: number): Generator<Buffer> {
  const fields = { path: `./${path}`, size: sizeBytes };
  const header = new Header({ ...fields, type: 'File', mode: 0o644, uid: 0, gid: 0, mtime: EPOCH });
  if (header.encode()) yield new Pax(fields).encode();
  if (header.block === undefined) throw new Error(`no header could be made for '${path}'`);
  yield header.block;
}

function refuseNames(files: readonly ModelFile[]): void {
  for (const [i, { path }] of files.entries()) {
    const parts = path.split('/');
    const problem = parts.some((part) => part === '' || part === '.' || part === '..') ? 'is not a path inside of it' : /[\u0000-\u001f\u007f\\]/.test(path) ? 'has a backslash or a control character' : undefined;
    if (problem !== undefined) throw new StepFailure('output_invalid', `the model has a file '${JSON.stringify(path).slice(1, -1)}', which ${problem}; rename it`);
    if (path === files[i - 1]?.path) throw new StepFailure('output_invalid', `the model has two files '${path}'`);
  }
}
