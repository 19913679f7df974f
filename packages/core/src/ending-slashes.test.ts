import { describe, expect, it } from 'vitest';
import { withoutEndingSlashes } from './ending-slashes.ts';

describe('slashes at the end', () => {
  it.each([['', ''], ['/', ''], ['///', ''], ['a', 'a'], ['a//', 'a'], ['/a/b/', '/a/b']])('%j without them is %j', (text, without) => {
    expect(withoutEndingSlashes(text)).toBe(without);
  });

  it('are found in a moment behind a long row that is not at the end', () => {
    // the pattern /\/+$/ takes minutes for this
    const row = `${'/'.repeat(400_000)}x`;
    expect(withoutEndingSlashes(row)).toBe(row);
  });
});
