import { describe, expect, it } from 'vitest';
import { WakeableSleep } from './wakeable-sleep.ts';

const HOUR_MS = 3_600_000;

describe('a sleep that can be woken', () => {
  it('ends by a wake-up, or after its time', async () => {
    const sleep = new WakeableSleep();
    const asleep = sleep.sleep(HOUR_MS).then(() => 'woken');
    sleep.wake();
    expect(await asleep).toBe('woken');
    expect(await sleep.sleep(1).then(() => 'rested')).toBe('rested');
  });

  it('does not begin when the wake-up came before it, once', async () => {
    const sleep = new WakeableSleep();
    sleep.wake();
    await sleep.sleep(HOUR_MS);
    let over = false;
    const next = sleep.sleep(HOUR_MS).then(() => (over = true));
    await new Promise(setImmediate);
    expect(over).toBe(false);
    sleep.wake();
    await next;
  });
});
