import { connections } from '@trainyard/connections/catalog.ts';
import { expect, test } from 'vitest';
import { CONNECTION_TYPES, misspeltType } from './connection-types.ts';

test('these are the types of the product', () => {
  expect(CONNECTION_TYPES).toEqual(Object.keys(connections));
});

test.each([
  ['git', undefined],
  ['gti', "there is no connection type 'gti'; did you mean 'git'?"],
  ['kafka', undefined],
])('%s', (type, problem) => {
  expect(misspeltType(type)).toBe(problem);
});
