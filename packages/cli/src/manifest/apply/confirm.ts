import { type Io, Interruption } from '../../io.ts';

/** Asks on a terminal; only `y` and `yes` mean yes. */
export async function confirm({ stdin, stderr }: Pick<Io, 'stdin' | 'stderr'>, question: string): Promise<boolean> {
  stderr.write(`${question} [y/N] `);
  stdin.setEncoding('utf8');
  let answer = '';
  for await (const text of stdin as AsyncIterable<string>) {
    answer += text;
    if (answer.includes('\u0003')) throw new Interruption('ctrl_c');
    if (answer.includes('\n')) break;
  }
  return /^y(es)?\s*$/i.test(answer.split('\n')[0] ?? '');
}
