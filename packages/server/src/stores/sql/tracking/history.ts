import { parseInt64 } from '@trainyard/core/tracking/int64.ts';
import type { Point } from '@trainyard/core/tracking/metric.ts';
import { type Kysely, sql } from 'kysely';
import type { HistoryQuery, Page } from '../../tracking.ts';
import { badToken, parseToken } from '../keyset.ts';
import type { Schema } from '../schema.ts';
import { int64Text, readInt64 } from './int64.ts';

interface PointRow {
  readonly timestamp: string;
  readonly step: string;
  readonly value: number;
  readonly is_nan: number;
}

/** The points of one metric by timestamp, step and value: the order in which they are stored. A metric that is not there has none. */
export async function readHistory(db: Kysely<Schema>, query: HistoryQuery): Promise<Page<Point>> {
  const { limit } = query;
  const after = query.after === undefined ? undefined : readPlace(query.after);
  const series = await db.selectFrom('metric_series').select('id').where('run_id', '=', query.runId).where('key', '=', query.key).executeTakeFirst();
  if (series === undefined) return { items: [] };
  let points = db.selectFrom('metric_points').select(['value', 'is_nan', int64Text('metric_points.timestamp').as('timestamp'), int64Text('metric_points.step').as('step')]).where('series_id', '=', series.id);
  if (after !== undefined) points = points.where(sql<boolean>`(metric_points.timestamp, metric_points.step, value, is_nan) > (${after.timestamp}, ${after.step}, ${after.value}, ${after.isNan})`);
  for (const column of ['metric_points.timestamp', 'metric_points.step', 'metric_points.value', 'metric_points.is_nan'] as const) points = points.orderBy(column);
  const rows = await (limit === undefined ? points : points.limit(limit + 1)).execute();
  const last = limit !== undefined && rows.length > limit ? rows[limit - 1] : undefined;
  return { items: rows.slice(0, limit).map(toPoint), next: last === undefined ? undefined : writePlace(last) };
}

function toPoint(row: PointRow): Point {
  return { value: row.is_nan === 1 ? Number.NaN : row.value, timestamp: readInt64(row.timestamp), step: readInt64(row.step) };
}

function writePlace(row: PointRow): string {
  return Buffer.from(JSON.stringify([row.timestamp, row.step, row.value, row.is_nan])).toString('base64url');
}

function readPlace(token: string) {
  const place = parseToken(token);
  const [timestamp, step, value, isNan] = Array.isArray(place) ? (place as unknown[]) : [];
  if (typeof timestamp !== 'string' || typeof step !== 'string' || typeof value !== 'number' || (isNan !== 0 && isNan !== 1)) throw badToken();
  if (parseInt64(timestamp) === undefined || parseInt64(step) === undefined) throw badToken();
  return { timestamp: BigInt(timestamp), step: BigInt(step), value, isNan };
}
