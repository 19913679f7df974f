import { expect, it } from 'vitest';
import { isPythonWish, matchesPython, nearestPython } from './python-version.ts';

it.each([
  ['3.11', '3.11.7', true],
  ['3.11', '3.1.1', false],
  ['3.1', '3.11.7', false],
  ['3', '3.12.0', true],
  ['3.11.7', '3.11.7', true],
  ['3.11.6', '3.11.7', false],
  ['3.11.*', '3.11.7', true],
  ['=3.11', '3.11.7', true],
  ['==3.11', '3.11.7', true],
  ['==3.11.*', '3.12.0', false],
  ['>=3.10,<3.13', '3.12.9', true],
  ['>=3.10,<3.13', '3.13.0', false],
  ['>= 3.10 , < 3.13', '3.10.0', true],
  ['<=3.12', '3.12.4', true],
  ['>3.12', '3.12.4', false],
  ['>3.12', '3.13.0', true],
  ['!=3.12', '3.12.4', false],
  ['~=3.10', '3.13.0', true],
  ['~=3.10.2', '3.10.1', false],
  ['~=3.10.2', '3.11.0', false],
])('%s, %s: %s', (wish, version, expected) => {
  expect(isPythonWish(wish)).toBe(true);
  expect(matchesPython(wish, version)).toBe(expected);
});

it.each(['', 'three', '3.11rc1', '3..1', '>=', '3.10|3.12', '$(x)'])('%j is no version', (wish) => {
  expect(isPythonWish(wish)).toBe(false);
});

it.each([
  ['3.9', '3.10.13'],
  ['3.11.2', '3.11.7'],
  ['3.12', '3.13.1'],
  ['3.99', '3.13.1'],
])('nearest to %s is %s', (wish, expected) => {
  expect(nearestPython(wish, ['3.10.13', '3.10.2', '3.11.7', '3.13.1', '3.13.0'])).toBe(expected);
});
