import type { Page, RunSearch, TrackingRunRecord } from '../../tracking.ts';
import type { Database } from '../database.ts';
import { readToken, writeToken } from '../keyset.ts';
import { among } from '../metrics/among.ts';
import { selectRuns, toRecords } from '../tracking/run-rows.ts';
import { findRuns } from './find.ts';
import { runOrder } from './order.ts';
import { BOUNDS, type Bounds } from './pace.ts';
import { alongIndexes } from './planner.ts';

/** No statement may grow without end: more experiments than anybody lists by hand. */
const MAX_EXPERIMENTS = 10_000;

/** One page of runs. What it costs does not grow with the pages before it. */
export async function searchRuns(database: Database, search: RunSearch, bounds: Bounds = BOUNDS): Promise<Page<TrackingRunRecord>> {
  const experimentIds = [...new Set(search.experimentIds.slice(0, MAX_EXPERIMENTS).map(Number))];
  if (experimentIds.length === 0) return { items: [] };
  const { order: keys, conditions, limit, stage } = search;
  const after = search.after === undefined ? undefined : readToken(search.after, runOrder(database.kind, keys, 'each').terms);
  return alongIndexes(database, async (read) => {
    const found = await findRuns({ kind: database.kind, read, experimentIds, stage, bounds }, { conditions, keys, after, limit: limit + 1 });
    const last = found.length > limit ? found[limit - 1] : undefined;
    const ids = found.slice(0, limit).map((one) => one.id);
    const rows = new Map((await selectRuns(read).where(among(database.kind, 'tracking_runs.id', ids)).execute()).map((row) => [row.id, row]));
    return { items: await toRecords(read, ids.flatMap((id) => rows.get(id) ?? [])), next: last === undefined ? undefined : writeToken(last.place) };
  });
}
