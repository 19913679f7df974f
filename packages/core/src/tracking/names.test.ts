import { describe, expect, it } from 'vitest';
import { checkKey, checkLength, randomName, resolvePath } from './names.ts';

const check = (key: string) => checkKey(key, { parameter: 'key', what: 'Param key' });

describe('keys', () => {
  it.each(['a', 'val loss', 'a/b.c', 'größe', 'a:b-c_d', '日本'])('may be %j', (key) => {
    expect(() => check(key)).not.toThrow();
  });

  it.each([
    ['a#b', 'Names may only contain alphanumerics'],
    ['a\nb', 'Names may only contain alphanumerics'],
    ['../x', "This name would resolve to '../x'"],
    ['a/../b', "This name would resolve to 'b'"],
    ['/a', "This name would resolve to '/a'"],
    ['.', "This name would resolve to '.'"],
    ['a/', "This name would resolve to 'a'"],
    ['x'.repeat(251), "'Param key' exceeds the maximum length of 250 characters"],
  ])('may not be %.20j (%#)', (key, problem) => {
    expect(() => check(key)).toThrow(problem);
  });

  it('have their length in characters', () => {
    expect(() => checkLength('😀'.repeat(250), { what: 'x', limit: 250 })).not.toThrow();
  });
});

describe('resolved paths', () => {
  it.each([['a/./b', 'a/b'], ['a//b', 'a/b'], ['/../a', '/a'], ['../../a', '../../a'], ['', '.'], ['a/..', '.']])('of %j is %j', (path, resolved) => {
    expect(resolvePath(path)).toBe(resolved);
  });
});

describe('random names', () => {
  it('are the same for the same id and look like names', () => {
    expect(randomName('aa00000000')).toBe(randomName('bb00000000'));
    expect(randomName('ffffffff')).toMatch(/^[a-z]+-[a-z]+-\d{1,3}$/);
  });
});
