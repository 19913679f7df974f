import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MlflowServer, openMlflowServer } from './mlflow-server.contract.ts';

const AJAX = '/ajax-api/2.0/mlflow';

let server: MlflowServer;
beforeAll(async () => void (server = await openMlflowServer()));
afterAll(() => server.close());

interface Point {
  readonly run_id: string;
  readonly step: number;
  readonly value: unknown;
}

async function call(method: 'GET' | 'POST', url: string, body?: object): Promise<{ status: number; json: { metrics?: Point[]; message?: string; dataset_summaries?: unknown[] } }> {
  const answer = await server.app.inject({ method, url, ...(body === undefined ? {} : { payload: body }) });
  return { status: answer.statusCode, json: answer.json() };
}

async function aRun(steps: number, experiment = '0'): Promise<string> {
  const { json } = await call('POST', '/api/2.0/mlflow/runs/create', { experiment_id: experiment });
  const id = (json as unknown as { run: { info: { run_id: string } } }).run.info.run_id;
  const metrics = Array.from({ length: steps }, (_, step) => ({ key: 'loss', value: step === 3 ? 'NaN' : step / 2, timestamp: 1000 + step, step }));
  await call('POST', '/api/2.0/mlflow/runs/log-batch', { run_id: id, metrics });
  return id;
}

const bulk = (query: string) => call('GET', `${AJAX}/metrics/get-history-bulk?${query}`);
const sampled = (query: string) => call('GET', `${AJAX}/metrics/get-history-bulk-interval?${query}`);
const idsOf = (name: string, ids: readonly string[]): string => ids.map((id) => `${name}=${id}`).join('&');

describe('histories of many runs', () => {
  it('come by run, timestamp, step and value, cut to what was asked for', async () => {
    const ids = [await aRun(3), await aRun(4)].toSorted();
    const { json } = await bulk(`${idsOf('run_id', ids.toReversed())}&metric_key=loss`);
    expect(json.metrics?.map(({ run_id: id }) => id)).toEqual(json.metrics?.map(({ run_id: id }) => id).toSorted());
    expect(json.metrics).toHaveLength(7);
    expect(json.metrics?.at(-1)).toMatchObject({ run_id: ids[1], key: 'loss' });
    expect(JSON.stringify(json)).toContain('"value":"NaN"');
    expect((await bulk(`${idsOf('run_id', ids)}&metric_key=loss&max_results=2`)).json.metrics).toHaveLength(2);
  });

  it.each([
    ['no run', 'metric_key=m', 'GetMetricHistoryBulk request must specify at least one run_id.'],
    ['no metric', 'run_id=a', 'GetMetricHistoryBulk request must specify a metric_key.'],
    ['too many runs', `${idsOf('run_id', Array.from({ length: 101 }, (_, i) => `r${i}`))}&metric_key=m`, 'GetMetricHistoryBulk request cannot specify more than 100 run_ids. Received 101 run_ids.'],
  ])('are refused for %s', async (_, query, message) => {
    expect(await bulk(query)).toEqual({ status: 400, json: { error_code: 'INVALID_PARAMETER_VALUE', message } });
  });
});

describe('thinned out histories', () => {
  const stepsOf = (points: readonly Point[] = [], id?: string): number[] => points.filter((point) => id === undefined || point.run_id === id).map(({ step }) => step);

  it('choose steps evenly, and always the last one', async () => {
    const id = await aRun(10);
    expect(stepsOf((await sampled(`run_ids=${id}&metric_key=loss&max_results=5`)).json.metrics)).toEqual([0, 2, 4, 6, 8, 9]);
    expect(stepsOf((await sampled(`run_ids=${id}&metric_key=loss&max_results=5&start_step=2&end_step=4`)).json.metrics)).toEqual([2, 3, 4]);
  });

  it('choose the same steps of all runs, and the last one of each', async () => {
    const [short, long] = [await aRun(10), await aRun(20)];
    const { json } = await sampled(`${idsOf('run_ids', [short, long])}&metric_key=loss&max_results=5`);
    expect(stepsOf(json.metrics, long)).toEqual([0, 4, 8, 9, 12, 16, 19]);
    expect(stepsOf(json.metrics, short)).toEqual([0, 4, 8, 9]);
  });

  it.each([
    ['metric_key=m', /required parameter 'run_ids'/],
    ['run_ids=a', /required parameter 'metric_key'/],
    ['run_ids=a&metric_key=m&max_results=0', /^max_results must be between 1 and 2500\. See the API docs/],
    ['run_ids=a&metric_key=m&max_results=2501', /^max_results must be between 1 and 2500\. See the API docs/],
    ['run_ids=a&metric_key=m&start_step=1', /^If either start step or end step are specified, both must be specified\.$/],
    ['run_ids=a&metric_key=m&start_step=2&end_step=1', /^end_step must be greater than start_step\. Found start_step=2 and end_step=1\.$/],
  ])('are refused for %s', async (query, message) => {
    expect(await sampled(query)).toMatchObject({ status: 400, json: { error_code: 'INVALID_PARAMETER_VALUE', message: expect.stringMatching(message) as string } });
  });
});

describe('the data that experiments used', () => {
  const search = (ids: readonly string[]) => call('POST', `${AJAX}/experiments/search-datasets`, { experiment_ids: ids });

  it('is named once, with its context', async () => {
    const made = (await call('POST', '/api/2.0/mlflow/experiments/create', { name: 'data' })).json as unknown as { experiment_id: string };
    const dataset = { name: 'wine', digest: 'd1', source_type: 'local', source: '{}' };
    const tags = [{ key: 'mlflow.data.context', value: 'training' }];
    for (const id of [await aRun(0, made.experiment_id), await aRun(0, made.experiment_id)]) {
      await call('POST', '/api/2.0/mlflow/runs/log-inputs', { run_id: id, datasets: [{ dataset, tags }, { dataset: { ...dataset, digest: 'd2' } }] });
    }
    const summary = { experiment_id: made.experiment_id, name: 'wine' };
    expect((await search([made.experiment_id])).json).toEqual({ dataset_summaries: [{ ...summary, digest: 'd1', context: 'training' }, { ...summary, digest: 'd2' }] });
    expect((await search(['999'])).json).toEqual({});
  });

  it('needs one experiment at least, and twenty at most', async () => {
    expect(await search([])).toMatchObject({ status: 400, json: { message: 'SearchDatasets request must specify at least one experiment_id.' } });
    expect(await search(Array.from({ length: 21 }, (_, i) => String(i)))).toMatchObject({ status: 400, json: { message: 'SearchDatasets request cannot specify more than 20 experiment_ids. Received 21 experiment_ids.' } });
  });
});
