import { describe, expect, it } from 'vitest';
import { decodeBase64, encodeBase64 } from './base64.ts';

describe('base64 as Go reads it', () => {
  it.each([
    ['', ''],
    ['a2VrCg==', 'kek\n'],
    ['a2Vr', 'kek'],
    ['w7w=', 'ü'],
    ['a2\nVr\r\nCg==\n', 'kek\n'],
    ['a2VrCg=\n=', 'kek\n'],
    // bits behind the last byte are not looked at
    ['YX==', 'a'],
  ])('reads %j', (encoded, text) => {
    expect(decodeBase64(encoded)).toEqual({ text });
  });

  it.each([
    ['*****', 0],
    ['a*Vr', 1],
    ['a2VrC', 4],
    ['a2VrCg', 4],
    ['a2VrCg=', 7],
    ['a2VrCg=\n', 8],
    ['a2VrCg=x', 6],
    ['=', 0],
    ['a===', 1],
    ['a2VrCg==x', 8],
    ['a2VrCg==\nx', 9],
    ['a2Vr-_==', 4],
    ['üüüü', 0],
    ['a2Vr Cg==', 4],
    ['a2\nVrC', 5], ['a2VrC\ng', 5],
  ])('refuses %j at byte %i', (encoded, at) => {
    expect(decodeBase64(encoded)).toEqual({ problem: `illegal base64 data at input byte ${at}` });
  });

  it('refuses bytes that are not text', () => {
    expect(decodeBase64(Buffer.from([0xff, 0xfe]).toString('base64'))).toEqual({ problem: 'what it stands for is not UTF-8 text' });
  });

  it('writes what it reads', () => {
    const text = '-----BEGIN KEY-----\nü\n';
    expect(decodeBase64(encodeBase64(text))).toEqual({ text });
  });
});
