import { TrainyardError } from '@trainyard/core/errors.ts';
import type { LoggedModelRecord, ModelPointsRecord, PointsRecord, RecordKind } from '@trainyard/core/tracking/records/record.ts';
import { writeRecord } from '@trainyard/core/tracking/records/write-record.ts';
import type { LoggedModelMetric, TrackingRunStore } from '../../stores/tracking.ts';
import type { TransferNeeds } from './transfer-needs.ts';

export interface RecordsQuery {
  readonly kind: RecordKind;
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string | undefined;
  readonly experiments?: readonly string[] | undefined;
  /** Points: of these runs or logged models. */
  readonly of: readonly string[];
}

export interface RecordsPage {
  /** Without line ends. */
  readonly lines: readonly string[];
  readonly next?: string | undefined;
}

/** Some thousand points a line, some tens of thousands a page. */
const POINTS = { perLine: 5000, perPage: 50_000 };

/** One page of one kind. Points are those of the runs or logged models that are named, so that they never come without their owner. */
export async function exportRecords(needs: TransferNeeds, query: RecordsQuery): Promise<RecordsPage> {
  const { kind } = query;
  if (kind === 'points') return pageOfPoints(needs.tracking.runs, query);
  if (kind === 'model_points') return { lines: (await modelPoints(needs, query.of)).map(writeRecord) };
  const page = await needs.store.page(kind, query);
  return { lines: page.items.map(writeRecord), next: page.next };
}

/** Which run of the list, which metric of it, and behind which point. */
interface Place {
  readonly runId: string;
  readonly key: string;
  readonly after: string | undefined;
}

async function pageOfPoints(runs: TrackingRunStore, query: RecordsQuery): Promise<RecordsPage> {
  const from = query.after === undefined ? undefined : readPlace(query.after);
  const lines: string[] = [];
  let points = 0;
  for (const { runId, key } of await seriesOf(runs, query.of, from)) {
    let after = runId === from?.runId && key === from.key ? from.after : undefined;
    do {
      if (points >= POINTS.perPage) return { lines, next: writePlace({ runId, key, after }) };
      const page = await runs.history({ runId, key, limit: POINTS.perLine, after });
      if (page.items.length > 0) lines.push(writeRecord(toRecord({ runId, key }, page.items)));
      points += page.items.length;
      after = page.next;
    } while (after !== undefined);
  }
  return { lines };
}

async function seriesOf(runs: TrackingRunStore, runIds: readonly string[], from: Place | undefined): Promise<{ readonly runId: string; readonly key: string }[]> {
  const series: { runId: string; key: string }[] = [];
  for (const runId of runIds.slice(Math.max(0, runIds.indexOf(from?.runId ?? '')))) {
    for (const { key } of (await runs.find(runId))?.metrics ?? []) if (runId !== from?.runId || key >= from.key) series.push({ runId, key });
  }
  return series;
}

function toRecord({ runId, key }: { readonly runId: string; readonly key: string }, points: Awaited<ReturnType<TrackingRunStore['history']>>['items']): PointsRecord {
  return { kind: 'points', runId, key, steps: points.map(({ step }) => step), timestamps: points.map(({ timestamp }) => timestamp), values: points.map(({ value }) => value) };
}

function writePlace({ runId, key, after }: Place): string {
  return Buffer.from(JSON.stringify([runId, key, after ?? null])).toString('base64url');
}

function readPlace(cursor: string): Place {
  const bad = new TrainyardError('INVALID_CURSOR', { cursor });
  let place: unknown;
  try {
    place = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw bad;
  }
  const [runId, key, after] = Array.isArray(place) ? (place as unknown[]) : [];
  if (typeof runId !== 'string' || typeof key !== 'string' || (after !== null && typeof after !== 'string')) throw bad;
  return { runId, key, after: after ?? undefined };
}

/** A logged model has a handful of points; all of them at once. */
async function modelPoints({ tracking }: TransferNeeds, ids: readonly LoggedModelRecord['id'][]): Promise<ModelPointsRecord[]> {
  const records: ModelPointsRecord[] = [];
  for (const id of ids) {
    const model = await tracking.loggedModels.find(id);
    const groups = Map.groupBy(model?.metrics ?? [], (metric) => JSON.stringify([metric.runId, metric.key, metric.datasetName, metric.datasetDigest]));
    for (const metrics of groups.values()) for (let at = 0; at < metrics.length; at += POINTS.perLine) records.push(toModelRecord(id, metrics.slice(at, at + POINTS.perLine)));
  }
  return records;
}

function toModelRecord(modelId: string, metrics: readonly LoggedModelMetric[]): ModelPointsRecord {
  const [first] = metrics;
  return {
    kind: 'model_points',
    modelId,
    runId: first?.runId ?? '',
    key: first?.key ?? '',
    datasetName: first?.datasetName ?? null,
    datasetDigest: first?.datasetDigest ?? null,
    steps: metrics.map(({ step }) => step),
    timestamps: metrics.map(({ timestamp }) => timestamp),
    values: metrics.map(({ value }) => value),
  };
}
