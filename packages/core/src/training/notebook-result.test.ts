import { expect, it } from 'vitest';
import { resultOfRun } from './notebook-result.ts';

it.each([
  ['one that fits', 'x'.repeat(16_000), 'x'.repeat(16_000)],
  ['a longer one', 'x'.repeat(16_001), `${'x'.repeat(16_000)} … (16001 characters; the log has them all)`],
  ['a character of two places at the end', `${'x'.repeat(15_999)}😀`, `${'x'.repeat(15_999)} … (16001 characters; the log has them all)`],
])('the result of a run: %s', (_, result, kept) => {
  expect(resultOfRun(result)).toBe(kept);
});
