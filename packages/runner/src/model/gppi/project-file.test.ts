import { expect, it } from 'vitest';
import { runOf } from './project-file.ts';

it.each([
  ['output: {run_id: 0123}', '0123'],
  ['{"output": {"run_id": "a"}}', 'a'],
  ['output: {run_id: 1e5}', '1e5'],
  ['name: x', undefined],
  ['output: null', undefined],
  ['output: text', undefined],
  ['', undefined],
])('%j names the run %j', (text, run) => {
  expect(runOf(text)).toBe(run);
});

it.each(['a: [b', 'output: {run_id: [1]}', `output: {run_id: ${'x'.repeat(257)}}`])('%j is refused', (text) => {
  expect(() => runOf(text)).toThrow(expect.objectContaining({ reason: 'output_invalid' }) as Error);
});
