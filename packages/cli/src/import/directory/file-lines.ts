import { createReadStream } from 'node:fs';

export interface FileLine {
  /** From 1, counted from where reading began. */
  readonly number: number;
  /** Undefined when it is longer than it may be. */
  readonly text: string | undefined;
  /** The byte behind it. */
  readonly end: number;
}

const NEWLINE = 10;

/** The lines of a file from a byte on; none of a file that is not there. No more than `maxBytes` of a line is kept. */
export async function* fileLines(file: string, { start = 0, maxBytes }: { readonly start?: number; readonly maxBytes: number }): AsyncGenerator<FileLine> {
  let [parts, sizeBytes, number, position]: [Buffer[], number, number, number] = [[], 0, 0, start];
  const take = (part: Buffer): void => {
    sizeBytes += part.length;
    if (sizeBytes <= maxBytes) parts.push(part);
    else parts = [];
  };
  const end = (): FileLine => {
    const line = { number: (number += 1), text: sizeBytes > maxBytes ? undefined : Buffer.concat(parts).toString('utf8'), end: position };
    [parts, sizeBytes] = [[], 0];
    return line;
  };
  try {
    for await (const chunk of createReadStream(file, { start, highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
        take(chunk.subarray(from, at));
        position += at + 1 - from;
        from = at + 1;
        yield end();
      }
      take(chunk.subarray(from));
      position += chunk.length - from;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  if (sizeBytes > 0) yield end();
}
