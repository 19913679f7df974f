import { type Attributes, type HrTime, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { MetricData } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

/** One thing told, as the ingestion of Application Insights takes it. */
export interface Envelope {
  readonly ver: 1;
  readonly name: string;
  readonly time: string;
  readonly sampleRate: 100;
  readonly iKey: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly data: { readonly baseType: string; readonly baseData: Readonly<Record<string, unknown>> };
}

export interface EnvelopeSender {
  readonly instrumentationKey: string;
  readonly role: string;
  readonly instance: string;
  readonly version: string;
}

/** Attributes that have a field of their own. */
const MAPPED = ['http.request.method', 'http.route', 'http.response.status_code'];

/** Turns spans and metrics of OpenTelemetry into envelopes: the same fields that Microsoft's exporter for Node makes of them. */
export class Envelopes {
  readonly #iKey: string;
  readonly #tags: Readonly<Record<string, string>>;

  constructor({ instrumentationKey, role, instance, version }: EnvelopeSender) {
    this.#iKey = instrumentationKey;
    this.#tags = { 'ai.internal.sdkVersion': `trainyard:${version}`, 'ai.application.ver': version, 'ai.cloud.role': role, 'ai.cloud.roleInstance': instance };
  }

  /** A call of ours that was answered is a request, everything else a dependency. */
  ofSpan(span: ReadableSpan): Envelope {
    const { traceId } = span.spanContext();
    const time = new Date(millisecondsOf(span.startTime)).toISOString();
    if (span.kind !== SpanKind.SERVER) return this.#envelope('RemoteDependency', { time, tags: { 'ai.operation.id': traceId }, baseType: 'RemoteDependencyData', baseData: dependencyOf(span) });
    return this.#envelope('Request', { time, tags: { 'ai.operation.id': traceId, 'ai.operation.name': span.name }, baseType: 'RequestData', baseData: requestOf(span) });
  }

  /** One for each combination of attributes. */
  ofMetric({ descriptor, dataPoints }: MetricData, time: Date): Envelope[] {
    return dataPoints.map(({ value, attributes }) => {
      const aggregate = typeof value === 'number' ? { value, count: 1 } : { value: value.sum ?? 0, count: value.count, min: value.min, max: value.max };
      return this.#envelope('Metric', { time: time.toISOString(), tags: {}, baseType: 'MetricData', baseData: { ver: 2, metrics: [{ name: descriptor.name, kind: 'Aggregation', ...aggregate }], properties: propertiesOf(attributes, []) } });
    });
  }

  #envelope(name: string, { time, tags, baseType, baseData }: { readonly time: string; readonly tags: Readonly<Record<string, string>>; readonly baseType: string; readonly baseData: Readonly<Record<string, unknown>> }): Envelope {
    return { ver: 1, name: `Microsoft.ApplicationInsights.${name}`, time, sampleRate: 100, iKey: this.#iKey, tags: { ...this.#tags, ...tags }, data: { baseType, baseData } };
  }
}

function requestOf(span: ReadableSpan): Readonly<Record<string, unknown>> {
  const status = Number(span.attributes['http.response.status_code'] ?? 0);
  return { ver: 2, id: span.spanContext().spanId, name: span.name, duration: timeSpanOf(millisecondsOf(span.duration)), success: status < 400, responseCode: String(status), properties: propertiesOf(span.attributes, MAPPED) };
}

function dependencyOf(span: ReadableSpan): Readonly<Record<string, unknown>> {
  const success = span.status.code !== SpanStatusCode.ERROR;
  const { 'trainyard.engine': engine, 'trainyard.reason': reason } = span.attributes;
  return { ver: 2, id: span.spanContext().spanId, name: span.name, resultCode: String(reason ?? 'succeeded'), type: 'Engine', target: String(engine ?? ''), duration: timeSpanOf(millisecondsOf(span.duration)), success, properties: propertiesOf(span.attributes, []) };
}

function propertiesOf(attributes: Attributes, without: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(attributes).flatMap(([name, value]) => (without.includes(name) || value === undefined ? [] : [[name, String(value)]])));
}

function millisecondsOf([seconds, nanoseconds]: HrTime): number {
  return seconds * 1000 + nanoseconds / 1e6;
}

/** `[days.]hh:mm:ss.fff`, as .NET writes durations. */
export function timeSpanOf(ms: number): string {
  const [seconds, fraction = ''] = (Math.max(0, ms) / 1000).toFixed(3).split('.');
  const total = Number(seconds);
  const parts = [Math.floor(total / 3600) % 24, Math.floor(total / 60) % 60, total % 60].map((part) => String(part).padStart(2, '0'));
  const days = Math.floor(total / 86_400);
  return `${days === 0 ? '' : `${days}.`}${parts.join(':')}.${fraction}`;
}
