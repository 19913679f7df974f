import { FakeClock } from '@trainyard/testkit/fake-databricks/fake-clock.ts';
import { silentLogger } from '@trainyard/testkit/silent-logger.ts';
import { describe, expect, it } from 'vitest';
import type { AttemptRecord } from './attempt-record.ts';
import { Deliveries } from './deliveries.ts';

describe('deliveries of reports', () => {
  it('are idle when all that was under way has been taken, also what failed', async () => {
    const clock = new FakeClock();
    const open: { readonly key: string; take(): void; fail(error: Error): void }[] = [];
    const deliver = ({ key }: { readonly key: string }): Promise<void> => new Promise((take, fail) => open.push({ key, take, fail }));
    const deliveries = new Deliveries({ deliver, clock, log: silentLogger, signal: new AbortController().signal });
    for (const key of ['a', 'b']) deliveries.add({ key, reports: [{ kind: 'note', seq: 1, at: 1, level: 'info', message: 'm' }] } as unknown as AttemptRecord);
    open[0]?.take();
    await clock.advance(1);
    let isIdle = false;
    const idle = deliveries.idle().then(() => (isIdle = true));
    await clock.advance(1);
    expect([open.map(({ key }) => key), isIdle]).toEqual([['a', 'b'], false]);
    open[1]?.fail(new Error('the server is away'));
    await idle;
    await clock.until('it is told again', () => open.length === 3);
    expect(open[2]?.key).toBe('b');
  });
});
