import { describe, expect, it } from 'vitest';
import { inTurns } from './in-turns.ts';

describe('many things in turns', () => {
  it('are made in order', async () => {
    expect(await inTurns(120, (number) => number)).toEqual(Array.from({ length: 120 }, (_, index) => index + 1));
    expect(await inTurns(0, (number) => number)).toEqual([]);
  });

  it('let others run in between', async () => {
    let others = 0;
    const count = (): NodeJS.Immediate => setImmediate(() => {
      others += 1;
      running = count();
    });
    let running = count();
    await inTurns(1000, (number) => Promise.resolve(number));
    clearImmediate(running);
    expect(others).toBeGreaterThanOrEqual(19);
  });

  it('end with the first that fails', async () => {
    await expect(inTurns(10, (number) => (number === 3 ? Promise.reject(new Error('the third')) : number))).rejects.toThrow('the third');
  });
});
