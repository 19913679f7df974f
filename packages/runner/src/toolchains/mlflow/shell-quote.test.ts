import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shellQuote } from './shell-quote.ts';

/** Bytes are compared: text that is no UTF-8 cannot come from a training's spec. */
const value = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
  fc.string({ unit: fc.constantFrom(...` \t\n\r'"\\$\`!#&*?()[]{}<>|;~=%^-a`) }),
);

it.each(['bash', 'sh'])('%s gives every value back as it was', (shell) => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 30 }), (values) => {
      const script = `printf '%s\\0' ${values.map(shellQuote).join(' ')}`;
      const { stdout, status } = spawnSync(shell, ['-c', script], { env: { PATH: process.env['PATH'], HOME: '/nowhere' } });
      expect(status).toBe(0);
      expect(stdout.toString().split('\0').slice(0, -1)).toEqual(values);
    }),
    { numRuns: 150 },
  );
});

it('leaves plain words alone', () => {
  expect(['0.5', 'a/b_c-d.e', 'x=1,2:3@4%5+6'].map(shellQuote)).toEqual(['0.5', 'a/b_c-d.e', 'x=1,2:3@4%5+6']);
});
