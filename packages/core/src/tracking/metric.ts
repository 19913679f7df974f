import { invalid, checkKey } from './names.ts';
import type { Int64 } from './int64.ts';

/** One value of a metric. Timestamps are milliseconds since 1970 by the client's clock. */
export interface Point {
  /** May be NaN; infinities are kept as ±Number.MAX_VALUE. */
  readonly value: number;
  readonly timestamp: Int64;
  readonly step: Int64;
}

export interface Metric extends Point {
  readonly key: string;
  /** The logged model it says something about. */
  readonly modelId?: string | undefined;
  readonly datasetName?: string | undefined;
  readonly datasetDigest?: string | undefined;
}

/** True when `a` is shown as the latest value rather than `b`: by step, then timestamp, then value. NaN counts as 0, as it does for MLflow. */
export function isLater(a: Point, b: Point): boolean {
  if (a.step !== b.step) return a.step > b.step;
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp;
  return comparable(a.value) > comparable(b.value);
}

function comparable(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}

/** Infinity is the largest double on every MLflow server: databases and clients cannot all hold it. */
export function finite(value: number): number {
  return Number.isNaN(value) ? value : Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE);
}

/** Refuses what no server takes; `path` is where the metric stands in the call (`metrics[3].`), or empty. Answers it as it is kept. */
export function checkMetric(metric: Metric, path = ''): Metric {
  checkKey(metric.key, { parameter: `${path}name`, what: 'Metric name' });
  if (metric.timestamp < 0) {
    throw invalid(`Invalid value ${metric.timestamp} for parameter '${path}timestamp' supplied: metric '${metric.key}' (value=${written(metric.value)}). Timestamp must be a nonnegative long (64-bit integer) `);
  }
  return { ...metric, value: finite(metric.value) };
}

/** A double as Python writes it: a whole one has its `.0`. */
function written(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? value.toFixed(1) : String(value);
}
