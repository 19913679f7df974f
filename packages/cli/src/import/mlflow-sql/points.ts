import type { ModelPointsRecord, PointsRecord } from '@trainyard/core/tracking/records/record.ts';
import type { SourceItem } from '../record-source.ts';
import { CHUNK, chunks, type Context, POINTS_PER_RECORD } from './context.ts';
import { int64, marks, type Row, type SqlReader, text, textOrNull } from './sql-reader.ts';

/** Points of all runs. A place is a run and one of its metrics: points behind both come next. */
export async function* points({ reader, scope }: Context, from?: string): AsyncGenerator<SourceItem<'points'>> {
  const start = from === undefined ? undefined : readPlace(from);
  const query = 'select run_uuid, key, timestamp, step, value, is_nan from metrics where';
  const order = 'order by run_uuid, key, timestamp, step, value';
  if (start !== undefined) yield* group(reader.stream(`${query} run_uuid = ? and key > ? ${order}`, start));
  const next = (after: string | undefined): Promise<readonly Row[]> => reader.all(`select run_uuid from runs where ${scope.inExperiments.text} and run_uuid > ? order by run_uuid limit ${CHUNK}`, [...scope.inExperiments.values, after ?? '']);
  for await (const rows of chunks(next, (row) => text(row, 'run_uuid'), start?.[0])) {
    const ids = rows.map((row) => text(row, 'run_uuid'));
    yield* group(reader.stream(`${query} run_uuid in (${marks(ids)}) ${order}`, ids));
  }
}

/** Rows of neighbouring points, some thousand of the same metric in a record. Its last record says where to go on. */
async function* group(rows: ReturnType<SqlReader['stream']>): AsyncGenerator<SourceItem<'points'>> {
  let open: PointsRecord | undefined;
  for await (const row of rows) {
    const [runId, key] = [text(row, 'run_uuid'), text(row, 'key')];
    const same = open !== undefined && open.runId === runId && open.key === key;
    if (open !== undefined && (!same || open.values.length >= POINTS_PER_RECORD)) yield { record: open, place: same ? undefined : writePlace(open) };
    if (open === undefined || !same || open.values.length >= POINTS_PER_RECORD) open = { kind: 'points', runId, key, steps: [], timestamps: [], values: [] };
    (open.steps as (number | bigint)[]).push(int64(row, 'step'));
    (open.timestamps as (number | bigint)[]).push(int64(row, 'timestamp'));
    (open.values as number[]).push(isTrue(row['is_nan']) || row['value'] === null ? Number.NaN : Number(row['value']));
  }
  if (open !== undefined) yield { record: open, place: writePlace(open) };
}

function isTrue(value: Row[string] | undefined): boolean {
  return value === true || value === 1;
}

function writePlace({ runId, key }: PointsRecord): string {
  return JSON.stringify([runId, key]);
}

function readPlace(place: string): [string, string] {
  return JSON.parse(place) as [string, string];
}

/** Points that say something about logged models. */
export async function* modelPoints({ reader, schema, scope }: Context, from?: string): AsyncGenerator<SourceItem<'model_points'>> {
  if (!schema.hasLoggedModels) return;
  const next = (after: string | undefined): Promise<readonly Row[]> => reader.all(`select model_id from logged_models where ${scope.inExperiments.text} and lifecycle_stage = 'active' and model_id > ? order by model_id limit ${CHUNK}`, [...scope.inExperiments.values, after ?? '']);
  for await (const rows of chunks(next, (row) => text(row, 'model_id'), from)) {
    const ids = rows.map((row) => text(row, 'model_id'));
    const found = await reader.all(`select model_id, run_id, metric_name, metric_timestamp_ms, metric_step, metric_value, dataset_name, dataset_digest from logged_model_metrics where model_id in (${marks(ids)}) order by model_id, metric_timestamp_ms, metric_step`, ids);
    const groups = Map.groupBy(found, (row) => JSON.stringify(['model_id', 'run_id', 'metric_name', 'dataset_name', 'dataset_digest'].map((column) => textOrNull(row, column))));
    for (const list of groups.values()) for (let at = 0; at < list.length; at += POINTS_PER_RECORD) yield { record: toModelPoints(list.slice(at, at + POINTS_PER_RECORD)), place: undefined };
  }
}

function toModelPoints(rows: readonly Row[]): ModelPointsRecord {
  const first = rows[0] ?? {};
  return {
    kind: 'model_points',
    modelId: text(first, 'model_id'),
    runId: text(first, 'run_id'),
    key: text(first, 'metric_name'),
    datasetName: textOrNull(first, 'dataset_name'),
    datasetDigest: textOrNull(first, 'dataset_digest'),
    steps: rows.map((row) => int64(row, 'metric_step')),
    timestamps: rows.map((row) => int64(row, 'metric_timestamp_ms')),
    values: rows.map((row) => (row['metric_value'] === null ? Number.NaN : Number(row['metric_value']))),
  };
}
