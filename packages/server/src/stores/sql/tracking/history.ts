import { type Int64, parseInt64 } from '@trainyard/core/tracking/int64.ts';
import type { Point } from '@trainyard/core/tracking/metric.ts';
import { pointAt } from '@trainyard/core/tracking/points/columns.ts';
import type { BulkHistoryQuery, HistoryQuery, Page, RunPoint } from '../../tracking.ts';
import type { Database } from '../database.ts';
import { badToken, parseToken } from '../keyset.ts';
import { readPage } from '../metrics/page.ts';
import { findParts, inOneMoment } from '../metrics/series-parts.ts';

/** The points of one metric by timestamp, step and value. A metric that is not there has none. */
export async function readHistory(database: Database, query: HistoryQuery): Promise<Page<Point>> {
  const limit = query.limit ?? Infinity;
  const after = query.after === undefined ? undefined : readPlace(query.after);
  return inOneMoment(database, async (db) => {
    const columns = await readPage(database.kind, db, await findParts(database.kind, db, query), { after, limit: limit + 1 });
    const items = Array.from({ length: Math.min(limit, columns.values.length) }, (_, index) => pointAt(columns, index));
    const last = columns.values.length > limit ? items.at(-1) : undefined;
    return { items, next: last === undefined ? undefined : writePlace(last) };
  });
}

/** One metric of many runs: the first points by run, timestamp, step, value. */
export function readBulkHistory(database: Database, { runIds, key, limit }: BulkHistoryQuery): Promise<RunPoint[]> {
  return inOneMoment(database, async (db) => {
    const found: RunPoint[] = [];
    for (const runId of [...new Set(runIds)].toSorted()) {
      if (found.length >= limit) break;
      const columns = await readPage(database.kind, db, await findParts(database.kind, db, { runId, key }), { limit: limit - found.length });
      for (let index = 0; index < columns.values.length; index++) found.push({ runId, ...pointAt(columns, index) });
    }
    return found;
  });
}

function writePlace({ timestamp, step, value }: Point): string {
  const isNan = Number.isNaN(value);
  return Buffer.from(JSON.stringify([String(timestamp), String(step), isNan ? 0 : value, isNan ? 1 : 0])).toString('base64url');
}

function readPlace(token: string): Point {
  const place = parseToken(token);
  const [timestamp, step, value, isNan] = Array.isArray(place) ? (place as unknown[]) : [];
  if (typeof value !== 'number' || (isNan !== 0 && isNan !== 1)) throw badToken();
  return { timestamp: readPart(timestamp), step: readPart(step), value: isNan === 1 ? Number.NaN : value };
}

function readPart(text: unknown): Int64 {
  const value = typeof text === 'string' ? parseInt64(text) : undefined;
  if (value === undefined) throw badToken();
  return value;
}
