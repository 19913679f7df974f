import { AggregationTemporality, InstrumentType, type PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { Envelope, Envelopes } from './envelopes.ts';
import type { Ingestion } from './ingestion.ts';

/** How OpenTelemetry's core numbers the two ends of an export. */
const SUCCESS = 0;
const FAILED = 1;

type Done = Parameters<SpanExporter['export']>[1];

export function spanExporter(envelopes: Envelopes, ingestion: Ingestion): SpanExporter {
  return {
    export: (spans, done) => void deliver(ingestion, spans.map((span) => envelopes.ofSpan(span)), done),
    shutdown: () => Promise.resolve(),
  };
}

export function metricExporter(envelopes: Envelopes, ingestion: Ingestion): PushMetricExporter {
  return {
    export(metrics, done) {
      const time = new Date();
      const told = metrics.scopeMetrics.flatMap((scope) => scope.metrics.flatMap((metric) => envelopes.ofMetric(metric, time)));
      void deliver(ingestion, told, done);
    },
    // Application Insights adds up what it is told
    selectAggregationTemporality: (type) => (type === InstrumentType.UP_DOWN_COUNTER || type === InstrumentType.OBSERVABLE_UP_DOWN_COUNTER ? AggregationTemporality.CUMULATIVE : AggregationTemporality.DELTA),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
}

async function deliver(ingestion: Ingestion, envelopes: readonly Envelope[], done: Done): Promise<void> {
  done({ code: (await ingestion.send(envelopes)) ? SUCCESS : FAILED });
}
