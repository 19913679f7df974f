import { type Columns, slice } from '@trainyard/core/tracking/points/columns.ts';
import { decodePoints, encodePoints } from '@trainyard/core/tracking/points/encoding.ts';
import { type ChunkSummary, readSummary, summarize, writeSummary } from '@trainyard/core/tracking/points/summary.ts';
import { FULL_CHUNK } from '@trainyard/core/tracking/points/tail.ts';
import type { Kysely } from 'kysely';
import type { Database, Trx } from '../database.ts';
import type { Schema } from '../schema.ts';
import { among } from './among.ts';
import { putRows, type Target } from './put-rows.ts';

const CHUNKS: Target = {
  table: 'metric_chunks',
  columns: { series_id: 'bigint', is_full: 'integer', points: 'integer', summary: 'text', bytes: 'bytea' },
};

/** Writes sorted points as full chunks and one with what is left. */
export async function putChunks(kind: Database['kind'], trx: Trx, series: readonly { readonly seriesId: number; readonly points: Columns }[]): Promise<void> {
  const rows = series.flatMap(({ seriesId, points }) =>
    Array.from({ length: Math.ceil(points.values.length / FULL_CHUNK) }, (_, index) => {
      const part = slice(points, index * FULL_CHUNK, (index + 1) * FULL_CHUNK);
      const count = part.values.length;
      return [seriesId, count === FULL_CHUNK ? 1 : 0, count, writeSummary(summarize(part)), encodePoints(part)];
    }),
  );
  await putRows(kind, trx, CHUNKS, rows);
}

/** What is known of each chunk of a series. */
export async function summariesOf(db: Kysely<Schema>, seriesId: number): Promise<{ readonly id: number; readonly summary: ChunkSummary }[]> {
  const rows = await db.selectFrom('metric_chunks').select(['id', 'summary']).where('series_id', '=', seriesId).execute();
  return rows.map((row) => ({ id: row.id, summary: readSummary(row.summary) }));
}

export async function readChunks(kind: Database['kind'], db: Kysely<Schema>, ids: readonly number[]): Promise<ReadonlyMap<number, Columns>> {
  if (ids.length === 0) return new Map();
  const rows = await db.selectFrom('metric_chunks').select(['id', 'bytes']).where(among(kind, 'id', ids)).execute();
  return new Map(rows.map((row) => [row.id, decodePoints(row.bytes)]));
}
