import type { Int64 } from '@trainyard/core/tracking/int64.ts';
import { invalid } from '@trainyard/core/tracking/names.ts';
import type { Tracking } from '../../usecases/tracking/tracking.ts';
import { type Answer, type Endpoint, endpoint } from './endpoint.ts';
import { int64, list, required, text } from './wire/fields.ts';
import { pointAnswer } from './wire/run.ts';

const AJAX = ['/ajax-api/2.0/mlflow'];
const MAX_RUNS = 100;
const MAX_POINTS = 25_000;
const MAX_SAMPLED_STEPS = 2500;
const MAX_EXPERIMENTS = 20;
const MAX_DATASETS = 1000;
const SEE = 'See the API docs for more information about request parameters.';

/** What pages draw from: one metric of many runs, whole or thinned out; and the data that experiments used. */
export function metricHistoryEndpoints({ runs }: Tracking): Endpoint[] {
  return [
    endpoint({
      methods: ['GET'],
      needs: 'read',
      path: 'metrics/get-history-bulk',
      prefixes: AJAX,
      fields: { run_id: list(text), metric_key: text, max_results: int64 },
      answer: async ({ run_id: runIds, metric_key: key, max_results: most }, caller) => {
        if (runIds.length === 0) throw invalid('GetMetricHistoryBulk request must specify at least one run_id.');
        if (runIds.length > MAX_RUNS) throw invalid(`GetMetricHistoryBulk request cannot specify more than ${MAX_RUNS} run_ids. Received ${runIds.length} run_ids.`);
        if (key === undefined) throw invalid('GetMetricHistoryBulk request must specify a metric_key.');
        const points = await runs.bulkHistory(caller, { runIds, key, limit: Math.max(0, Math.min(Number(most ?? MAX_POINTS), MAX_POINTS)) });
        return { metrics: points.map((point): Answer => ({ ...pointAnswer(key, point), run_id: point.runId })) };
      },
    }),
    endpoint({
      methods: ['GET'],
      needs: 'read',
      path: 'metrics/get-history-bulk-interval',
      fields: { run_ids: list(text), metric_key: required(text), start_step: int64, end_step: int64, max_results: int64 },
      answer: async ({ run_ids: runIds, metric_key: key, ...message }, caller) => {
        if (runIds.length === 0) throw invalid(`Missing value for required parameter 'run_ids'. ${SEE}`);
        if (runIds.length > MAX_RUNS) throw invalid(`GetMetricHistoryBulkInterval request must specify at most ${MAX_RUNS} run_ids. Received ${runIds.length} run_ids. ${SEE}`);
        const points = await runs.sampledHistory(caller, { runIds, key, steps: stepsOf(message.start_step, message.end_step), count: countOf(message.max_results) });
        return { metrics: points.map((point): Answer => ({ ...pointAnswer(key, point), run_id: point.runId })) };
      },
    }),
    endpoint({
      methods: ['POST'],
      needs: 'read',
      path: 'experiments/search-datasets',
      fields: { experiment_ids: list(text) },
      answer: async ({ experiment_ids: ids }, caller) => {
        if (ids.length === 0) throw invalid('SearchDatasets request must specify at least one experiment_id.');
        if (ids.length > MAX_EXPERIMENTS) throw invalid(`SearchDatasets request cannot specify more than ${MAX_EXPERIMENTS} experiment_ids. Received ${ids.length} experiment_ids.`);
        const datasets = await runs.searchDatasets(caller, ids, MAX_DATASETS);
        return { dataset_summaries: datasets.map(({ experimentId, name, digest, context }) => ({ experiment_id: experimentId, name, digest, context })) };
      },
    }),
  ];
}

function stepsOf(first: Int64 | undefined, last: Int64 | undefined) {
  if (first === undefined && last === undefined) return undefined;
  if (first === undefined || last === undefined) throw invalid('If either start step or end step are specified, both must be specified.');
  if (first > last) throw invalid(`end_step must be greater than start_step. Found start_step=${first} and end_step=${last}.`);
  return { first, last };
}

function countOf(most: Int64 | undefined): number {
  const count = Number(most ?? MAX_SAMPLED_STEPS);
  if (count < 1 || count > MAX_SAMPLED_STEPS) throw invalid(`max_results must be between 1 and ${MAX_SAMPLED_STEPS}. ${SEE}`);
  return count;
}
