import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MlflowServer, openMlflowServer } from './mlflow-server.contract.ts';

let server: MlflowServer;
/** A run, its token; another one. */
let own: string;
let other: string;

beforeAll(async () => {
  server = await openMlflowServer();
  [own, other] = [await server.launch(), await server.launch()];
});
afterAll(() => server.close());

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT';

async function call(token: string, method: Method, path: string, body?: object | string) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json' };
  const response = await server.app.inject({ method, url: path.startsWith('/') ? path : `/api/2.0/mlflow/${path}`, ...(body === undefined ? { headers: { authorization: headers.authorization } } : { headers, payload: body }) });
  return { status: response.statusCode, json: response.json() as Record<string, unknown> };
}
const asRun = (method: Method, path: string, body?: object | string) => call(`run:${own}`, method, path, body);
const asUser = (method: Method, path: string, body?: object | string) => call('user', method, path, body);

async function aChild(token: string, body: object = {}): Promise<string> {
  const { json } = await call(token, 'POST', 'runs/create', { experiment_id: '0', ...body });
  return (json as { run: { info: { run_id: string } } }).run.info.run_id;
}
async function aModel(token: string, body: object = {}): Promise<string> {
  const { json } = await call(token, 'POST', 'logged-models', { experiment_id: '0', name: 'mod', ...body });
  return (json as { model: { info: { model_id: string } } }).model.info.model_id;
}

describe("a run's token", () => {
  it('reads everything of its project', async () => {
    for (const path of ['experiments/get?experiment_id=0', `runs/get?run_id=${other}`, `artifacts/list?run_id=${other}`, 'registered-models/search', `/api/2.0/mlflow-artifacts/artifacts?path=0/${other}/artifacts`]) expect((await asRun('GET', path)).status).toBe(200);
    expect((await asRun('POST', 'runs/search', { experiment_ids: ['0'] })).status).toBe(200);
  });

  it('sees nothing of another project, makes nothing there, and is in its own with all it makes', async () => {
    const { json } = await asUser('POST', 'experiments/create', { name: 'elsewhere', tags: [{ key: 'trainyard.project', value: 'elsewhere' }] });
    const experiment = String(json['experiment_id']);
    const foreign = await aChild('user', { experiment_id: experiment });
    await asUser('POST', 'registered-models/create', { name: 'foreign', tags: [{ key: 'trainyard.project', value: 'elsewhere' }] });
    for (const path of [`experiments/get?experiment_id=${experiment}`, 'experiments/get-by-name?experiment_name=elsewhere', `runs/get?run_id=${foreign}`, `artifacts/list?run_id=${foreign}`, 'registered-models/get?name=foreign']) expect([path, (await asRun('GET', path)).status]).toEqual([path, 404]);
    expect((await asRun('POST', 'runs/search', { experiment_ids: [experiment] })).json['runs'] ?? []).toEqual([]);
    expect((await asRun('POST', 'runs/create', { experiment_id: experiment })).status).toBe(404);
    expect((await asRun('POST', 'logged-models', { experiment_id: experiment })).status).toBe(404);
    expect((await asRun('POST', 'model-versions/create', { name: 'foreign', source: `runs:/${own}/model`, run_id: own })).status).toBe(404);
    expect((await asRun('POST', 'registered-models/create', { name: 'sneaky', tags: [{ key: 'trainyard.project', value: 'elsewhere' }] })).status).toBe(403);
    expect((await asRun('POST', 'registered-models/create', { name: 'at-home' })).status).toBe(200);
  });

  it('writes to its own run', async () => {
    const writes: [string, object][] = [
      ['runs/log-metric', { key: 'm', value: 1, timestamp: 1 }], ['runs/log-parameter', { key: 'p', value: '1' }], ['runs/log-batch', { tags: [{ key: 'a', value: 'b' }] }], ['runs/set-tag', { key: 't', value: 'x' }],
      ['runs/delete-tag', { key: 't' }], ['runs/update', { run_name: 'mine' }], ['runs/log-inputs', { models: [{ model_id: 'm-x' }] }], ['runs/outputs', { models: [{ model_id: 'm-x' }] }],
    ];
    for (const [path, body] of writes) {
      expect([path, (await asRun('POST', path, { run_id: own, ...body })).status]).toEqual([path, 200]);
      expect([path, await asRun('POST', path, { run_id: other, ...body })]).toEqual([path, { status: 403, json: { error_code: 'PERMISSION_DENIED', message: `this token may not write to run '${other}': it is not its own and it did not create it` } }]);
    }
    for (const path of ['runs/delete', 'runs/restore']) expect((await asRun('POST', path, { run_id: other })).status).toBe(403);
  });

  it('writes to the runs it creates, which become its children, and to theirs', async () => {
    const child = await aChild(`run:${own}`);
    expect((await asUser('GET', `runs/get?run_id=${child}`)).json).toMatchObject({ run: { data: { tags: expect.arrayContaining([{ key: 'mlflow.parentRunId', value: own }]) as unknown } } });
    const grandchild = await aChild(`run:${own}`, { tags: [{ key: 'mlflow.parentRunId', value: child }] });
    for (const id of [child, grandchild]) expect((await asRun('POST', 'runs/log-parameter', { run_id: id, key: 'p', value: '1' })).status).toBe(200);
    expect((await call(`run:${other}`, 'POST', 'runs/log-parameter', { run_id: child, key: 'q', value: '1' })).status).toBe(403);
  });

  it('gains nothing from a parent tag on a run it did not create', async () => {
    const foreign = await aChild('user', { tags: [{ key: 'mlflow.parentRunId', value: own }] });
    expect((await asRun('POST', 'runs/set-tag', { run_id: foreign, key: 't', value: 'x' })).status).toBe(403);
  });

  it('writes to logged models that come from its runs', async () => {
    const mine = await aModel(`run:${own}`);
    expect((await asUser('GET', `logged-models/${mine}`)).json).toMatchObject({ model: { info: { source_run_id: own } } });
    const theirs = await aModel('user', { source_run_id: other });
    expect((await asRun('POST', 'logged-models', { experiment_id: '0', source_run_id: other })).status).toBe(403);
    const writes = (id: string): [Method, string, object?][] => [
      ['POST', `logged-models/${id}/params`, { params: [{ key: 'p', value: '1' }] }], ['PATCH', `logged-models/${id}/tags`, { tags: [{ key: 't', value: '1' }] }], ['DELETE', `logged-models/${id}/tags/t`], ['PATCH', `logged-models/${id}`, { status: 'LOGGED_MODEL_READY' }], ['DELETE', `logged-models/${id}`],
    ];
    for (const [id, status] of [[theirs, 403], [mine, 200]] as const) for (const [method, path, body] of writes(id)) expect([path, (await asRun(method, path, body)).status]).toEqual([path, status]);
  });

  it('writes artifacts below its own places only', async () => {
    const model = await aModel(`run:${own}`);
    const experiment = ((await asUser('GET', `runs/get?run_id=${own}`)).json as { run: { info: { experiment_id: string } } }).run.info.experiment_id;
    const place = (path: string) => `/api/2.0/mlflow-artifacts/artifacts/${path}/artifacts/a.txt`;
    const theirs = await aModel('user', { source_run_id: other });
    for (const [path, status] of [[`${experiment}/${own}`, 200], [`0/models/${model}`, 200], [`${experiment}/${other}`, 403], [`0/models/${theirs}`, 403]] as const) {
      expect([path, (await asRun('PUT', place(path), 'x')).status]).toEqual([path, status]);
      expect([path, (await asRun('DELETE', place(path))).status]).toEqual([path, status]);
    }
    expect((await asRun('POST', `/ajax-api/2.0/mlflow/upload-artifact?run_uuid=${other}&path=x`, 'x')).status).toBe(403);
  });

  it('registers versions from its runs only, and may describe those', async () => {
    const model = await aModel(`run:${own}`);
    await asRun('POST', 'registered-models/create', { name: 'reg' });
    const create = (body: object) => asRun('POST', 'model-versions/create', { name: 'reg', ...body });
    expect((await create({ source: `models:/${model}` })).json).toMatchObject({ model_version: { version: '1', run_id: own } });
    expect((await create({ source: `runs:/${own}/model`, run_id: own })).status).toBe(200);
    const refused = [{ source: `runs:/${other}/model` }, { source: `runs:/${own}/model`, run_id: other }, { source: `models:/${await aModel('user', { source_run_id: other })}` }, { source: 's3://bucket/x' }, { source: 'models:/reg/1' }, { source: `mlflow-artifacts:/0/${other}/artifacts/model` }];
    for (const body of refused) expect([body, (await create(body)).status]).toEqual([body, 403]);
    expect((await asRun('POST', 'model-versions/set-tag', { name: 'reg', version: '1', key: 'k', value: 'v' })).status).toBe(200);
    await asUser('POST', 'model-versions/create', { name: 'reg', source: `runs:/${other}/model`, run_id: other });
    expect((await asRun('POST', 'model-versions/set-tag', { name: 'reg', version: '3', key: 'k', value: 'v' })).status).toBe(403);
  });

  it.each([
    ['POST', 'experiments/create', { name: 'x' }], ['POST', 'experiments/update', { experiment_id: '0', new_name: 'x' }], ['POST', 'experiments/delete', { experiment_id: '0' }], ['POST', 'experiments/restore', { experiment_id: '0' }],
    ['POST', 'experiments/set-experiment-tag', { experiment_id: '0', key: 'k', value: 'v' }], ['POST', 'experiments/delete-experiment-tag', { experiment_id: '0', key: 'k' }],
    ['PATCH', 'registered-models/update', { name: 'reg', description: 'x' }], ['POST', 'registered-models/rename', { name: 'reg', new_name: 'x' }], ['DELETE', 'registered-models/delete', { name: 'reg' }],
    ['POST', 'registered-models/set-tag', { name: 'reg', key: 'k', value: 'v' }], ['DELETE', 'registered-models/delete-tag', { name: 'reg', key: 'k' }], ['POST', 'registered-models/alias', { name: 'reg', alias: 'a', version: '1' }], ['DELETE', 'registered-models/alias', { name: 'reg', alias: 'a' }],
    ['POST', 'model-versions/transition-stage', { name: 'reg', version: '1', stage: 'Production' }], ['DELETE', 'model-versions/delete', { name: 'reg', version: '1' }],
  ] as const)('may not %s %s', async (method, path, body) => {
    expect(await asRun(method, path, body)).toMatchObject({ status: 403, json: { error_code: 'PERMISSION_DENIED' } });
  });
});

describe('publishing what a run left', () => {
  const lineage = Object.entries({ attempt: '1', commit: 'abc', number: '1', parameters: '{"alpha":"0.1"}', project: 'default' }).map(([key, value]) => ({ key: `trainyard.${key}`, value }));

  it('gives one version, with where it comes from', async () => {
    const model = await aModel(`run:${own}`);
    const left = { runId: own, project: 'default', name: 'published', source: `models:/${model}`, aliases: ['champion'], tags: { stage: 'dev' } };
    expect([await server.tracking.registerRunModel(left), await server.tracking.registerRunModel(left)]).toEqual([{ name: 'published', version: '1' }, { name: 'published', version: '1' }]);
    const { json } = await asUser('GET', 'registered-models/alias?name=published&alias=champion');
    expect(json).toMatchObject({ model_version: { run_id: own, source: left.source, tags: [{ key: 'stage', value: 'dev' }, ...lineage, { key: 'trainyard.run', value: own }, { key: 'trainyard.training', value: 'wine' }] } });
  });

  it('says where it comes from also when the training code registers it, with the data it logged', async () => {
    const model = await aModel(`run:${own}`);
    await asRun('POST', 'runs/log-inputs', { run_id: own, datasets: [{ dataset: { name: 'wine', digest: 'd1', source_type: 'local', source: '{}' } }] });
    await asUser('POST', 'registered-models/create', { name: 'by-code' });
    const { json } = await asRun('POST', 'model-versions/create', { name: 'by-code', source: `models:/${model}`, run_id: own, tags: [{ key: 'trainyard.commit', value: 'made up' }] });
    expect(json).toMatchObject({ model_version: { tags: expect.arrayContaining([{ key: 'trainyard.commit', value: 'abc' }, { key: 'trainyard.data', value: 'wine@d1' }, { key: 'trainyard.training', value: 'wine' }]) as unknown } });
  });

  it('refuses what another run left, and bad names', async () => {
    const theirs = await aModel(`run:${other}`);
    const left = { runId: own, project: 'default', name: 'published', source: `models:/${theirs}`, aliases: [], tags: {} };
    await expect(server.tracking.registerRunModel(left)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(server.tracking.registerRunModel({ ...left, source: '/etc/passwd' })).rejects.toThrow('Invalid model version source');
    await expect(server.tracking.registerRunModel({ ...left, aliases: ['latest'] })).rejects.toThrow('is reserved');
  });
});
