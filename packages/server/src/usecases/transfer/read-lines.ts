/** One line of a text that arrives in pieces. `text` is undefined when it is longer than it may be. */
export interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string | undefined;
}

const NEWLINE = 10;

/** Cuts bytes into lines; no more of a line is kept than `maxBytes`, however long it is. Empty lines are counted and left out. */
export async function* readLines(bytes: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Line> {
  let parts: Uint8Array[] = [];
  let sizeBytes = 0;
  let number = 0;
  const take = (part: Uint8Array): void => {
    sizeBytes += part.length;
    if (sizeBytes <= maxBytes) parts.push(part);
    else parts = [];
  };
  const end = (): Line => {
    number += 1;
    const line = { number, text: sizeBytes > maxBytes ? undefined : Buffer.concat(parts).toString('utf8').trim() };
    [parts, sizeBytes] = [[], 0];
    return line;
  };
  for await (const chunk of bytes) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      take(chunk.subarray(from, at));
      from = at + 1;
      const line = end();
      if (line.text !== '') yield line;
    }
    take(chunk.subarray(from));
  }
  const last = end();
  if (last.text !== '') yield last;
}
