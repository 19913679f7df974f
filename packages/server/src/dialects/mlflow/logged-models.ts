import { parseExperimentId } from '@trainyard/core/tracking/experiment.ts';
import { LIMITS } from '@trainyard/core/tracking/limits.ts';
import { LOGGED_MODEL_STATUSES, type LoggedModelStatus } from '@trainyard/core/tracking/logged-model.ts';
import type { LoggedModelRecord } from '../../usecases/tracking/records.ts';
import type { Tracking } from '../../usecases/tracking/tracking.ts';
import { type Answer, done, type Endpoint, endpoint } from './endpoint.ts';
import { flag, list, message as messageOf, oneOf, orElse, required, results, text } from './wire/fields.ts';
import { pairs, pairsAnswer } from './wire/pairs.ts';
import { pointAnswer } from './wire/run.ts';

const PREFIX = 'LOGGED_MODEL_';
const status = required(oneOf(LOGGED_MODEL_STATUSES.map((name) => `${PREFIX}${name}` as const)));
const id = { model_id: required(text) };
const dataset = messageOf({ dataset_name: required(text), dataset_digest: text });
const orderBy = messageOf({ field_name: required(text), ascending: orElse(flag, true), dataset_name: text, dataset_digest: text });

export function loggedModelEndpoints({ loggedModels }: Tracking): Endpoint[] {
  return [
    endpoint({
      methods: ['POST'],
      needs: 'write',
      path: 'logged-models',
      fields: { experiment_id: required(text), name: text, model_type: text, source_run_id: text, params: pairs, tags: pairs },
      answer: async (message, caller) => {
        const { name, model_type: modelType, source_run_id: sourceRunId, params, tags } = message;
        return { model: modelAnswer(await loggedModels.create(caller, { experimentId: parseExperimentId(message.experiment_id), name, modelType, sourceRunId, params, tags })) };
      },
    }),
    endpoint({
      methods: ['POST'],
      needs: 'read',
      path: 'logged-models/search',
      fields: { experiment_ids: required(list(text)), filter: orElse(text, ''), datasets: list(dataset), max_results: results(LIMITS.loggedModelsPerPage, 100), order_by: list(orderBy), page_token: text },
      answer: async (message, caller) => {
        const page = await loggedModels.search(caller, {
          experimentIds: message.experiment_ids.map(parseExperimentId),
          filter: message.filter,
          datasets: message.datasets.map((one) => ({ name: one.dataset_name, digest: one.dataset_digest || undefined })),
          orderBy: message.order_by.map((key) => ({ field: key.field_name, ascending: key.ascending, dataset: key.dataset_name ? { name: key.dataset_name, digest: key.dataset_digest || undefined } : undefined })),
          limit: message.max_results,
          after: message.page_token || undefined,
        });
        return { models: page.items.map(modelAnswer), next_page_token: page.next };
      },
    }),
    endpoint({ methods: ['GET'], needs: 'read', path: 'logged-models/:model_id', fields: id, answer: async (message, caller) => ({ model: modelAnswer(await loggedModels.get(caller, message.model_id)) }) }),
    endpoint({
      methods: ['PATCH'],
      needs: 'write',
      path: 'logged-models/:model_id',
      fields: { ...id, status },
      answer: async (message, caller) => ({ model: modelAnswer(await loggedModels.finalize(caller, message.model_id, message.status.slice(PREFIX.length) as LoggedModelStatus)) }),
    }),
    endpoint({ methods: ['DELETE'], needs: 'write', audit: { action: 'logged-model.delete', resource: (message) => message.model_id }, path: 'logged-models/:model_id', fields: id, answer: (message, caller) => done(loggedModels.delete(caller, message.model_id)) }),
    endpoint({ methods: ['POST'], needs: 'write', path: 'logged-models/:model_id/params', fields: { ...id, params: pairs }, answer: (message, caller) => done(loggedModels.logParams(caller, message.model_id, message.params)) }),
    endpoint({ methods: ['PATCH'], needs: 'write', path: 'logged-models/:model_id/tags', fields: { ...id, tags: pairs }, answer: (message, caller) => done(loggedModels.setTags(caller, message.model_id, message.tags)) }),
    endpoint({
      methods: ['DELETE'],
      needs: 'write',
      path: 'logged-models/:model_id/tags/:tag_key',
      fields: { ...id, tag_key: required(text) },
      answer: (message, caller) => done(loggedModels.deleteTag(caller, message.model_id, message.tag_key)),
    }),
  ];
}

function modelAnswer(model: LoggedModelRecord): Answer {
  return {
    info: {
      model_id: model.id,
      experiment_id: model.experimentId,
      name: model.name,
      creation_timestamp_ms: model.createdAt,
      last_updated_timestamp_ms: model.updatedAt,
      artifact_uri: model.artifactUri,
      status: `${PREFIX}${model.status}`,
      status_message: model.statusMessage ?? undefined,
      model_type: model.modelType ?? '',
      source_run_id: model.sourceRunId ?? '',
      tags: pairsAnswer(model.tags),
    },
    data: {
      params: pairsAnswer(model.params),
      metrics: model.metrics.map((metric) => ({ ...pointAnswer(metric.key, metric), dataset_name: metric.datasetName, dataset_digest: metric.datasetDigest, model_id: metric.modelId, run_id: metric.runId })),
    },
  };
}
