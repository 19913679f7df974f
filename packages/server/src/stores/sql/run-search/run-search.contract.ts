import type { Condition, SortKey } from '@trainyard/core/tracking/filter/condition.ts';
import { readFilter, readOrder } from '@trainyard/core/tracking/filter/check.ts';
import { RUN_SEARCH, type RunColumn } from '@trainyard/core/tracking/filter/searches.ts';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../tracking.contract.ts';
import type { RunSearch, TrackingRunRecord, TrackingStore } from '../../tracking.ts';
import type { Database } from '../database.ts';
import { searchRuns } from './run-search.ts';
import { openTrackingStore } from '../tracking/store.ts';
import { naiveSearch } from './naive-search.contract.ts';
import { BOUNDS, type Bounds } from './pace.ts';

/** With these every way through a search is gone although there are only a handful of runs. */
const WAYS: Readonly<Record<string, Bounds>> = {
  'as many runs are searched': BOUNDS,
  'looking at all': { few: 0, first: 1, telling: 1, most: 0 },
  'walking in small steps': { few: 4, first: 2, telling: 4, most: 1_000 },
  'giving up soon': { few: 4, first: 2, telling: 4, most: 8 },
};

/** Experiments that are not there: too many to walk through each. */
const MANY = Array.from({ length: 60 }, (_, index) => String(1_000_000 + index));
const LONG = 'x'.repeat(64);
/** Often the same, so that searches are sorted by what they filter. */
const METRICS = ['a', 'a', 'b', 'c d'];
const PAIRS = ['p', 'p', 'q', 'mlflow.runName'];
const NUMBERS = [-1.5, 0, 1, 1, 1, 2.5, Number.NaN];
const TEXTS = ['', '1', '1', '1', 'A', 'a', 'ab', 'é', '😀', '｡', `${LONG}a`, `${LONG}b`, `${LONG}b`];

const SORTED_AND_FILTERED: readonly [string, readonly string[]][] = [
  ['metrics.a != 1', ['metrics.a']],
  ['metrics.a > 0', ['metrics.a DESC']],
  ['metrics.a = 1', ['metrics.a', 'params.p']],
  ["params.p != '1'", ['params.p DESC', 'metrics.a']],
  ["params.p = '1'", ['params.p', 'tags.q']],
  ['params.p IS NULL', ['params.p', 'metrics.a DESC']],
  ['tags.p IS NOT NULL', ['tags.p']],
  ['start_time > 4.5', ['start_time']],
];

/** Promises of the search for runs, on whatever way it takes; every database runs this. `open` gives an empty one. */
export function runSearchContract(name: string, open: () => Promise<Database>): void {
  describe(`searching runs on ${name}`, () => {
    let database: Database;
    let store: TrackingStore;
    beforeEach(async () => {
      database = await open();
      store = openTrackingStore(database);
    });

    it.each(Object.entries(WAYS))('finds what a naive search finds, page by page: %s', async (_, bounds) => {
      const runs = await aHundredRuns(store);
      const experimentIds = [...new Set(runs.map((run) => run.experimentId))];
      const one = fc.record({
        experimentIds: fc.oneof({ weight: 5, arbitrary: fc.subarray(experimentIds, { minLength: 1 }) }, { weight: 1, arbitrary: fc.constant([...experimentIds, ...MANY]) }),
        stage: fc.constantFrom('active', 'active', 'deleted', undefined),
        conditions: fc.array(aCondition(runs), { maxLength: 3 }),
        order: fc.array(aKey, { maxLength: 2 }),
        limit: fc.constantFrom(1, 2, 3, 7, 200),
      });
      await fc.assert(
        fc.asyncProperty(one, async (search) => {
          const { ids, sizes } = await pagesOf(database, search, bounds);
          expect(ids).toEqual(naiveSearch(runs, search).map((run) => run.id));
          expect(sizes.slice(0, -1).every((size) => size === search.limit)).toBe(true);
        }),
        { numRuns: 120 },
      );
    });

    it('finds the same when it filters what it sorts by', async () => {
      const runs = await aHundredRuns(store);
      for (const [filter, order] of SORTED_AND_FILTERED) {
        for (const [way, bounds] of Object.entries(WAYS)) {
          const search = { experimentIds: [runs[0]!.experimentId], conditions: readFilter(filter, RUN_SEARCH), order: readOrder(order, RUN_SEARCH), limit: 3 };
          expect([filter, way, (await pagesOf(database, search, bounds)).ids]).toEqual([filter, way, naiveSearch(runs, search).map((run) => run.id)]);
        }
      }
    });

    it('takes no token of another search', async () => {
      const runs = await aHundredRuns(store);
      const search = (order: readonly string[], after?: string) => searchRuns(database, { experimentIds: [runs[0]!.experimentId], conditions: [], order: readOrder(order, RUN_SEARCH), limit: 1, after });
      const { next } = await search(['metrics.a']);
      for (const order of [[], ['attributes.run_name'], ['metrics.a', 'metrics.b']]) await expect(search(order, next)).rejects.toThrow('Invalid page token');
      for (const bad of ['', 'x', 'bnVsbA', Buffer.from('["9","1",true]').toString('base64url')]) await expect(search([], bad)).rejects.toThrow('Invalid page token');
    });

    it('keeps the places of pages while runs come and go', async () => {
      const runs = await aHundredRuns(store);
      const search: Omit<RunSearch, 'after'> = { experimentIds: [runs[0]!.experimentId], stage: 'active', conditions: [], order: readOrder(['params.p DESC'], RUN_SEARCH), limit: 5 };
      const [first, second, third] = chunks(naiveSearch(runs, search), 5);
      const page = await searchRuns(database, search, WAYS['walking in small steps']);
      for (const gone of [first![0]!, second![1]!]) await store.runs.setStage(gone.id, 'deleted', 1);
      const next = await searchRuns(database, { ...search, after: page.next }, WAYS['walking in small steps']);
      expect(next.items.map((run) => run.id)).toEqual([...second!.filter((_, index) => index !== 1), third![0]!].map((run) => run.id));
    });
  });
}

/** Runs of two experiments, the first and three quarters of all in one, with few different values: many are alike and many have none. */
async function aHundredRuns(store: TrackingStore): Promise<TrackingRunRecord[]> {
  const experiments = await Promise.all(['one', 'two'].map((name) => store.experiments.create({ name, tags: [] }, 1)));
  const shapes = fc.sample(aRun, 100);
  const ids = await Promise.all(shapes.map((shape, index) => create(store, experiments[index % 4 === 3 ? 1 : 0] ?? '', shape)));
  // a search brings the latest points up to date
  await store.runs.search({ experimentIds: experiments, conditions: [], order: [], limit: 1 });
  return Promise.all(ids.map(async (id) => (await store.runs.find(id))!));
}

const aPair = fc.record({ key: fc.constantFrom(...PAIRS), value: fc.constantFrom(...TEXTS) });
const pairs = fc.uniqueArray(aPair, { maxLength: 3, selector: (pair) => pair.key });

const aRun = fc.record({
  startTime: fc.constantFrom(0, 5, 5, 7, 2n ** 60n),
  end: fc.constantFrom(undefined, { status: 'FINISHED', endTime: 9 } as const, { status: 'FAILED', endTime: 8 } as const),
  isDeleted: fc.constantFrom(false, false, false, true),
  metrics: fc.uniqueArray(fc.record({ key: fc.constantFrom(...METRICS), value: fc.constantFrom(...NUMBERS), timestamp: fc.constant(1), step: fc.constant(0) }), { maxLength: 3, selector: (metric) => metric.key }),
  params: pairs,
  tags: pairs,
  dataset: fc.constantFrom(undefined, 'iris', 'wine'),
});

async function create(store: TrackingStore, experimentId: string, run: typeof aRun extends fc.Arbitrary<infer T> ? T : never): Promise<string> {
  const id = newId();
  await store.runs.create({ id, experimentId, name: 'r', userId: 'u', startTime: run.startTime, creatorRun: null, tags: [] });
  await store.runs.log({ runId: id, metrics: run.metrics, params: run.params, tags: run.tags });
  if (run.dataset !== undefined) await store.runs.logInputs(id, [{ dataset: { name: run.dataset, digest: '1', sourceType: '', source: '' }, tags: [{ key: 'mlflow.data.context', value: 'training' }] }], []);
  if (run.end !== undefined) await store.runs.update(id, run.end);
  if (run.isDeleted) await store.runs.setStage(id, 'deleted', 1);
  return id;
}

function aCondition(runs: readonly TrackingRunRecord[]): fc.Arbitrary<Condition<RunColumn>> {
  const number = fc.record({ operator: fc.constantFrom('=', '!=', '<', '<=', '>', '>='), number: fc.constantFrom(-1.5, 0, 0.5, 1, 2.5, 7) }) as fc.Arbitrary<Condition['test']>;
  const text = fc.oneof(fc.record({ operator: fc.constantFrom('=', '=', '!='), text: fc.constantFrom(...TEXTS) }), fc.record({ operator: fc.constantFrom('LIKE', 'ILIKE'), text: fc.constantFrom('%', 'a%', '_', '%B', '*', '1') })) as fc.Arbitrary<Condition['test']>;
  const nullness = fc.record({ operator: fc.constantFrom('IS NULL', 'IS NOT NULL') }) as fc.Arbitrary<Condition['test']>;
  const listed = fc.record({ operator: fc.constantFrom('IN', 'NOT IN'), texts: fc.array(fc.constantFrom(...runs.map((run) => run.id), 'wine'), { minLength: 1, maxLength: 4 }) }) as fc.Arbitrary<Condition['test']>;
  const about = (subject: fc.Arbitrary<unknown>, test: fc.Arbitrary<Condition['test']>) => fc.record({ subject, test }) as fc.Arbitrary<Condition<RunColumn>>;
  const column = (...columns: RunColumn[]) => fc.record({ entity: fc.constant('attribute'), column: fc.constantFrom(...columns) });
  const key = (entities: readonly string[], keys: readonly string[]) => fc.record({ entity: fc.constantFrom(...entities), key: fc.constantFrom(...keys) });
  return fc.oneof(
    about(key(['metric'], METRICS), number),
    about(key(['param', 'tag'], PAIRS), fc.oneof(text, nullness)),
    about(key(['dataset'], ['name', 'context']), fc.oneof(text, listed)),
    about(column('start_time', 'end_time'), number),
    about(column('name', 'status'), text),
    about(column('id'), listed),
  );
}

const aKey = fc.record({
  subject: fc.oneof(
    fc.record({ entity: fc.constant('metric'), key: fc.constantFrom(...METRICS) }),
    fc.record({ entity: fc.constantFrom('param', 'tag'), key: fc.constantFrom(...PAIRS) }),
    fc.record({ entity: fc.constant('attribute'), column: fc.constantFrom('start_time', 'start_time', 'end_time', 'name', 'status', 'id') }),
  ),
  ascending: fc.boolean(),
}) as fc.Arbitrary<SortKey<RunColumn>>;

function chunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) => list.slice(index * size, (index + 1) * size));
}

async function pagesOf(database: Database, search: Omit<RunSearch, 'after'>, bounds: Bounds): Promise<{ ids: string[]; sizes: number[] }> {
  const ids: string[] = [];
  const sizes: number[] = [];
  let after: string | undefined;
  do {
    const page = await searchRuns(database, { ...search, after }, bounds);
    ids.push(...page.items.map((run) => run.id));
    sizes.push(page.items.length);
    after = page.next;
    if (sizes.length > 200) throw new Error('the pages do not end');
  } while (after !== undefined);
  return { ids, sizes };
}
