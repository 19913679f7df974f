import { expect, it } from 'vitest';
import { Hub } from '../../platform/hub.ts';
import { RunCache } from './run-cache.ts';
import type { SeenRun } from './seen-run.ts';

function aRun(number: number, changes: Partial<SeenRun> = {}): SeenRun {
  return { number, id: `r${number}`, engine: 'local', state: 'running', cancelRequestedAt: null, failure: null, facts: {}, warning: undefined, ...changes };
}

function aCache(state: SeenRun['state']) {
  const hub = new Hub();
  const seen = { state, reads: 0, now: 0 };
  const cache = new RunCache({
    find: async (number) => {
      if (number !== 1) return undefined;
      seen.reads++;
      return aRun(1, { state: seen.state });
    },
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

it.each([
  ['results', { state: 'succeeded', facts: { result: 'x'.repeat(16_000) } }, 1_016],
  ['failures', { state: 'failed', failure: { reason: 'exit_code', message: 'm', lastLines: 'x'.repeat(64_000) } }, 260],
  ['little', { state: 'succeeded' }, 33_554],
] as const)('what is kept has a limit in bytes, and what came first goes first: %s', async (_, changes, most) => {
  const cache = new RunCache({ find: async (number) => aRun(number, changes), hub: new Hub(), now: () => 0 });
  const numbers = Array.from({ length: 2 * most }, (__, index) => index);
  for (const number of numbers) await cache.find(number);
  const known = numbers.filter((number) => cache.known(number) !== undefined);
  expect([known.length > 0.85 * most && known.length <= most, known[0], known.at(-1)]).toEqual([true, 2 * most - known.length, 2 * most - 1]);
});

it('a run that is read again counts once', async () => {
  const cache = new RunCache({ find: async (number) => aRun(number, { facts: { result: 'x'.repeat(16_000) } }), hub: new Hub(), now: () => 0 });
  for (let again = 0; again < 2_000; again++) await cache.find(again % 10);
  expect(Array.from({ length: 10 }, (_, number) => cache.known(number)?.number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
