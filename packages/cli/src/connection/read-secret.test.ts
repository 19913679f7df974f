import { PassThrough, Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { InStream } from '../io.ts';
import { readSecret } from './read-secret.ts';

const pipe = (text: string): InStream => Readable.from([Buffer.from(text)]);

/** A terminal on which somebody types. */
function terminal(keys: string): { stdin: InStream; modes: boolean[] } {
  const modes: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (on: boolean) => void modes.push(on) });
  stdin.write(keys);
  return { stdin, modes };
}

describe('readSecret', () => {
  test.each([
    ['s3cret', 's3cret'],
    ['s3cret\n', 's3cret'],
    ['s3cret\r\n', 's3cret'],
    ['two\nlines\n\n', 'two\nlines\n'],
    ['  spaces  ', '  spaces  '],
    ['пароль', 'пароль'],
  ])('from a pipe: %j', async (text, value) => {
    expect(await readSecret({ stdin: pipe(text), stderr: new PassThrough() }, '')).toBe(value);
  });

  test.each(['', '\n'])('nothing is refused: %j', async (text) => {
    await expect(readSecret({ stdin: pipe(text), stderr: new PassThrough() }, '')).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('too much is refused', async () => {
    await expect(readSecret({ stdin: pipe('x'.repeat(70_000)), stderr: new PassThrough() }, '')).rejects.toMatchObject({ code: 'TOO_LARGE' });
  });

  test('typed on a terminal: nothing is echoed, backspace works, raw mode is left again', async () => {
    const { stdin, modes } = terminal('s3cx\u007fret\r');
    const stderr = new PassThrough();
    expect(await readSecret({ stdin, stderr }, 'Value: ')).toBe('s3cret');
    expect([modes, String(stderr.read())]).toEqual([[true, false], 'Value: \n']);
  });

  test('Ctrl-C while it is typed', async () => {
    const { stdin, modes } = terminal('s3\u0003');
    await expect(readSecret({ stdin, stderr: new PassThrough() }, '')).rejects.toMatchObject({ name: 'Interruption' });
    expect(modes).toEqual([true, false]);
  });
});
