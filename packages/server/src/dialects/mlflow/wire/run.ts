import type { Metric, Point } from '@trainyard/core/tracking/metric.ts';
import type { TrackingRunInfo, TrackingRunRecord } from '../../../usecases/tracking/records.ts';
import type { Answer } from '../endpoint.ts';
import { double, int64, list, message, orElse, required, text } from './fields.ts';
import { pairs, pairsAnswer } from './pairs.ts';

export const metricFields = {
  key: required(text),
  value: required(double),
  timestamp: required(int64),
  step: orElse(int64, 0),
  model_id: text,
  dataset_name: text,
  dataset_digest: text,
};

const datasetFields = { name: orElse(text, ''), digest: orElse(text, ''), source_type: orElse(text, ''), source: orElse(text, ''), schema: text, profile: text };

export const datasetInputs = list(message({ tags: pairs, dataset: required(message(datasetFields)) }));
export const modelLinks = list(message({ model_id: required(text), step: orElse(int64, 0) }));

export function infoAnswer(run: TrackingRunInfo): Answer {
  return {
    run_uuid: run.id,
    experiment_id: run.experimentId,
    run_name: run.name,
    user_id: run.userId,
    status: run.status,
    start_time: run.startTime,
    end_time: run.endTime ?? undefined,
    artifact_uri: run.artifactUri,
    lifecycle_stage: run.stage,
    run_id: run.id,
  };
}

export function runAnswer(run: TrackingRunRecord): Answer {
  return {
    info: infoAnswer(run),
    data: { metrics: run.metrics.map((metric) => pointAnswer(metric.key, metric)), params: pairsAnswer(run.params), tags: pairsAnswer(run.tags) },
    inputs: {
      dataset_inputs: run.datasets.map(({ dataset, tags }) => ({
        tags: pairsAnswer(tags),
        dataset: { name: dataset.name, digest: dataset.digest, source_type: dataset.sourceType, source: dataset.source, schema: dataset.schema, profile: dataset.profile },
      })),
      model_inputs: run.inputModels.map((model) => ({ model_id: model.modelId })),
    },
    outputs: { model_outputs: run.outputModels.map((model) => ({ model_id: model.modelId, step: model.step })) },
  };
}

export function pointAnswer(key: string, point: Point): Answer {
  return { key, value: point.value, timestamp: point.timestamp, step: point.step };
}

interface WireMetric {
  readonly key: string;
  readonly value: number;
  readonly timestamp: Metric['timestamp'];
  readonly step: Metric['step'];
  readonly model_id: string | undefined;
  readonly dataset_name: string | undefined;
  readonly dataset_digest: string | undefined;
}

export function toMetric(metric: WireMetric): Metric {
  return {
    key: metric.key,
    value: metric.value,
    timestamp: metric.timestamp,
    step: metric.step,
    modelId: metric.model_id || undefined,
    datasetName: metric.dataset_name || undefined,
    datasetDigest: metric.dataset_digest || undefined,
  };
}
