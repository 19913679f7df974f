import { describe, expect, test } from 'vitest';
import { LogLines } from './log-lines.ts';

function lines(text: string, { size = 1_000_000, coloured = false } = {}): string[] {
  const log = new LogLines(coloured);
  const bytes = Buffer.from(text);
  const found: string[] = [];
  for (let at = 0; at < bytes.length; at += size) found.push(...log.push(bytes.subarray(at, at + size)));
  return [...found, ...log.end()];
}

describe('LogLines', () => {
  test.each([1, 3, 1000])('pieces of %i bytes', (size) => {
    expect(lines('one\nzwölf\n\nthree', { size })).toEqual(['one', 'zwölf', '', 'three']);
  });

  test('a progress bar leaves its last frame', () => {
    expect(lines('\r 10%\r 50%\r100%\ndone\r\n')).toEqual(['100%', 'done']);
  });

  test('the frame of now can be seen before it is finished', () => {
    const log = new LogLines(true);
    log.push(Buffer.from('epoch 1\r 10%\r\u001b[32m 50%'));
    expect(log.unfinished).toBe(' 50%');
  });

  test('colours only where there is colour, and closed at the end of the line', () => {
    expect(lines('\u001b[31mred\nplain\n')).toEqual(['red', 'plain']);
    expect(lines('\u001b[31mred\nplain\n', { coloured: true })).toEqual(['\u001b[31mred\u001b[0m', 'plain']);
  });

  test('what is no colour is never let through', () => {
    expect(lines('\u001b[2Jx\u001b]0;t\u0007\n', { coloured: true })[0]).toBe('␛[2Jx␛]0;t␇');
  });

  test('ten megabytes without a line end come in pieces, none of them lost', () => {
    const text = 'abcdefghij'.repeat(1_000_000);
    const found = lines(text, { size: 65_536 });
    expect(found.length).toBeGreaterThan(100);
    expect(found.join('') === text).toBe(true);
  });

  test('a million frames of a progress bar take no room', () => {
    const found = lines(`${'\r 12%'.repeat(1_000_000)}\r99%`, { size: 65_536 });
    expect(found).toEqual(['99%']);
  });
});
