import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lex } from './lex.ts';

const kinds = (text: string) => lex(text).map((token) => token.kind);

describe('tokens of a filter', () => {
  it.each([
    [`'a'`, 'a'],
    [`'it''s'`, "it''s"],
    [`'it\\'s'`, "it\\'s"],
    ['`a\'b`', "a'b"],
    [`""`, ''],
    // nothing else could close these
    [`'a\\' = 1`, 'a\\'],
    [`'a'' = 1`, 'a'],
  ])('%s begins with the quoted text %j', (text, value) => {
    expect(lex(text)[0]).toMatchObject({ kind: 'quoted', value });
  });

  it('end where quotes do, as the grammar has it', () => {
    // too hungry for long texts, exact for short ones
    const quoted = /'(?:''|\\'|[^'])*'|"(?:""|\\"|[^"])*"|`[^`]*`/y;
    fc.assert(
      fc.property(fc.constantFrom("'", '"', '`'), fc.array(fc.constantFrom("'", '"', '`', '\\', 'x'), { maxLength: 12 }), (quote, pieces) => {
        const text = quote + pieces.join('');
        quoted.lastIndex = 0;
        expect(lex(text)[0]?.text).toBe(quoted.exec(text)?.[0] ?? quote);
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['digits that end in a letter', `${'1'.repeat(400_000)}x`, ['word']],
    ['digits, a dot, digits that end in a letter', `${'1'.repeat(200_000)}.${'1'.repeat(200_000)}x`, ['word']],
    ['a quoted text of megabytes', `'${'x'.repeat(12_000_000)}'`, ['quoted']],
    ['pairs of quotes of megabytes', `'${"''".repeat(3_000_000)}'`, ['quoted']],
    ['a quote that does not close', `"${'x'.repeat(400_000)}`, ['stray', 'word']],
  ])('are cut in a moment: %s', (_, text, expected) => {
    expect(kinds(text)).toEqual(expected);
  });
});
