import { describe, expect, it } from 'vitest';
import { Turns } from './turns.ts';

describe('turns', () => {
  it('follow one another for one key, in the order they were asked for, also behind one that failed', async () => {
    const turns = new Turns();
    const order: string[] = [];
    let letGo: () => void = () => undefined;
    const first = turns.take('a', async () => {
      await new Promise<void>((resolve) => (letGo = resolve));
      order.push('first');
      throw new Error('broken');
    });
    const second = turns.take('a', () => Promise.resolve(order.push('second')));
    const third = turns.take('a', () => Promise.resolve(order.push('third')));
    // another key does not wait
    expect(await turns.take('b', () => Promise.resolve('other'))).toBe('other');
    expect(order).toEqual([]);
    letGo();
    await expect(first).rejects.toThrow('broken');
    expect([await second, await third, order]).toEqual([2, 3, ['first', 'second', 'third']]);
  });
});
