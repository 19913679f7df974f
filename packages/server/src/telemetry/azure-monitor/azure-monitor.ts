import { hostname } from 'node:os';
import { type Attributes, type Counter, type Histogram, type Meter, ROOT_CONTEXT, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { AnsweredRequest, EndedAttempt, EndedRun, Telemetry, TelemetryConfig, TelemetryParts } from '../telemetry.ts';
import { Envelopes } from './envelopes.ts';
import { metricExporter, spanExporter } from './exporters.ts';
import { Ingestion } from './ingestion.ts';

export interface AzureMonitorOptions extends TelemetryConfig, TelemetryParts {
  /** How long a server that stops waits for its last words to arrive; 5 s when absent. */
  readonly lastWordsMs?: number;
}

const LAST_WORDS_MS = 5_000;
/** Between two reports of the metrics, and how long making one may take. */
const METRICS_EVERY_MS = 60_000;
const COLLECT_TIMEOUT_MS = 10_000;

/** OpenTelemetry's traces and metrics, sent to Application Insights. */
export function openAzureMonitor(options: AzureMonitorOptions): Telemetry {
  return new AzureMonitor(options);
}

class AzureMonitor implements Telemetry {
  readonly #ingestion: Ingestion;
  readonly #traces: TracerProvider;
  readonly #metrics: MeterProvider;
  readonly #tracer: Tracer;
  readonly #requests: Histogram;
  readonly #runs: Counter;
  readonly #runDurations: Histogram;
  readonly #lastWordsMs: number;

  constructor({ role, version, instrumentationKey, ingestionUrl, queueLength, outbound, log, lastWordsMs = LAST_WORDS_MS }: AzureMonitorOptions) {
    this.#lastWordsMs = lastWordsMs;
    this.#ingestion = new Ingestion({ outbound, url: ingestionUrl, log });
    const envelopes = new Envelopes({ instrumentationKey, role, instance: hostname(), version });
    const resource = resourceFromAttributes({ 'service.name': role, 'service.version': version, 'service.instance.id': hostname() });
    this.#traces = new TracerProvider({ resource, spanProcessors: [new BatchSpanProcessor({ exporter: spanExporter(envelopes, this.#ingestion) })] });
    const reader = new PeriodicExportingMetricReader({ exporter: metricExporter(envelopes, this.#ingestion), exportIntervalMillis: METRICS_EVERY_MS, exportTimeoutMillis: COLLECT_TIMEOUT_MS });
    this.#metrics = new MeterProvider({ resource, readers: [reader] });
    this.#tracer = this.#traces.getTracer('trainyard', version);
    const meter = this.#metrics.getMeter('trainyard', version);
    this.#requests = meter.createHistogram('http.server.request.duration', { unit: 's', description: 'Answered HTTP calls; their count is the number of calls' });
    this.#runs = meter.createCounter('trainyard.runs', { description: 'Runs that ended, by state' });
    this.#runDurations = meter.createHistogram('trainyard.run.duration', { unit: 's', description: 'From the request for a run to its end' });
    observeQueue(meter, queueLength);
  }

  requestAnswered({ method, route, status, durationMs }: AnsweredRequest): void {
    const endedAt = Date.now();
    const attributes = { 'http.request.method': method, 'http.response.status_code': status, ...(route === undefined ? {} : { 'http.route': route }) };
    this.#requests.record(durationMs / 1000, attributes);
    this.#span(route === undefined ? method : `${method} ${route}`, { kind: SpanKind.SERVER, startedAt: endedAt - durationMs, endedAt, attributes, failed: status >= 500 });
  }

  attemptEnded({ run, attempt, engine, toolchain, startedAt, endedAt, reason }: EndedAttempt): void {
    const attributes = { 'trainyard.run': run, 'trainyard.attempt': attempt, 'trainyard.engine': engine, 'trainyard.toolchain': toolchain, ...(reason === undefined ? {} : { 'trainyard.reason': reason }) };
    this.#span('run attempt', { kind: SpanKind.INTERNAL, startedAt, endedAt, attributes, failed: reason !== undefined });
  }

  runEnded({ state, engine, toolchain, durationMs }: EndedRun): void {
    const attributes = { 'trainyard.state': state, 'trainyard.engine': engine, 'trainyard.toolchain': toolchain };
    this.#runs.add(1, attributes);
    this.#runDurations.record(durationMs / 1000, attributes);
  }

  async close(): Promise<void> {
    const deadline = setTimeout(() => this.#ingestion.end(), this.#lastWordsMs);
    // what could not be sent was said in the log
    await Promise.allSettled([this.#traces.shutdown(), this.#metrics.shutdown({ timeoutMillis: this.#lastWordsMs })]);
    clearTimeout(deadline);
    this.#ingestion.end();
  }

  /** Each of them stands alone: nothing here is called by somebody whose trace it could belong to. */
  #span(name: string, { kind, startedAt, endedAt, attributes, failed }: { readonly kind: SpanKind; readonly startedAt: number; readonly endedAt: number; readonly attributes: Attributes; readonly failed: boolean }): void {
    const span = this.#tracer.startSpan(name, { kind, startTime: startedAt, attributes }, ROOT_CONTEXT);
    if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(endedAt);
  }
}

function observeQueue(meter: Meter, queueLength: () => Promise<number>): void {
  // a store that does not answer is an error of this reading, which the reader leaves out
  meter.createObservableGauge('trainyard.queue.length', { description: 'Runs that wait for their turn' }).addCallback(async (result) => result.observe(await queueLength()));
}
