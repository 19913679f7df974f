import { isTrainyardError } from '@trainyard/core/errors.ts';
import { waitFor } from '@trainyard/testkit/wait-for.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { CallThread } from './call-thread.ts';

const FILE = new URL('./test-call-worker.ts', import.meta.url);

let thread: CallThread;
afterEach(() => thread.close());

describe('a thread that is called', () => {
  it('answers each call with its own answer', async () => {
    thread = new CallThread(FILE, undefined);
    const answers = await Promise.all([1, 2, 3].map((a) => thread.call('add', { a, b: 10 })));
    expect(answers).toEqual([11, 12, 13]);
  });

  it('copies what it is given, bigints and NaN as well', async () => {
    thread = new CallThread(FILE, { big: 2n ** 60n, no: Number.NaN });
    expect(await thread.call('given', undefined)).toEqual({ big: 2n ** 60n, no: Number.NaN });
  });

  it('throws what the function threw, ours with its code', async () => {
    thread = new CallThread(FILE, undefined);
    const refused = await thread.call('refuse', undefined).catch((error: unknown) => error);
    expect(isTrainyardError(refused)).toBe(true);
    expect(refused).toMatchObject({ code: 'RUN_NOT_FOUND', params: { id: 'r1' } });
    await expect(thread.call('unknown', undefined)).rejects.toThrow("no function 'unknown'");
  });

  it('fails what a dying thread leaves unanswered, and starts another one for the next call', async () => {
    thread = new CallThread(FILE, undefined);
    const unanswered = thread.call('never', undefined);
    const [first, second] = await Promise.allSettled([unanswered, thread.call('die', undefined)]);
    expect([first.status, second.status]).toEqual(['rejected', 'rejected']);
    expect(await thread.call('add', { a: 1, b: 1 })).toBe(2);
  });

  it('ends when nobody calls it, and comes back', async () => {
    thread = new CallThread(FILE, undefined, { idleMs: 1 });
    expect(await thread.call('add', { a: 1, b: 1 })).toBe(2);
    await waitFor('the idle thread ends', () => !thread.isRunning);
    expect(await thread.call('add', { a: 2, b: 2 })).toBe(4);
  });
});
