import { TrainyardError } from '@trainyard/core/errors.ts';
import { type Io, Interruption } from '../io.ts';

const MAX_BYTES = 65_536;
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const BACKSPACE = ['\u007f', '\b'];

/** Reads a secret from a pipe as it is, without one line end at its end, or from a terminal without showing it. */
export async function readSecret(io: Pick<Io, 'stdin' | 'stderr'>, prompt: string): Promise<string> {
  const value = io.stdin.isTTY === true ? await ask(io, prompt) : (await readPipe(io)).replace(/\r?\n$/, '');
  if (value === '') throw new TrainyardError('USAGE', { problem: 'the value is empty', advice: 'pipe it in, or type it when you are asked' });
  return value;
}

async function readPipe({ stdin }: Pick<Io, 'stdin'>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin as AsyncIterable<Buffer | string>) chunks.push(Buffer.from(chunk));
  const bytes = Buffer.concat(chunks);
  if (bytes.length > MAX_BYTES) throw new TrainyardError('TOO_LARGE', { what: 'the secret', limit: MAX_BYTES });
  return bytes.toString('utf8');
}

async function ask({ stdin, stderr }: Pick<Io, 'stdin' | 'stderr'>, prompt: string): Promise<string> {
  stderr.write(prompt);
  stdin.setRawMode?.(true);
  stdin.setEncoding('utf8');
  try {
    let value = '';
    for await (const text of stdin as AsyncIterable<string>) {
      for (const key of text) {
        if (key === '\r' || key === '\n' || key === CTRL_D) return value;
        // raw mode hands Ctrl-C to us instead of making a signal of it
        if (key === CTRL_C) throw new Interruption('ctrl_c');
        value = BACKSPACE.includes(key) ? value.slice(0, -1) : value + key;
      }
    }
    return value;
  } finally {
    stdin.setRawMode?.(false);
    stderr.write('\n');
  }
}
