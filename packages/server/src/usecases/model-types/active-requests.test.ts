import type { RunState } from '@trainyard/core/training/states.ts';
import { aSpec } from '@trainyard/testkit/builders.ts';
import { expect, it, vi } from 'vitest';
import { ActiveRequests } from './active-requests.ts';

function someRequests(stored: readonly { readonly number: number; readonly parameters: Readonly<Record<string, string>> }[] = []) {
  const states = new Map<number, RunState>(stored.map(({ number }) => [number, 'running']));
  const world = { states, looks: 0, last: stored.length };
  const requests = new ActiveRequests({
    activeRuns: async function* () {
      for (const { number, parameters } of stored.toReversed()) yield { number, spec: { ...aSpec(), hyperParameters: parameters } };
    },
    find: async (number) => {
      world.looks++;
      const state = states.get(number);
      return state === undefined ? undefined : { state };
    },
  });
  const start = async (): Promise<number> => {
    states.set(++world.last, 'queued');
    return world.last;
  };
  return { requests, world, start };
}

const wine = ['on-demand-wine', { a: '1', b: '2' }] as const;
const refuse = async (): Promise<number> => Promise.reject(new Error('it cannot be started'));

it('many that ask at once are one, also with one that has a key', async () => {
  const { requests, start, world } = someRequests();
  await requests.join(...wine, start);
  world.states.set(1, 'failed');
  const alone = requests.startAlone(...wine, start);
  const all = await Promise.all([alone, ...Array.from({ length: 5 }, () => requests.join('on-demand-wine', { b: '2', a: '1' }, start))]);
  expect([all, world.last]).toEqual([[2, 2, 2, 2, 2, 2], 2]);
});

it('after a restart the oldest is joined first', async () => {
  const { requests, start } = someRequests([{ number: 1, parameters: wine[1] }, { number: 2, parameters: wine[1] }]);
  expect([await requests.join(...wine, start), await requests.join('on-demand-wine', {}, start)]).toEqual([1, 3]);
});

it('why a request with a key could not be started concerns nobody else', async () => {
  const { requests, start } = someRequests();
  const [alone, joined] = await Promise.allSettled([requests.startAlone(...wine, refuse), requests.join(...wine, start)]);
  expect([alone.status, joined]).toEqual(['rejected', { status: 'fulfilled', value: 1 }]);
});

it('a request with a key is started whatever became of those before it', async () => {
  const { requests, start } = someRequests();
  const slow = Promise.withResolvers<number>();
  let asked = false;
  const joined = requests.join(...wine, () => ((asked = true), slow.promise));
  await vi.waitFor(() => expect(asked).toBe(true));
  const alone = requests.startAlone(...wine, start);
  slow.reject(new Error('it cannot be started'));
  await expect(joined).rejects.toThrow('it cannot be started');
  expect(await alone).toBe(1);
});

it('those that are alike hear together that it could not be started, and the next one tries again', async () => {
  const { requests, start } = someRequests();
  const tried = await Promise.allSettled([requests.join(...wine, refuse), requests.join(...wine, start)]);
  expect(tried.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await requests.join(...wine, start)).toBe(1);
});

it('runs that have ended are forgotten, whoever started them', async () => {
  const { requests, start, world } = someRequests();
  for (let index = 0; index < 25_000; index++) {
    world.states.set(await requests.startAlone('on-demand-wine', { index: String(index) }, start), 'succeeded');
    world.states.set(await requests.startAlone(...wine, start), 'succeeded');
  }
  const before = world.looks;
  await requests.join('on-demand-wine', { index: '0' }, start);
  // each is looked at a few times at most, however many there were before it
  expect(before).toBeLessThan(100_000);
  expect(world.looks - before).toBeLessThanOrEqual(1);
});
