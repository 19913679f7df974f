import { describe, expect, test } from 'vitest';
import { safeLine, safeText, SafeTextStream } from './safe-text.ts';

const ATTACKS: readonly (readonly [string, string])[] = [
  ['clear the screen', '\u001b[2J'],
  ['move the cursor', '\u001b[1;1H'],
  ['rename the window', '\u001b]0;title\u0007'],
  ['write to the clipboard', '\u001b]52;c;cm0gLXJm\u0007'],
  ['ask the terminal to answer', '\u001b[6n'],
  ['device control', '\u001bP$qm\u001b\\'],
  ['the 8-bit forms', '\u009b2J\u009d0;x\u009c'],
  ['backspaces', 'safe\b\b\b\bevil'],
  ['reversed text', '\u202egnp.exe'],
  ['a colour with letters in it', '\u001b[3x1m'],
];

describe('safeText', () => {
  test.each(ATTACKS)('%s', (_, attack) => {
    expect(safeText(attack)).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e]/);
  });

  test('colours, tabs, line ends and progress bars pass', () => {
    const text = '\u001b[1;31mred\u001b[0m\ttab\r 10%\r 20%\nüñ数👍\n';
    expect(safeText(text)).toBe(text);
  });

  test('what is stopped stays visible', () => {
    expect(safeText('\u001b[2J\u0007\u007f\u009b')).toBe('␛[2J␇␡�');
  });
});

describe('safeLine', () => {
  test('is one line without colours of others', () => {
    expect(safeLine(' \u001b[31ma\u001b[0m\nb\tc\r ')).toBe('a b c');
  });
});

describe('SafeTextStream', () => {
  const text = `\u001b[32mINFO\u001b[0m ü数👍 ${ATTACKS.map(([, attack]) => attack).join(' ')} end\u001b[`;
  const bytes = Buffer.from(text);

  test.each([1, 2, 3, 5, 7, 1000])('pieces of %i bytes give the same text as the whole', (size) => {
    const stream = new SafeTextStream();
    let shown = '';
    for (let at = 0; at < bytes.length; at += size) shown += stream.push(bytes.subarray(at, at + size));
    expect(shown + stream.end()).toBe(safeText(text));
  });

  test('bytes that are no text do not stop it', () => {
    const stream = new SafeTextStream();
    expect(stream.push(Buffer.from([0xff, 0x00, 0xfe, 0x41])) + stream.end()).toBe('�␀�A');
  });
});
