import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MlflowServer, openMlflowServer } from './mlflow-server.contract.ts';

let server: MlflowServer;
beforeAll(async () => void (server = await openMlflowServer()));
afterAll(() => server.close());

const API = '/api/2.0/mlflow';

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

async function call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT', url: string, body?: unknown): Promise<Answer> {
  const payload = typeof body === 'string' ? body : JSON.stringify(body);
  const headers = { 'content-type': 'application/json' };
  const response = await server.app.inject({ method, url: url.startsWith('/') ? url : `${API}/${url}`, ...(body === undefined ? {} : { payload, headers }) });
  return { status: response.statusCode, text: response.body, json: response.headers['content-type']?.startsWith('application/json') === true ? (response.json() as Record<string, unknown>) : {} };
}

async function aRun(): Promise<string> {
  const { json } = await call('POST', 'runs/create', { experiment_id: '0', start_time: 1, run_name: 'r' });
  return (json as { run: { info: { run_id: string } } }).run.info.run_id;
}

describe('what every call of the API has', () => {
  it('two prefixes and one meaning', async () => {
    const [one, other] = [await call('GET', 'experiments/get?experiment_id=0'), await call('GET', '/ajax-api/2.0/mlflow/experiments/get?experiment_id=0')];
    expect(one).toMatchObject({ status: 200, json: { experiment: { experiment_id: '0', name: 'Default', artifact_location: 'mlflow-artifacts:/0', lifecycle_stage: 'active' } } });
    expect(other.text).toBe(one.text);
  });

  it('an access, which only the version does without', () => {
    const open = server.routes.filter(({ access }) => access !== 'read_or_run' && access !== 'write_or_run');
    expect(open.filter(({ url }) => !url.includes('/webhooks'))).toEqual([{ method: 'GET', url: '/version', access: 'public' }, { method: 'HEAD', url: '/version', access: 'public' }]);
    expect(server.routes.length).toBeGreaterThan(100);
  });

  it.each([
    ['GET', '/api/2.0/mlflow/nope'], ['POST', '/ajax-api/2.0/mlflow/traces'], ['GET', '/api/2.0/mlflow/experiments/create'], ['PUT', '/api/2.0/mlflow/runs/create'],
    ['POST', '/api/3.0/mlflow/traces'], ['GET', '/ajax-api/3.0/mlflow/x/y'], ['POST', '/api/2.0/mlflow-artifacts/artifacts/1'], ['DELETE', '/api/2.0/mlflow-artifacts/x'],
  ] as const)("MLflow's endpoint-not-found for %s %s", async (method, url) => {
    expect(await call(method, url, {})).toMatchObject({ status: 404, json: { error_code: 'ENDPOINT_NOT_FOUND', message: `The API endpoint '${method} ${url}' is not available on this server.` } });
  });

  it('nothing in its answer that is not set', async () => {
    const run = await aRun();
    expect((await call('GET', `metrics/get-history?run_id=${run}&metric_key=none`)).text).toBe('{}');
    expect((await call('POST', 'runs/search', { experiment_ids: [] })).text).toBe('{}');
    expect((await call('GET', `artifacts/list?run_id=${run}`)).json).toEqual({ root_uri: `mlflow-artifacts:/0/${run}/artifacts` });
  });

  it('a body of JSON, and no other', async () => {
    expect(await call('POST', 'runs/create', '{"experiment_id": ')).toMatchObject({ status: 400, json: { error_code: 'INVALID_PARAMETER_VALUE', message: 'The body of the request is not a JSON object.' } });
    expect(await call('POST', 'runs/create', '[1]')).toMatchObject({ status: 400 });
    const form = await server.app.inject({ method: 'POST', url: `${API}/runs/create`, payload: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    expect([form.statusCode, form.json()]).toEqual([400, { error_code: 'INVALID_PARAMETER_VALUE', message: "Bad Request. Content-Type must be one of ['application/json']." }]);
    expect((await call('POST', 'runs/create')).json['message']).toBe('Bad Request. Content-Type header is missing.');
  });

  it('fields in either spelling of protobuf, and JSON that was written twice', async () => {
    for (const body of [{ experimentId: '0', startTime: '7', runName: 'spelt' }, JSON.stringify(JSON.stringify({ experiment_id: '0', start_time: 7, run_name: 'spelt' }))]) {
      expect((await call('POST', 'runs/create', body)).json).toMatchObject({ run: { info: { experiment_id: '0', start_time: 7, run_name: 'spelt' } } });
    }
    expect((await call('POST', 'runs/create', JSON.stringify('{"experiment_id":9.0}'))).json['message']).toContain("Invalid value 9.0 for parameter 'experiment_id'");
  });

  it('one value of a name that a query has twice', async () => {
    expect((await call('GET', 'experiments/get?experiment_id=0&experiment_id=1')).json).toMatchObject({ experiment: { experiment_id: '0' } });
  });

  it('a size: 1 MB for a batch', async () => {
    const run = await aRun();
    const tags = Array.from({ length: 100 }, (_, index) => ({ key: `k${index}`, value: 'x'.repeat(10_000) }));
    expect(await call('POST', 'runs/log-batch', { run_id: run, tags })).toMatchObject({ status: 413, json: { error_code: 'INVALID_PARAMETER_VALUE', message: expect.stringContaining('must be at most 1000000 bytes') as string } });
    expect((await call('POST', 'runs/log-inputs', { run_id: run, datasets: [{ dataset: { name: 'd', digest: 'x', source_type: 's', source: '', profile: 'p'.repeat(5_000_000) } }] })).status).toBe(200);
  });
});

describe('validation messages', () => {
  it.each([
    ['runs/log-metric', { run_id: 31, key: 'm', value: 1, timestamp: 1 }, "Invalid value 31 for parameter 'run_id' supplied"],
    ['runs/log-metric', { run_id: 'r', key: 'm', value: 'foo', timestamp: 1 }, `Invalid value "foo" for parameter 'value' supplied`],
    ['runs/log-metric', '{"run_id":9.0,"key":"m","value":1,"timestamp":1}', "Invalid value 9.0 for parameter 'run_id' supplied:  Hint: Value was of type 'float'."],
    ['runs/log-metric', { run_id: 'r', key: 'm', value: 1 }, "Missing value for required parameter 'timestamp'"],
    ['runs/log-metric', { run_id: 'r', key: null, value: 1, timestamp: 1 }, "Missing value for required parameter 'key'"],
    ['runs/log-metric', '{"run_id":"r","key":"m","value":1,"timestamp":9223372036854775808}', "Invalid value 9223372036854775808 for parameter 'timestamp' supplied"],
    ['runs/log-batch', { run_id: 'r', metrics: 'foo' }, `Invalid value "foo" for parameter 'metrics' supplied`],
    ['runs/log-batch', { run_id: 'r', metrics: { b: 1, a: [true, null] } }, `Invalid value {"a":[true,null],"b":1} for parameter 'metrics' supplied:  Hint: Value was of type 'dict'.`],
    ['runs/log-batch', { run_id: 'r', metrics: [{ key: 'm', value: 1 }] }, "Missing value for required parameter 'metrics[0].timestamp'"],
    ['runs/log-batch', { run_id: 'r', metrics: [3] }, "Invalid value 3 for parameter 'metrics[0]' supplied"],
    ['runs/log-batch', { run_id: 'r', tags: [{ key: 't', value: 41 }] }, "Invalid value 41 for parameter 'tags[0].value' supplied"],
    ['runs/set-tag', { run_id: 'r', key: 'k', value: 'a\u0000b' }, `Invalid value "a\\u0000b" for parameter 'value' supplied`],
    ['runs/search', { experiment_ids: ['0'], max_results: 123456789 }, "Invalid value 123456789 for parameter 'max_results' supplied:  Hint: Value was of type 'int'."],
    ['experiments/search', { max_results: 123456789 }, "Invalid value 123456789 for parameter 'max_results' supplied. It must be at most 50000"],
    ['registered-models/create', { name: ' ' }, "Missing value for required parameter 'name'."],
    ['runs/search', { experiment_ids: ['0'], experimentIds: [] }, "Request specifies both 'experiment_ids' and 'experimentIds'; provide only one of them."],
    ['runs/search', { experiment_ids: ['0'], max_results: 0 }, "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer"],
    ['runs/search', { experiment_ids: ['x'] }, "Invalid experiment ID 'x'. Experiment ID must be a valid integer."],
    ['experiments/create', {}, "Missing value for required parameter 'name'"],
    ['runs/update', { run_id: 'r', status: 'FOO' }, `Invalid value "FOO" for parameter 'status' supplied`],
  ])('%s %j', async (path, body, message) => {
    const answer = await call('POST', path, body);
    expect(answer).toMatchObject({ status: 400, json: { error_code: 'INVALID_PARAMETER_VALUE' } });
    expect(answer.json['message']).toContain(message);
  });

  it('are those of the query for a GET', async () => {
    expect((await call('GET', 'experiments/search?max_results=x')).json['message']).toContain(`Invalid value "x" for parameter 'max_results' supplied`);
    expect((await call('GET', 'runs/get')).json['message']).toContain("Missing value for required parameter 'run_id'");
  });
});

describe('numbers on the wire', () => {
  it('int64 without loss and NaN as protobuf writes it, also as Python does', async () => {
    const run = await aRun();
    for (const body of [`{"run_id":"${run}","key":"m","value":"NaN","timestamp":"9007199254740993","step":9223372036854775807}`, `{"run_id":"${run}","key":"inf","value":Infinity,"timestamp":1}`, `{"run_id":"${run}","key":"bare","value":NaN,"timestamp":1.0}`]) {
      expect(await call('POST', 'runs/log-metric', body)).toMatchObject({ status: 200, text: '{}' });
    }
    expect((await call('GET', `metrics/get-history?run_id=${run}&metric_key=m`)).text).toBe('{"metrics":[{"key":"m","value":"NaN","timestamp":9007199254740993,"step":9223372036854775807}]}');
    expect((await call('GET', `metrics/get-history?run_id=${run}&metric_key=inf`)).text).toBe('{"metrics":[{"key":"inf","value":1.7976931348623157e+308,"timestamp":1,"step":0}]}');
    expect((await call('GET', `metrics/get-history?run_uuid=${run}&metric_key=bare`)).text).toContain('"value":"NaN"');
  });

  it('whole ones as R prints them, and no fractions', async () => {
    const run = await aRun();
    expect((await call('POST', 'runs/log-metric', { run_id: run, key: 'r', value: '1e-05', timestamp: '1.5e+12', step: '1e+05' })).text).toBe('{}');
    expect((await call('GET', `metrics/get-history?run_id=${run}&metric_key=r`)).json).toEqual({ metrics: [{ key: 'r', value: 0.00001, timestamp: 1_500_000_000_000, step: 100_000 }] });
    expect((await call('POST', 'runs/log-metric', { run_id: run, key: 'r', value: 1, timestamp: 1, step: '5.5' })).json['message']).toContain(`Invalid value "5.5" for parameter 'step' supplied`);
  });
});

describe('runs and experiments', () => {
  it('answer as MLflow does', async () => {
    const { json } = await call('POST', 'runs/create', { experiment_id: '0', start_time: '5', tags: [{ key: 'mlflow.user', value: 'hans' }, { key: 'mlflow.runName', value: 'named' }] });
    const id = (json as { run: { info: { run_id: string } } }).run.info.run_id;
    expect(json).toEqual({
      run: {
        info: { run_uuid: id, run_id: id, experiment_id: '0', run_name: 'named', user_id: 'hans', status: 'RUNNING', start_time: 5, artifact_uri: `mlflow-artifacts:/0/${id}/artifacts`, lifecycle_stage: 'active' },
        data: { tags: [{ key: 'mlflow.runName', value: 'named' }, { key: 'mlflow.user', value: 'hans' }] },
        inputs: {},
      },
    });
    expect((await call('POST', 'runs/update', { run_id: id, status: 3, end_time: 9 })).json).toMatchObject({ run_info: { status: 'FINISHED', end_time: 9 } });
    expect((await call('POST', 'runs/set-tag', { run_uuid: id, key: 't', value: '' })).text).toBe('{}');
    expect(await call('POST', 'runs/delete-tag', { run_id: id, key: 'x' })).toMatchObject({ status: 404, json: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: `No tag with name: x in run with id ${id}` } });
    expect((await call('POST', 'runs/create', { experiment_id: '0', run_name: 'a', tags: [{ key: 'mlflow.runName', value: 'b' }] })).json['message']).toContain("Both 'run_name' argument and 'mlflow.runName' tag are specified");
  });

  it('have the codes that clients decide by', async () => {
    expect(await call('GET', 'experiments/get-by-name?experiment_name=nope')).toMatchObject({ status: 404, json: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: "Could not find experiment with name 'nope'" } });
    expect(await call('POST', 'experiments/create', { name: 'Default' })).toMatchObject({ status: 400, json: { error_code: 'RESOURCE_ALREADY_EXISTS' } });
    expect(await call('GET', 'runs/get?run_id=nope')).toMatchObject({ status: 404, json: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'Run with id=nope not found' } });
    expect((await call('POST', 'experiments/create', { name: 'rel', artifact_location: 'my_location' })).status).toBe(200);
    expect((await call('GET', 'experiments/get-by-name?experiment_name=rel')).json).toMatchObject({ experiment: { artifact_location: '/srv/my_location' } });
  });

  it('keep the list of models that older clients send', async () => {
    const run = await aRun();
    const model = (path: string) => ({ run_id: run, model_json: JSON.stringify({ artifact_path: path, flavors: { sklearn: {} }, run_id: run, utc_time_created: 'now', mlflow_version: 'x' }) });
    for (const path of ['a', 'b']) expect((await call('POST', 'runs/log-model', model(path))).text).toBe('{}');
    const { json } = await call('GET', `runs/get?run_id=${run}`);
    const history = (json as { run: { data: { tags: { key: string; value: string }[] } } }).run.data.tags.find((tag) => tag.key === 'mlflow.log-model.history');
    expect((JSON.parse(history?.value ?? '') as { artifact_path: string }[]).map((one) => one.artifact_path)).toEqual(['a', 'b']);
    expect((await call('POST', 'runs/log-model', { run_id: run, model_json: '{}' })).json['message']).toContain('Model json is missing mandatory fields');
    expect((await call('POST', 'runs/log-model', { run_id: run, model_json: 'x' })).json['message']).toContain('is not a valid JSON');
  });

  it('search with lists in the query and in the body', async () => {
    const run = await aRun();
    expect((await call('POST', 'runs/search', { experiment_ids: ['0'], filter: `run_id = '${run}'`, order_by: ['start_time DESC'], run_view_type: 'ALL' })).json).toMatchObject({ runs: [{ info: { run_id: run } }] });
    expect((await call('GET', 'experiments/search?order_by=name%20DESC&order_by=experiment_id&max_results=1')).json).toMatchObject({ experiments: [{ name: expect.any(String) as string }], next_page_token: expect.any(String) as string });
    expect((await call('POST', 'runs/search', { experiment_ids: ['0'], filter: 'garbage' })).json['message']).toBe("Invalid clause(s) in filter string: 'garbage'");
  });
});

describe('the server', () => {
  it('says what it is', async () => {
    expect((await call('GET', '/version')).text).toMatch(/^3\.\d+\.\d+$/);
    expect((await call('GET', '/api/3.0/mlflow/server-info')).json).toMatchObject({ store_type: 'SqlStore', workspaces_enabled: false, multipart_uploads_enabled: false });
  });
});

describe('a promised heartbeat', () => {
  it('has to be a duration, wherever the tag comes from', async () => {
    const run = await aRun();
    const tag = { key: 'trainyard.heartbeat', value: 'soon' };
    const message = "Invalid value 'soon' for tag 'trainyard.heartbeat': it must be a duration from 1s to 1d, such as 60s";
    for (const [path, body] of [['runs/set-tag', { run_id: run, ...tag }], ['runs/log-batch', { run_id: run, tags: [tag] }], ['runs/create', { experiment_id: '0', tags: [tag] }]] as const) {
      expect(await call('POST', path, body)).toMatchObject({ status: 400, json: { error_code: 'INVALID_PARAMETER_VALUE', message } });
    }
    expect((await call('POST', 'runs/set-tag', { run_id: run, ...tag, value: '60s' })).status).toBe(200);
  });
});
