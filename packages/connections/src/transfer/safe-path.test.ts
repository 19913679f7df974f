import { describe, expect, it } from 'vitest';
import { safeName, safePath } from './safe-path.ts';

describe('names of objects as paths', () => {
  it.each(['a.csv', 'a/b/c d.csv', 'ä/日本.csv', '...', '.hidden', '%2e%2e/a', 'C:', '-rf', `a/${'n'.repeat(255)}`])('takes %j', (path) => {
    expect(safePath(path, path)).toBe(path);
  });

  it.each(['', '..', '../a', 'a/../b', 'a/..', './a', 'a/./b', '/a', 'a//b', 'a/', 'a\\b', '..\\a', 'a\0b', 'n'.repeat(256), 'ä'.repeat(128)])('refuses %j', (path) => {
    expect(() => safePath(path, `key/${path}`)).toThrow(expect.objectContaining({ problem: 'invalid' }) as Error);
  });

  it('takes one plain name for a file that is put', () => {
    expect(safeName('wine 1.0.zip')).toBe('wine 1.0.zip');
    for (const name of ['a/b', '..', '', 'a\nb', 'a\u0085b']) expect(() => safeName(name)).toThrow(expect.objectContaining({ problem: 'invalid' }) as Error);
  });
});
