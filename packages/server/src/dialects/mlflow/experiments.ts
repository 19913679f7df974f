import { parseExperimentId } from '@trainyard/core/tracking/experiment.ts';
import { LIMITS } from '@trainyard/core/tracking/limits.ts';
import type { ExperimentRecord } from '../../usecases/tracking/records.ts';
import type { Tracking } from '../../usecases/tracking/tracking.ts';
import { type Answer, done, type Endpoint, endpoint } from './endpoint.ts';
import { list, orElse, required, results, text } from './wire/fields.ts';
import { pairs, pairsAnswer } from './wire/pairs.ts';
import { stageOf, viewType } from './wire/view-type.ts';

const id = { experiment_id: required(text) };

export function experimentEndpoints({ experiments }: Tracking): Endpoint[] {
  return [
    endpoint({
      methods: ['POST'],
      needs: 'write',
      audit: { action: 'experiment.create', resource: ({ name }) => name },
      path: 'experiments/create',
      fields: { name: required(text), artifact_location: text, tags: pairs },
      answer: async ({ name, artifact_location: artifactLocation, tags }, caller) => ({ experiment_id: await experiments.create(caller, { name, artifactLocation, tags }) }),
    }),
    endpoint({
      methods: ['GET'],
      needs: 'read',
      path: 'experiments/get',
      fields: id,
      answer: async (message, caller) => ({ experiment: experimentAnswer(await experiments.get(caller, parseExperimentId(message.experiment_id))) }),
    }),
    endpoint({
      methods: ['GET'],
      needs: 'read',
      path: 'experiments/get-by-name',
      fields: { experiment_name: required(text) },
      answer: async (message, caller) => ({ experiment: experimentAnswer(await experiments.getByName(caller, message.experiment_name)) }),
    }),
    endpoint({
      methods: ['GET', 'POST'],
      needs: 'read',
      path: 'experiments/search',
      fields: { max_results: results(LIMITS.experimentsPerPage, 1000, `It must be at most ${LIMITS.experimentsPerPage}`), page_token: text, filter: orElse(text, ''), order_by: list(text), view_type: viewType },
      answer: async (message, caller) => {
        const page = await experiments.search(caller, { filter: message.filter, orderBy: message.order_by, stage: stageOf(message.view_type), limit: message.max_results, after: message.page_token || undefined });
        return { experiments: page.items.map(experimentAnswer), next_page_token: page.next };
      },
    }),
    endpoint({
      methods: ['POST'],
      needs: 'write',
      audit: { action: 'experiment.rename', resource: (message) => message.experiment_id },
      path: 'experiments/update',
      fields: { ...id, new_name: required(text) },
      answer: (message, caller) => done(experiments.rename(caller, parseExperimentId(message.experiment_id), message.new_name)),
    }),
    endpoint({ methods: ['POST'], needs: 'write', audit: { action: 'experiment.delete', resource: (message) => message.experiment_id }, path: 'experiments/delete', fields: id, answer: (message, caller) => done(experiments.delete(caller, parseExperimentId(message.experiment_id))) }),
    endpoint({ methods: ['POST'], needs: 'write', audit: { action: 'experiment.restore', resource: (message) => message.experiment_id }, path: 'experiments/restore', fields: id, answer: (message, caller) => done(experiments.restore(caller, parseExperimentId(message.experiment_id))) }),
    endpoint({
      methods: ['POST'],
      needs: 'write',
      path: 'experiments/set-experiment-tag',
      fields: { ...id, key: required(text), value: orElse(text, '') },
      answer: ({ experiment_id: experimentId, key, value }, caller) => done(experiments.setTag(caller, parseExperimentId(experimentId), { key, value })),
    }),
    endpoint({
      methods: ['POST'],
      needs: 'write',
      path: 'experiments/delete-experiment-tag',
      fields: { ...id, key: required(text) },
      answer: (message, caller) => done(experiments.deleteTag(caller, parseExperimentId(message.experiment_id), message.key)),
    }),
  ];
}

function experimentAnswer(experiment: ExperimentRecord): Answer {
  return {
    experiment_id: experiment.id,
    name: experiment.name,
    artifact_location: experiment.artifactLocation,
    lifecycle_stage: experiment.stage,
    last_update_time: experiment.updatedAt,
    creation_time: experiment.createdAt,
    tags: pairsAnswer(experiment.tags),
  };
}
