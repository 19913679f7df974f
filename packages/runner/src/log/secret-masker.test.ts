import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Needles } from './needles.ts';
import { MASK, maskText, SecretMasker } from './secret-masker.ts';
import { secretForms } from './secret-forms.ts';

/** The rule in its plainest form: mark every byte of every occurrence, then write each marked run as one mask. */
function plainlyMasked(text: string, needles: readonly string[]): string {
  const covered = new Set<number>();
  for (const needle of needles) {
    for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1)) for (let i = 0; i < needle.length; i++) covered.add(at + i);
  }
  return [...text].map((letter, i) => (!covered.has(i) ? letter : covered.has(i - 1) ? '' : MASK)).join('');
}

function maskedInChunks(bytes: Buffer, cuts: readonly number[], needles: Needles): Buffer {
  const masker = new SecretMasker(needles);
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  const parts = ends.map((end, i) => Buffer.from(masker.push(bytes.subarray(ends[i - 1] ?? 0, end))));
  return Buffer.concat([...parts, masker.end()]);
}

// two letters, so that needles overlap, contain and nearly meet each other all the time
const letters = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 5 });
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 60 });

describe('masking a stream', () => {
  it('covers every byte of every occurrence, overlapping ones too', () => {
    fc.assert(
      fc.property(text, fc.array(letters, { minLength: 1, maxLength: 4 }), (whole, needles) => {
        expect(maskText(new Needles(needles), whole)).toBe(plainlyMasked(whole, needles));
      }),
      { numRuns: 2000 },
    );
  });

  it('gives the same bytes wherever the stream is cut', () => {
    fc.assert(
      fc.property(text, fc.array(letters, { minLength: 1, maxLength: 4 }), fc.array(fc.nat(), { maxLength: 8 }), (whole, needles, cuts) => {
        expect(maskedInChunks(Buffer.from(whole), cuts, new Needles(needles)).toString()).toBe(plainlyMasked(whole, needles));
      }),
      { numRuns: 2000 },
    );
  });

  it('leaves binary bytes around a secret as they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat()), (before, after, cuts) => {
        const masked = maskedInChunks(Buffer.concat([before, Buffer.from('s3cr3t-value'), after]), cuts, new Needles(['s3cr3t-value']));
        expect(masked.equals(Buffer.concat([before, Buffer.from(MASK), after]))).toBe(true);
      }),
    );
  });

  it('holds back only what may become a needle', () => {
    const masker = new SecretMasker(new Needles(['hunter2', 'hunted']));
    expect(Buffer.from(masker.push(Buffer.from('password: hunt'))).toString()).toBe('password: ');
    expect(Buffer.from(masker.push(Buffer.from('ing\n'))).toString()).toBe('hunting\n');
    expect(Buffer.from(masker.push(Buffer.from('hunter2'))).toString()).toBe(MASK);
    expect(Buffer.from(masker.push(Buffer.from('h'))).toString()).toBe('');
    expect(Buffer.from(masker.end()).toString()).toBe('h');
  });
});

describe('forms of a secret', () => {
  const value = 'p/ss "wörd"+1&x=ü';
  const forms: [string, string][] = [
    ['as it is', value],
    ['base64', Buffer.from(value).toString('base64')],
    ['base64 without padding', Buffer.from(value).toString('base64').replace(/=+$/, '')],
    ['base64 for URLs', Buffer.from(value).toString('base64url')],
    ['URL-encoded', encodeURIComponent(value)],
    ['a form field', new URLSearchParams({ v: value }).toString().slice(2)],
    ['JSON', JSON.stringify({ v: value }).slice(6, -2)],
    ['JSON in ASCII', 'p/ss \\"w\\u00f6rd\\"+1&x=\\u00fc'],
  ];
  it.each(forms)('knows it %s', (_, written) => {
    expect(maskText(new Needles(secretForms(value)), `<${written}>`)).toBe(`<${MASK}>`);
  });

  it.each(['', 'a', 'ab', 'user:', 'somebody:'])("finds it in the base64 of '%s' and itself", (before) => {
    const masked = maskText(new Needles(secretForms('correct horse battery')), Buffer.from(`${before}correct horse battery!!`).toString('base64'));
    expect(masked).toContain(MASK);
    // what stays are the letters that mix in bytes of the neighbours
    expect(Buffer.from(masked.split(MASK)[1] ?? '', 'base64').length).toBeLessThanOrEqual(3);
  });

  it('masks the lines of a value with several, and its short lines not', () => {
    const needles = new Needles(secretForms('-----BEGIN KEY-----\nabcdefghijkl\nend\n'));
    expect(maskText(needles, 'x abcdefghijkl y end z')).toBe(`x ${MASK} y end z`);
  });

  it('finds a value that was given with a line end and printed without', () => {
    expect(maskText(new Needles(secretForms('topsecret\n')), 'is topsecret!')).toBe(`is ${MASK}!`);
  });

  it('masks nothing for values too short to hide', () => {
    expect(secretForms('1')).toEqual([]);
  });
});
