import { describe, expect, it } from 'vitest';
import { readListQuery } from './list-query.ts';

describe('a query of a list', () => {
  it.each([
    [{}, 0, undefined],
    [{ size: '3' }, 0, 3],
    [{ size: '3', page: '2' }, 6, 3],
    [{ page: '2' }, 1000, 500],
    [{ size: '0' }, 0, 0],
    [{ size: '+7' }, 0, 7],
    [{ size: '9007199254740991', page: '9007199254740991' }, 2 ** 31 - 1, 2 ** 31 - 1],
  ])('%j is from %i on, at most %s', (query, offset, limit) => {
    expect(readListQuery(query, [])).toEqual({ offset, limit, filters: {} });
  });

  it.each([
    [{ type: 'git' }, ['git']],
    [{ type: ['git', 's3'] }, ['git', 's3']],
    [{ type: '*' }, undefined],
    [{ type: ['*', 's3'] }, ['*', 's3']],
    [{}, undefined],
  ])('%j filters by %j', (query, type) => {
    expect(readListQuery(query, ['type']).filters).toEqual({ type });
  });

  it.each([
    [{ nope: '1' }, 'cannot find nope url parameter'],
    [{ size: ['1', '2'] }, 'the size URL parameter must be only one'],
    [{ page: ['1', '2'] }, 'the page URL parameter must be only one'],
    [{ size: 'x"y' }, 'strconv.Atoi: parsing "x\\"y": invalid syntax'],
    [{ page: '' }, 'strconv.Atoi: parsing "": invalid syntax'],
    [{ size: '1e3' }, 'strconv.Atoi: parsing "1e3": invalid syntax'],
    [{ size: '99999999999999999999' }, 'strconv.Atoi: parsing "99999999999999999999": value out of range'],
    [{ page: '-1' }, 'the page URL parameter must not be negative'],
  ])('%j is refused', (query, problem) => {
    expect(() => readListQuery(query, [])).toThrow(problem);
  });
});
