import { expect, it } from 'vitest';
import { Hub } from '../../platform/hub.ts';
import type { RunRecord } from '../../stores/runs.ts';
import { RunCache } from './run-cache.ts';

function aCache(state: string) {
  const hub = new Hub();
  const seen = { state, reads: 0, now: 0 };
  const cache = new RunCache({
    // as much of a record as the cache looks at
    find: async (number) => (number === 1 ? ({ number, id: 'r1', state: seen.state, reads: ++seen.reads } as unknown as RunRecord) : undefined),
    hub,
    now: () => seen.now,
  });
  return { cache, hub, seen };
}

it('many who ask at once are one question, and who asks again soon asks nobody', async () => {
  const { cache, seen } = aCache('running');
  await Promise.all([cache.find(1), cache.find(1), cache.find(1)]);
  expect([seen.reads, cache.known(1)?.state]).toEqual([1, 'running']);
});

it('a notice makes it look again', async () => {
  const { cache, hub, seen } = aCache('running');
  await cache.find(1);
  seen.state = 'succeeded';
  hub.notify('run:r1');
  expect(cache.known(1)).toBeUndefined();
  expect((await cache.find(1))?.state).toBe('succeeded');
});

it('without a notice a run that can change is believed for seconds, one that has ended for ever', async () => {
  const { cache, seen } = aCache('running');
  await cache.find(1);
  seen.now = 3_000;
  expect(cache.known(1)).toBeUndefined();
  seen.state = 'failed';
  await cache.find(1);
  seen.now = 1e12;
  expect(cache.known(1)?.state).toBe('failed');
});

it('what is not there is asked for again', async () => {
  const { cache } = aCache('running');
  expect([await cache.find(2), cache.known(2)]).toEqual([undefined, undefined]);
});
