import type { Pair } from '../batch.ts';
import type { Int64 } from '../int64.ts';
import type { DatasetUse, ModelUse, PointColumns, TransferRecord } from './record.ts';

/** One line of the export format, without its line end. What is null or empty is left out. */
export function writeRecord(record: TransferRecord): string {
  return JSON.stringify(plain(record));
}

type Fields = Readonly<Record<string, unknown>>;

function plain(record: TransferRecord): Fields {
  switch (record.kind) {
    case 'experiment':
    case 'registered_model':
      return present({ ...record, tags: pairs(record.tags) });
    case 'dataset':
      return present({ kind: record.kind, experiment: record.experiment, ...record.dataset });
    case 'run':
      return present({
        ...record,
        startTime: int64(record.startTime),
        endTime: record.endTime === null ? null : int64(record.endTime),
        params: pairs(record.params),
        tags: pairs(record.tags),
        datasets: filled(record.datasets.map((use: DatasetUse) => present({ ...use, tags: pairs(use.tags) }))),
        inputModels: filled(record.inputModels.map(modelUse)),
        outputModels: filled(record.outputModels.map(modelUse)),
      });
    case 'points':
    case 'model_points':
      return present({ ...record, ...columns(record) });
    case 'logged_model':
      return present({ ...record, params: pairs(record.params), tags: pairs(record.tags) });
    case 'model_version':
      return present({ ...record, tags: pairs(record.tags), aliases: filled(record.aliases) });
    default:
      return record satisfies never;
  }
}

function columns({ steps, timestamps, values }: PointColumns): Fields {
  return { steps: steps.map(int64), timestamps: timestamps.map(int64), values: values.map(double) };
}

function modelUse({ modelId, step }: ModelUse): Fields {
  return { modelId, step: int64(step) };
}

function int64(value: Int64): number | string {
  return typeof value === 'bigint' ? String(value) : value;
}

function double(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** In order of the names, so that the same pairs are the same text. */
function pairs(list: readonly Pair[]): Fields | undefined {
  if (list.length === 0) return undefined;
  return Object.fromEntries(list.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({ key, value }) => [key, value]));
}

function filled<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
}
