import { checkBatch, newParams } from '@trainyard/core/tracking/batch.ts';
import { expect, it } from 'vitest';
import type { Attempt } from '../attempt.ts';
import { ServerAway } from '../server/persistent-call.ts';
import { RunNotes } from './run-notes.ts';
import { type LogBatch, TrackingRefused } from './tracking-api.ts';

/** A run that takes parameters by the rules of core, and has these already. */
function aRun(stored: Readonly<Record<string, string>> = {}) {
  const world = { params: new Map(Object.entries(stored)), calls: [] as number[], warnings: [] as string[], broken: undefined as Error | undefined };
  const logBatch = async ({ params = {} }: LogBatch): Promise<void> => {
    if (world.broken !== undefined) throw world.broken;
    const pairs = Object.entries(params).map(([key, value]) => ({ key, value }));
    if (pairs.length > 0) world.calls.push(pairs.length);
    try {
      for (const { key, value } of newParams('r', checkBatch({ runId: 'r', metrics: [], params: pairs, tags: [] }).params, world.params)) world.params.set(key, value);
    } catch (error) {
      throw new TrackingRefused(400, String(error));
    }
  };
  const never = new AbortController().signal;
  // as much of an attempt as notes look at
  const attempt = { over: never, signal: never, tracking: { logBatch }, log: { warn: (line: string) => world.warnings.push(line) }, order: { limits: { deliverForMs: 1 } } } as unknown as Attempt;
  return { world, notes: new RunNotes(attempt, {}, {}) };
}

it('of 60,000 parameters as many as a run of Databricks may have are noted, in calls of a hundred', async () => {
  const { world, notes } = aRun();
  await notes.addMissing(Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`p${index}`, '1'])));
  expect([world.calls, world.params.size, world.warnings]).toEqual([Array.from({ length: 16 }, () => 100), 1_600, ['only the first 1600 parameters are noted, 58400 are not']]);
});

it('a parameter that the program has logged in other words stays, and keeps no other from being noted', async () => {
  const { world, notes } = aRun({ p7: '0.50' });
  await notes.addMissing(Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`p${index}`, '0.5'])));
  expect([world.params.size, world.params.get('p7'), world.calls.length, world.warnings]).toEqual([150, '0.50', 102, []]);
});

it('names that MLflow does not take cost no call', async () => {
  const { world, notes } = aRun();
  await notes.addMissing({ 'a\nb': '1', 'c\nd': '1', alpha: '1' });
  expect([[...world.params], world.calls, world.warnings]).toEqual([[['alpha', '1']], [1], [String.raw`parameters whose names MLflow does not take are not noted: 2, the first is "a\nb"`]]);
});

it.each([new ServerAway('the server could not be reached'), new TrackingRefused(404, 'there is no such run')])('what is not about a value ends it with a warning: %s', async (broken) => {
  const { world, notes } = aRun();
  await notes.ready();
  world.broken = broken;
  await notes.addMissing({ alpha: '1', beta: '2' });
  expect(world.warnings).toEqual([`not all parameters could be noted: ${broken.message}`]);
});
