import fc from 'fast-check';
import { readFilter } from '@trainyard/core/tracking/filter/check.ts';
import { RUN_SEARCH } from '@trainyard/core/tracking/filter/searches.ts';
import { isLater, type Metric, type Point } from '@trainyard/core/tracking/metric.ts';
import { columnsOf, pointAt } from '@trainyard/core/tracking/points/columns.ts';
import { sortedOnce } from '@trainyard/core/tracking/points/order.ts';
import { sql } from 'kysely';
import { beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../tracking.contract.ts';
import type { TrackingRunStore } from '../../tracking.ts';
import type { Database } from '../database.ts';
import { openTrackingStore } from '../tracking/store.ts';

const metric = (step: Metric['step'], more: Partial<Metric> = {}): Metric => ({ key: 'm', value: Number(step) / 10, timestamp: Number(step) * 10, step, ...more });
const range = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index);
const point = ({ value, timestamp, step }: Point): Point => ({ value, timestamp, step });

/** The slow and simple way: all points in order, each once. */
function inOrder(points: readonly Point[]): Point[] {
  const sorted = sortedOnce(columnsOf(points));
  return Array.from(sorted.values.keys(), (index) => pointAt(sorted, index));
}

/** What becomes of points between logging and reading; every database runs this. `open` gives an empty one. */
export function metricsContract(name: string, open: () => Promise<Database>): void {
  describe(`metrics on ${name}`, () => {
    let database: Database;
    let runs: TrackingRunStore;
    let now = 0;
    beforeEach(async () => {
      database = await open();
      now = 1000;
      runs = openTrackingStore(database, () => now).runs;
    });

    async function aRun(id = newId()): Promise<string> {
      return (await runs.create({ id, experimentId: '0', name: 'run', userId: '', startTime: 1, creatorRun: null, tags: [] })).id;
    }
    const log = (runId: string, metrics: readonly Metric[], to = runs) => to.log({ runId, metrics, params: [], tags: [] });
    const history = async (runId: string, key = 'm') => (await runs.history({ runId, key })).items;
    const count = async (table: 'metric_batches' | 'metric_chunks') => (await database.read.selectFrom(table).select((eb) => eb.fn.countAll<number>().as('rows')).executeTakeFirstOrThrow()).rows;
    /** One after the other, as one client sends them. */
    async function logEach(runId: string, batches: readonly (readonly Metric[])[]): Promise<void> {
      for (const batch of batches) await log(runId, batch);
    }

    describe('a history', () => {
      it('is what was sent, in any number of batches and any order', async () => {
        const metrics = fc.record({
          key: fc.constantFrom('a', 'b'),
          value: fc.constantFrom(-1, 0, 1, Number.NaN, Number.MAX_VALUE),
          timestamp: fc.constantFrom<Point['timestamp']>(0, 1, 2, 2n ** 63n - 1n),
          step: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(2n ** 53n)),
        });
        await fc.assert(
          fc.asyncProperty(fc.array(fc.array(metrics, { maxLength: 5 }), { minLength: 60, maxLength: 150 }), fc.integer({ min: 1, max: 9 }), async (batches, limit) => {
            const runId = await aRun();
            for (let from = 0; from < batches.length; from += 25) await Promise.all(batches.slice(from, from + 25).map((batch) => log(runId, batch)));
            const run = await runs.find(runId);
            for (const key of ['a', 'b']) {
              const sent = batches.flat().filter((one) => one.key === key).map(point);
              expect(await history(runId, key)).toEqual(inOrder(sent));
              expect(await pages(runId, key, limit)).toEqual(inOrder(sent));
              const latest = run?.metrics.find((one) => one.key === key);
              expect(latest === undefined).toBe(sent.length === 0);
              expect(sent.filter((one) => latest !== undefined && isLater(one, latest))).toEqual([]);
            }
          }),
          { numRuns: 10 },
        );
      });

      async function pages(runId: string, key: string, limit: number): Promise<Point[]> {
        const found: Point[] = [];
        for (let after: string | undefined, first = true; first || after !== undefined; first = false) {
          const page = await runs.history({ runId, key, limit, after });
          expect(page.items.length).toBeLessThanOrEqual(limit);
          found.push(...page.items);
          after = page.next;
        }
        return found;
      }

      it('does not grow when a batch is sent a hundred times', async () => {
        const runId = await aRun();
        const batch = [metric(1), metric(2), metric(2), metric(3, { value: Number.NaN }), metric(2n ** 60n, { timestamp: 5 })];
        await logEach(runId, range(100).map(() => batch));
        expect(await history(runId)).toEqual(inOrder(batch));
        const rows = await database.read.selectFrom('metric_chunks').select('points').execute();
        expect(rows.map((row) => row.points)).toEqual([4]);
      });

      it('counts a point once that comes again when the first one is packed away', async () => {
        const runId = await aRun();
        const all = range(70 * 1000).map((step) => metric(step));
        await logEach(runId, range(70).map((index) => all.slice(index * 1000, (index + 1) * 1000)));
        await log(runId, [...all.slice(5000, 5010), metric(5005, { value: -7 }), metric(70_000)]);
        const found = await history(runId);
        expect(found.length).toBe(70 * 1000 + 2);
        expect(found.slice(5004, 5008).map((one) => one.value)).toEqual([500.4, -7, 500.5, 500.6]);
      });

      it('comes in pages over many chunks, each without what is before it', async () => {
        const runId = await aRun();
        await logEach(runId, range(70).map((index) => range(1000, index * 1000).map((step) => metric(step))));
        const first = await runs.history({ runId, key: 'm', limit: 25_000 });
        const second = await runs.history({ runId, key: 'm', limit: 25_000, after: first.next });
        // nobody may look into the first chunks any more
        await sql`update metric_chunks set bytes = ${Buffer.from('broken')} where id in (select id from metric_chunks order by id limit 12)`.execute(database.read);
        const third = await runs.history({ runId, key: 'm', limit: 25_000, after: second.next });
        expect([first, second, third].flatMap((page) => page.items.map((one) => one.step))).toEqual(range(70 * 1000));
        expect(third.next).toBeUndefined();
        await expect(runs.history({ runId, key: 'm', limit: 10 })).rejects.toThrow('points of a metric');
      });

      it('comes in pages when the clock of the client jumps about', async () => {
        const runId = await aRun();
        const all = range(66 * 500).map((step) => metric(step, { timestamp: (step * 7919) % 1009 }));
        await logEach(runId, range(66).map((index) => all.slice(index * 500, (index + 1) * 500)));
        expect(await pages(runId, 'm', 10_000)).toEqual(inOrder(all.map(point)));
      });

      it('is in few chunks, however it was logged', async () => {
        const runId = await aRun();
        await logEach(runId, range(700).map((step) => [metric(step), metric(step, { key: 'n' })]));
        expect(await count('metric_batches')).toBeLessThan(64);
        expect(await count('metric_chunks')).toBeLessThan(2 * 12);
        expect((await history(runId, 'n')).map((one) => one.step)).toEqual(range(700));
      });
    });

    describe('latest points', () => {
      it('are up to date for whoever reads, and before anybody does', async () => {
        const runId = await aRun();
        await log(runId, [metric(3)]);
        await log(runId, [metric(2), metric(1, { key: 'n' })]);
        expect((await runs.find(runId))?.metrics.map((one) => [one.key, one.step])).toEqual([['m', 3], ['n', 1]]);
        await log(runId, [metric(4)]);
        const search = { experimentIds: ['0'], order: [], limit: 5, conditions: readFilter('metrics.m = 0.4', RUN_SEARCH) };
        expect((await runs.search(search)).items.map((run) => [run.id, run.metrics[0]?.step])).toEqual([[runId, 4]]);
      });

      it('never fall far behind, however many runs log', async () => {
        const ids = await Promise.all(range(150).map(() => aRun()));
        for (const id of ids) await log(id, [metric(1)]);
        const behind = await database.read.selectFrom('tracking_runs').select('id').where('latest_behind', '=', 1).execute();
        expect(behind.length).toBeLessThanOrEqual(65);
      });

      it('are right when two servers log to the same metric', async () => {
        const runId = await aRun();
        const servers = [runs, openTrackingStore(database, () => now).runs];
        const sent = range(200).map((step) => metric(step, { timestamp: (step * 31) % 7 }));
        await Promise.all(sent.map((one, index) => log(runId, [one], servers[index % 2])));
        expect((await runs.find(runId))?.metrics).toEqual([sent.at(-1)]);
        expect(await history(runId)).toEqual(inOrder(sent.map(point)));
      });
    });

    describe('one metric of many runs', () => {
      it('comes by run and time, up to a limit', async () => {
        const [a = '', b = ''] = [newId(), newId()].toSorted();
        for (const id of [b, a]) await aRun(id);
        await log(b, [metric(1), metric(2)]);
        await log(a, [metric(2), metric(1, { timestamp: 99 }), metric(3, { key: 'other' })]);
        const bulk = async (limit: number) => (await runs.bulkHistory({ runIds: [b, a, 'nope'], key: 'm', limit })).map((one) => [one.runId, one.step]);
        expect(await bulk(10)).toEqual([[a, 2], [a, 1], [b, 1], [b, 2]]);
        expect(await bulk(3)).toEqual([[a, 2], [a, 1], [b, 1]]);
      });

      it('is thinned out evenly, with the last step of every run', async () => {
        const [a = '', b = ''] = [newId(), newId()].toSorted();
        for (const id of [a, b]) await aRun(id);
        await log(a, range(10).map((step) => metric(step)));
        await log(b, [...range(20).map((step) => metric(step)), metric(4, { value: 9 })]);
        const sampled = async (runIds: string[], more: { count: number; steps?: { first: number; last: number } }) => (await runs.sampledHistory({ runIds, key: 'm', ...more })).map((one) => [one.runId === a ? 'a' : 'b', one.step]);
        const of = (run: string, ...steps: number[]) => steps.map((step) => [run, step]);
        expect(await sampled([a], { count: 5 })).toEqual(of('a', 0, 2, 4, 6, 8, 9));
        expect(await sampled([b, a], { count: 5 })).toEqual([...of('a', 0, 4, 8, 9), ...of('b', 0, 4, 4, 8, 9, 12, 16, 19)]);
        expect(await sampled([a, b], { count: 3, steps: { first: 10, last: 15 } })).toEqual(of('b', 10, 12, 14, 15));
        expect(await sampled(['nope'], { count: 3 })).toEqual([]);
      });

      it('is thinned out alike when it is packed away, even or not', async () => {
        const runId = await aRun();
        const even = range(70_000).map((step) => metric(step * 2));
        const odd = even.map((one) => ({ ...one, key: 'odd', step: Number(one.step) + (Number(one.step) % 3) }));
        for (const all of [even, odd]) await logEach(runId, range(70).map((index) => all.slice(index * 1000, (index + 1) * 1000)));
        for (const [key, all] of [['m', even], ['odd', odd]] as const) {
          const steps = [...new Set(all.map((one) => Number(one.step)))];
          const chosen = new Set([...range(320).map((index) => steps[Math.trunc(index * (steps.length / 320))]), steps[0], steps.at(-1)]);
          const sampled = await runs.sampledHistory({ runIds: [runId], key, count: 320 });
          expect(sampled.map((one) => one.step)).toEqual([...chosen].sort((x, y) => (x ?? 0) - (y ?? 0)));
        }
      });

      it('has no more points than a client can take when all have the same step', async () => {
        const runId = await aRun();
        await logEach(runId, range(30).map((index) => range(1000, index * 1000).map((timestamp) => metric(0, { timestamp }))));
        const sampled = await runs.sampledHistory({ runIds: [runId], key: 'm', count: 5 });
        expect([sampled.length, sampled.at(-1)?.timestamp]).toEqual([25_000, 24_999]);
      });
    });

    describe('a curve', () => {
      it('is that of all points, and reads few of them', async () => {
        const runId = await aRun();
        const all = range(70_000).map((step) => metric(step, { value: Math.sin(step / 500) }));
        await logEach(runId, range(70).map((index) => all.slice(index * 1000, (index + 1) * 1000)));
        await log(runId, all.slice(69_990));
        const expected = range(7).map((bucket) => {
          const values = all.slice(bucket * 10_000, (bucket + 1) * 10_000).map((one) => one.value);
          return { firstStep: bucket * 10_000, lastStep: bucket * 10_000 + 9999, points: 10_000, least: Math.min(...values), greatest: Math.max(...values), last: values.at(-1) };
        });
        expect(await runs.curve({ runId, key: 'm', buckets: 7 })).toEqual(expected);
        const [whole] = await runs.curve({ runId, key: 'm', buckets: 1 });
        expect([whole?.points, whole?.firstStep, whole?.lastStep]).toEqual([70_000, 0, 69_999]);
        await sql`update metric_chunks set bytes = ${Buffer.from('broken')} where id = (select min(id) from metric_chunks)`.execute(database.read);
        expect(await runs.curve({ runId, key: 'm', buckets: 7 })).toEqual(expected);
      });

      it('counts a point once where batches lie over each other', async () => {
        const runId = await aRun();
        for (const from of [0, 500, 250]) await logEach(runId, range(64).map((index) => range(1000, index * 1000 + from).map((step) => metric(step))));
        expect((await runs.curve({ runId, key: 'm', buckets: 4 })).reduce((sum, bucket) => sum + bucket.points, 0)).toBe(64_500);
        expect(await runs.curve({ runId, key: 'none', buckets: 4 })).toEqual([]);
      });
    });

    describe('a run', () => {
      it('was last seen when it was last written to', async () => {
        const runId = await aRun();
        const seen = async () => (await runs.findInfo(runId))?.lastSeenAt;
        expect(await seen()).toBe(1000);
        const writes = [() => log(runId, [metric(1)]), () => runs.log({ runId, metrics: [], params: [], tags: [{ key: 't', value: 'x' }] }), () => runs.deleteTag(runId, 't'), () => runs.logInputs(runId, [], []), () => runs.logOutputs(runId, [])];
        for (const write of writes) {
          now += 10;
          await write();
          expect(await seen()).toBe(now);
        }
        now += 10;
        expect(await runs.update(runId, { name: 'other' })).toMatchObject({ name: 'other', lastSeenAt: now });
        await expect(runs.deleteTag(runId, 't')).rejects.toThrow('No tag');
        await runs.history({ runId, key: 'm' });
        expect(await seen()).toBe(now);
      });

      it('is made with others at once; one without an experiment does not touch them', async () => {
        const make = (id: string, experimentId: string) => runs.create({ id, experimentId, name: 'run', userId: 'ann', startTime: 2n ** 60n, creatorRun: null, tags: [{ key: 'b', value: '1' }, { key: 'a', value: '2' }, { key: 'b', value: '3' }] });
        const ids = range(20).map(() => newId());
        const outcomes = await Promise.allSettled(ids.map((id, index) => make(id, index % 5 === 4 ? '77' : '0')));
        const refused = outcomes.flatMap((one, index) => (one.status === 'rejected' ? [`${index} ${String(one.reason)}`] : []));
        expect(refused).toEqual([4, 9, 14, 19].map((index) => expect.stringMatching(`^${index} .*No Experiment with id=77`) as string));
        expect(await Promise.all(ids.map((id) => runs.find(id)))).toEqual(outcomes.map((one) => (one.status === 'fulfilled' ? one.value : undefined)));
        const again = await Promise.allSettled([make(ids[0] ?? '', '0'), make(newId(), '0')]);
        expect(again.map((one) => one.status)).toEqual(['rejected', 'fulfilled']);
      });
    });
  });
}
