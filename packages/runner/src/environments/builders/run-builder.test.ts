import { expect, it } from 'vitest';
import { lastWords } from './run-builder.ts';

it('of uv: from the error on', () => {
  const tail = 'Using Python 3.11.7 environment at: env\nerror: No solution found when resolving dependencies\n  cause: Because a was not found\n';
  expect(lastWords(tail)).toBe('error: No solution found when resolving dependencies\n  cause: Because a was not found');
  expect(lastWords('Resolved 3\n  × No solution found:\n  ╰─▶ Because b\n')).toBe('  × No solution found:\n  ╰─▶ Because b');
});

it('of pip: its errors, long lines cut', () => {
  const words = lastWords(`Collecting a\nERROR: Could not find a version (from versions: ${'1.0, '.repeat(500)})\nERROR: No matching distribution found for a\n\n[notice] update\n`);
  expect(words.split('\n')).toHaveLength(2);
  expect(words.split('\n')[0]).toHaveLength(602);
  expect(words).toContain('No matching distribution found for a');
});

it('of anything else: the last ten lines', () => {
  const words = lastWords(Array.from({ length: 30 }, (_, i) => `line ${i}`).join('\n'));
  expect(words.split('\n')).toEqual(Array.from({ length: 10 }, (_, i) => `line ${i + 20}`));
});
