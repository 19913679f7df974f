import { parseExperimentId } from '@trainyard/core/tracking/experiment.ts';
import { LIMITS } from '@trainyard/core/tracking/limits.ts';
import { RUN_STATUSES } from '@trainyard/core/tracking/run-status.ts';
import { logModel } from '../../usecases/tracking/log-model.ts';
import type { Tracking } from '../../usecases/tracking/tracking.ts';
import { done, type Endpoint, endpoint } from './endpoint.ts';
import { int64, list, oneOf, orElse, required, results, text } from './wire/fields.ts';
import { pairs } from './wire/pairs.ts';
import { datasetInputs, infoAnswer, modelLinks, runAnswer } from './wire/run.ts';
import { stageOf, viewType } from './wire/view-type.ts';

const id = { run_id: required(text) };

/** Runs as such: their life, their search, what went in and came out. What they log is in metrics.ts. */
export function runEndpoints({ runs }: Tracking): Endpoint[] {
  return [
    endpoint({
      methods: ['POST'],
      needs: 'write',
      path: 'runs/create',
      fields: { experiment_id: orElse(text, '0'), user_id: text, run_name: text, start_time: orElse(int64, 0), tags: pairs },
      answer: async (message, caller) => {
        const experimentId = parseExperimentId(message.experiment_id || '0');
        const run = await runs.create(caller, { experimentId, name: message.run_name, userId: message.user_id, startTime: message.start_time, tags: message.tags });
        // nothing can have come out of it yet
        return { run: { ...runAnswer(run), outputs: undefined } };
      },
    }),
    endpoint({ methods: ['GET'], needs: 'read', path: 'runs/get', fields: id, answer: async (message, caller) => ({ run: runAnswer(await runs.get(caller, message.run_id)) }) }),
    endpoint({
      methods: ['POST'],
      needs: 'write',
      path: 'runs/update',
      fields: { ...id, status: oneOf(RUN_STATUSES), end_time: int64, run_name: text },
      answer: async (message, caller) => {
        const shown = await runs.update(caller, message.run_id, { name: message.run_name, status: message.status, endTime: message.end_time });
        return { run_info: infoAnswer(shown) };
      },
    }),
    endpoint({ methods: ['POST'], needs: 'write', audit: { action: 'run.delete', resource: (message) => message.run_id }, path: 'runs/delete', fields: id, answer: (message, caller) => done(runs.setStage(caller, message.run_id, 'deleted')) }),
    endpoint({ methods: ['POST'], needs: 'write', audit: { action: 'run.restore', resource: (message) => message.run_id }, path: 'runs/restore', fields: id, answer: (message, caller) => done(runs.setStage(caller, message.run_id, 'active')) }),
    endpoint({
      methods: ['POST'],
      needs: 'read',
      path: 'runs/search',
      fields: { experiment_ids: list(text), filter: orElse(text, ''), run_view_type: viewType, max_results: results(LIMITS.runsPerPage, 1000), order_by: list(text), page_token: text },
      answer: async (message, caller) => {
        const page = await runs.search(caller, {
          experimentIds: message.experiment_ids.map(parseExperimentId),
          filter: message.filter,
          orderBy: message.order_by,
          stage: stageOf(message.run_view_type),
          limit: message.max_results,
          after: message.page_token || undefined,
        });
        return { runs: page.items.map(runAnswer), next_page_token: page.next };
      },
    }),
    endpoint({
      methods: ['POST'],
      needs: 'write',
      path: 'runs/log-inputs',
      fields: { ...id, datasets: datasetInputs, models: modelLinks },
      answer: ({ run_id: runId, datasets, models }, caller) =>
        done(
          runs.logInputs(caller, runId, {
            datasets: datasets.map(({ dataset, tags }) => ({ tags, dataset: { name: dataset.name, digest: dataset.digest, sourceType: dataset.source_type, source: dataset.source, schema: dataset.schema, profile: dataset.profile } })),
            models: models.map((model) => ({ modelId: model.model_id, step: model.step })),
          }),
        ),
    }),
    endpoint({
      methods: ['POST'],
      needs: 'write',
      path: 'runs/outputs',
      fields: { ...id, models: required(modelLinks) },
      answer: (message, caller) => done(runs.logOutputs(caller, message.run_id, message.models.map((model) => ({ modelId: model.model_id, step: model.step })))),
    }),
    endpoint({
      methods: ['POST'],
      needs: 'write',
      path: 'runs/log-model',
      fields: { ...id, model_json: required(text) },
      answer: (message, caller) => done(logModel(runs, caller, { runId: message.run_id, modelJson: message.model_json })),
    }),
  ];
}
