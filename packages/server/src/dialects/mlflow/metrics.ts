import { LIMITS } from '@trainyard/core/tracking/limits.ts';
import type { Tracking } from '../../usecases/tracking/tracking.ts';
import { done, type Endpoint, endpoint } from './endpoint.ts';
import { type Field, FieldProblem, int64, list, message as messageOf, orElse, required, text } from './wire/fields.ts';
import { pairs } from './wire/pairs.ts';
import { metricFields, pointAnswer, toMetric } from './wire/run.ts';

const id = { run_id: required(text) };

/** What runs log: metrics, params, tags; and the history of a metric. */
export function metricEndpoints({ runs }: Tracking): Endpoint[] {
  return [
    endpoint({
      methods: ['POST'],
      needs: 'write',
      path: 'runs/log-batch',
      fields: { ...id, metrics: list(messageOf(metricFields)), params: pairs, tags: pairs },
      bodyLimitBytes: LIMITS.batchBytes,
      answer: ({ run_id: runId, metrics, params, tags }, caller) => done(runs.log(caller, { runId, metrics: metrics.map(toMetric), params, tags })),
    }),
    endpoint({
      methods: ['POST'],
      needs: 'write',
      path: 'runs/log-metric',
      fields: { ...id, ...metricFields },
      answer: (message, caller) => done(runs.logMetric(caller, message.run_id, toMetric(message))),
    }),
    endpoint({
      methods: ['POST'],
      needs: 'write',
      path: 'runs/log-parameter',
      fields: { ...id, key: required(text), value: orElse(text, '') },
      answer: ({ run_id: runId, key, value }, caller) => done(runs.logParam(caller, runId, { key, value })),
    }),
    endpoint({
      methods: ['POST'],
      needs: 'write',
      path: 'runs/set-tag',
      fields: { ...id, key: required(text), value: orElse(text, '') },
      answer: ({ run_id: runId, key, value }, caller) => done(runs.setTag(caller, runId, { key, value })),
    }),
    endpoint({ methods: ['POST'], needs: 'write', path: 'runs/delete-tag', fields: { ...id, key: required(text) }, answer: (message, caller) => done(runs.deleteTag(caller, message.run_id, message.key)) }),
    endpoint({
      methods: ['GET'],
      needs: 'read',
      path: 'metrics/get-history',
      fields: { ...id, metric_key: required(text), max_results: optionalResults, page_token: text },
      answer: async (message, caller) => {
        const page = await runs.history(caller, { runId: message.run_id, key: message.metric_key, limit: message.max_results, after: message.page_token || undefined });
        return { metrics: page.items.map((point) => pointAnswer(message.metric_key, point)), next_page_token: page.next };
      },
    }),
  ];
}

/** Clients without paging send none, and want everything. */
const optionalResults: Field<number | undefined> = {
  read(value, place) {
    const most = int64.read(value, place);
    // with a full stop, unlike everywhere else
    if (most !== undefined && most < 1) throw new FieldProblem('invalid', place, { value: Number(most), rule: 'It must be a positive integer.' });
    return most === undefined ? undefined : Math.min(Number(most), 2 ** 31 - 1);
  },
};
