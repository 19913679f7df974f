import { describe, expect, it } from 'vitest';
import { inTime } from './in-time.ts';

const HOUR_MS = 3_600_000;

describe('work with a deadline', () => {
  it('answers or fails as it would without', async () => {
    expect(await inTime(HOUR_MS, () => Promise.resolve(7))).toBe(7);
    await expect(inTime(HOUR_MS, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  });

  it('is told when it is late, and waited for no longer, also when it fails after that', async () => {
    const work = Promise.withResolvers<never>();
    let told: AbortSignal | undefined;
    const late = inTime(20, (signal) => {
      told = signal;
      return work.promise;
    });
    await expect(late).rejects.toThrow('it took longer than 0.02 s');
    expect(told?.aborted).toBe(true);
    work.reject(new Error('too late to matter'));
    await new Promise(setImmediate);
  });
});
