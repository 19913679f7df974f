import { routes } from '@trainyard/api/routes.ts';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from './test-server.ts';

const M = '/api/2.0/mlflow';
const FILES = '/api/2.0/mlflow-artifacts/artifacts';
const NOBODY = 'f'.repeat(32);

let server: TestServer;
/** Of a data scientist and of a viewer in the project wine, and of one who is in both projects. */
let wine: string;
let viewer: string;
let both: string;
/** What there is in the project beer, and the like in wine. */
let theirs: Things;
let ours: Things;

interface Things {
  readonly training: string;
  readonly number: number;
  readonly run: string;
  readonly experiment: string;
  readonly loggedModel: string;
  readonly registered: string;
}

const spec = { model: { name: 'm', version: '1' }, toolchain: 'command', args: ['true'], algorithmSource: { git: { url: 'https://example.com/x.git' } } };

function as(token: string, options: InjectOptions): Promise<LightMyRequestResponse> {
  return server.anonymous({ ...options, headers: { authorization: `Bearer ${token}`, ...options.headers } });
}
const post = (url: string, payload: object = {}): InjectOptions => ({ method: 'POST', url, payload });
const get = (url: string): InjectOptions => ({ method: 'GET', url });

async function done<T>(token: string, options: InjectOptions): Promise<T> {
  const response = await as(token, options);
  expect([options.url, response.statusCode, response.body]).toEqual([options.url, expect.toSatisfy((status: number) => status < 300) as number, expect.any(String)]);
  return response.json<T>();
}

async function tokenWith(...roles: { role: string; project: string }[]): Promise<string> {
  return (await done<{ token: string }>(server.token, post('/api/v1/tokens', { name: 'somebody', roles }))).token;
}

/** One of everything, made by whoever has this token. */
async function fill(token: string, project: string): Promise<Things> {
  const training = `train-${project}`;
  const { status } = await done<{ status: { runId: string; runNumber: number } }>(token, post('/api/v1/trainings', { id: training, spec: { ...spec, project } }));
  const { experiment_id: experiment } = await done<{ experiment_id: string }>(token, post(`${M}/experiments/create`, { name: `exp-${project}`, tags: [{ key: 'trainyard.project', value: project }] }));
  const { run } = await done<{ run: { info: { run_id: string } } }>(token, post(`${M}/runs/create`, { experiment_id: experiment, run_name: 'first' }));
  const id = run.info.run_id;
  await done(token, post(`${M}/runs/log-batch`, { run_id: id, metrics: [{ key: 'loss', value: 1, timestamp: 1, step: 0 }], params: [{ key: 'alpha', value: project }], tags: [{ key: 'k', value: 'v' }] }));
  await done(token, post(`${M}/runs/log-inputs`, { run_id: id, datasets: [{ dataset: { name: `data-${project}`, digest: 'd', source_type: 'local', source: '{}' } }] }));
  await done(token, { method: 'PUT', url: `${FILES}/${experiment}/${id}/artifacts/a.txt`, payload: 'x', headers: { 'content-type': 'application/octet-stream' } });
  const { model } = await done<{ model: { info: { model_id: string } } }>(token, post(`${M}/logged-models`, { experiment_id: experiment, name: 'lm', tags: [{ key: 't', value: 'v' }] }));
  const registered = `reg-${project}`;
  await done(token, post(`${M}/registered-models/create`, { name: registered, tags: [{ key: 'trainyard.project', value: project }] }));
  await done(token, post(`${M}/model-versions/create`, { name: registered, source: `runs:/${id}/model`, run_id: id }));
  await done(token, post(`${M}/registered-models/alias`, { name: registered, alias: 'champion', version: '1' }));
  return { training, number: status.runNumber, run: id, experiment, loggedModel: model.info.model_id, registered };
}

beforeAll(async () => {
  server = await TestServer.open();
  theirs = await fill(server.token, 'beer');
  [wine, viewer, both] = await Promise.all([tokenWith({ role: 'data_scientist', project: 'wine' }), tokenWith({ role: 'viewer', project: 'wine' }), tokenWith({ role: 'viewer', project: 'beer' }, { role: 'data_scientist', project: 'wine' })]);
  ours = await fill(wine, 'wine');
});
afterAll(() => server.close());

/** Every call about one thing that reads it. */
function reads({ training, number, run, experiment, loggedModel, registered }: Things): InjectOptions[] {
  return [
    get(`/api/v1/trainings/${training}`),
    ...['', '/events', '/log', '/log/events', '/artifacts', '/artifact?path=a.txt', '/curve?metric=loss'].map((path) => get(`/api/v1/runs/${number}${path}`)),
    get(`/api/v1/runs/${run}/curve?metric=loss`),
    get(`/api/v1/model/training/${training}`),
    get(`/api/v1/model/training/${training}/log`),
    get(`${M}/experiments/get?experiment_id=${experiment}`),
    get(`${M}/runs/get?run_id=${run}`),
    get(`${M}/metrics/get-history?run_id=${run}&metric_key=loss`),
    get(`${M}/artifacts/list?run_id=${run}`),
    get(`${FILES}/${experiment}/${run}/artifacts/a.txt`),
    get(`/get-artifact?run_id=${run}&path=a.txt`),
    get(`${M}/logged-models/${loggedModel}`),
    get(`${M}/logged-models/${loggedModel}/artifacts/directories`),
    get(`/ajax-api/2.0/mlflow/logged-models/${loggedModel}/artifacts/files?artifact_file_path=a.txt`),
    get(`${M}/registered-models/get?name=${registered}`),
    get(`${M}/registered-models/get-latest-versions?name=${registered}`),
    get(`${M}/registered-models/alias?name=${registered}&alias=champion`),
    get(`${M}/model-versions/get?name=${registered}&version=1`),
    get(`${M}/model-versions/get-download-uri?name=${registered}&version=1`),
    get(`/model-versions/get-artifact?name=${registered}&version=1&path=a.txt`),
  ];
}

/** Every call that changes one thing. */
function writes({ training, number, run, experiment, loggedModel, registered }: Things): InjectOptions[] {
  const version = { name: registered, version: '1' };
  return [
    { method: 'PUT', url: `/api/v1/trainings/${training}`, payload: { id: training, spec: { ...spec, project: 'wine' } } },
    post(`/api/v1/trainings/${training}/runs`),
    post(`/api/v1/runs/${number}/stop`),
    post(`/api/v1/runs/${number}/retry`),
    { method: 'DELETE', url: `/api/v1/model/training/${training}` },
    { method: 'DELETE', url: `/api/v1/trainings/${training}?force=true` },
    post(`${M}/experiments/update`, { experiment_id: experiment, new_name: 'x' }),
    post(`${M}/experiments/set-experiment-tag`, { experiment_id: experiment, key: 'k', value: 'v' }),
    post(`${M}/experiments/delete-experiment-tag`, { experiment_id: experiment, key: 'k' }),
    post(`${M}/experiments/delete`, { experiment_id: experiment }),
    post(`${M}/experiments/restore`, { experiment_id: experiment }),
    post(`${M}/runs/create`, { experiment_id: experiment }),
    post(`${M}/runs/update`, { run_id: run, run_name: 'x' }),
    post(`${M}/runs/log-batch`, { run_id: run, tags: [{ key: 'k', value: 'v' }] }),
    post(`${M}/runs/log-metric`, { run_id: run, key: 'm', value: 1, timestamp: 1 }),
    post(`${M}/runs/log-parameter`, { run_id: run, key: 'p', value: '1' }),
    post(`${M}/runs/set-tag`, { run_id: run, key: 't', value: 'v' }),
    post(`${M}/runs/delete-tag`, { run_id: run, key: 'k' }),
    post(`${M}/runs/log-inputs`, { run_id: run, models: [{ model_id: 'm-x' }] }),
    post(`${M}/runs/outputs`, { run_id: run, models: [{ model_id: 'm-x' }] }),
    post(`${M}/runs/log-model`, { run_id: run, model_json: JSON.stringify({ artifact_path: 'm', flavors: {}, run_id: run, utc_time_created: 'x' }) }),
    post(`${M}/runs/delete`, { run_id: run }),
    post(`${M}/runs/restore`, { run_id: run }),
    { method: 'PUT', url: `${FILES}/${experiment}/${run}/artifacts/b.txt`, payload: 'x', headers: { 'content-type': 'application/octet-stream' } },
    { method: 'DELETE', url: `${FILES}/${experiment}/${run}/artifacts/a.txt` },
    { method: 'POST', url: `/ajax-api/2.0/mlflow/upload-artifact?run_uuid=${run}&path=b.txt`, payload: 'x', headers: { 'content-type': 'text/plain' } },
    post(`${M}/logged-models`, { experiment_id: experiment }),
    post(`${M}/logged-models/${loggedModel}/params`, { params: [{ key: 'p', value: '1' }] }),
    { method: 'PATCH', url: `${M}/logged-models/${loggedModel}/tags`, payload: { tags: [{ key: 't', value: 'v' }] } },
    { method: 'DELETE', url: `${M}/logged-models/${loggedModel}/tags/t` },
    { method: 'PATCH', url: `${M}/logged-models/${loggedModel}`, payload: { status: 'LOGGED_MODEL_READY' } },
    { method: 'DELETE', url: `${M}/logged-models/${loggedModel}` },
    { method: 'PATCH', url: `${M}/registered-models/update`, payload: { name: registered, description: 'x' } },
    post(`${M}/registered-models/set-tag`, { name: registered, key: 'k', value: 'v' }),
    { method: 'DELETE', url: `${M}/registered-models/delete-tag`, payload: { name: registered, key: 'k' } },
    post(`${M}/registered-models/alias`, { name: registered, alias: 'a', version: '1' }),
    { method: 'DELETE', url: `${M}/registered-models/alias`, payload: { name: registered, alias: 'a' } },
    post(`${M}/model-versions/create`, { name: registered, source: 's3://bucket/x' }),
    { method: 'PATCH', url: `${M}/model-versions/update`, payload: { ...version, description: 'x' } },
    post(`${M}/model-versions/transition-stage`, { ...version, stage: 'Staging' }),
    post(`${M}/model-versions/set-tag`, { ...version, key: 'k', value: 'v' }),
    { method: 'DELETE', url: `${M}/model-versions/delete-tag`, payload: { ...version, key: 'k' } },
    post(`${M}/registered-models/rename`, { name: registered, new_name: `${registered}-2` }),
    post(`${M}/registered-models/rename`, { name: `${registered}-2`, new_name: registered }),
    { method: 'DELETE', url: `${M}/model-versions/delete`, payload: version },
    { method: 'DELETE', url: `${M}/registered-models/delete`, payload: { name: registered } },
  ];
}

/** Native routes that look through everything instead of at one thing, or know no projects. */
const OTHERS = ['/api/v1/trainings', '/api/v1/runs', '/api/v1/status', '/api/v1/secrets', '/api/v1/snapshots/', '/api/v1/connections', '/api/v1/toolchains'];

const made: Things = { training: 'train-nobody', number: 987_654, run: NOBODY, experiment: '987654', loggedModel: `m-${NOBODY}`, registered: 'reg-nobody' };

/** An answer without what differs anyway: the ids that were asked for, and numbers. */
function plain(response: LightMyRequestResponse, { training, run, loggedModel, registered }: Things): [number, string] {
  const body = [loggedModel, run, registered, training].reduce((text, id) => text.replaceAll(id, 'ID'), response.body);
  return [response.statusCode, body.replace(/"requestId":"[^"]*"/, '').replaceAll(/\b\d+\b/g, 'N')];
}

describe('what is in a project one is not in', () => {
  it('is asked for in every way there is', () => {
    const asked = [...reads(made), ...writes(made)].map(({ method, url }) => `${method} ${String(url).split('?')[0]}`);
    const routesOfThings = Object.values(routes).filter(({ access, path }) => (access === 'read' || access === 'write') && !OTHERS.some((other) => path === other || (path.startsWith(other) && /connections|toolchains|snapshots/.test(path))));
    const missed = routesOfThings.filter(({ method, path }) => !asked.some((call) => new RegExp(`^${method} ${path.replace(/:\w+/g, '[^/]+')}$`).test(call)));
    expect([routesOfThings.length > 10, missed]).toEqual([true, []]);
  });

  it('is not there: every call answers as for what never was', async () => {
    for (const [index, call] of [...reads(theirs), ...writes(theirs)].entries()) {
      const same = [...reads(made), ...writes(made)][index] ?? call;
      const [foreign, nobodys] = [plain(await as(wine, call), theirs), plain(await as(wine, same), made)];
      expect.soft([call.method, call.url, ...foreign]).toEqual([call.method, call.url, ...nobodys]);
      expect.soft([call.url, foreign[0]]).toEqual([call.url, expect.toSatisfy((status: number) => status === 404 || foreign[1] === '{"files":[]}') as number]);
    }
  });

  it('is in no list, no search and no count', async () => {
    const ids = [theirs.experiment, ours.experiment];
    const lists: InjectOptions[] = [
      get('/api/v1/trainings'), get('/api/v1/runs'), get('/api/v1/model/training'), get(`${M}/experiments/search?max_results=100`), post(`${M}/experiments/search`, { max_results: 100, view_type: 'ALL' }),
      post(`${M}/runs/search`, { experiment_ids: ids, run_view_type: 'ALL' }), post(`${M}/logged-models/search`, { experiment_ids: ids }), post(`${M}/experiments/search-datasets`, { experiment_ids: ids }),
      get(`${M}/metrics/get-history-bulk-interval?run_ids=${theirs.run}&run_ids=${ours.run}&metric_key=loss`), get(`/ajax-api/2.0/mlflow/metrics/get-history-bulk?run_id=${theirs.run}&run_id=${ours.run}&metric_key=loss`),
      get(`${M}/registered-models/search`), get(`${M}/registered-models/search?order_by=name%20DESC`), get(`${M}/model-versions/search`), get(`${M}/model-versions/search?filter=${encodeURIComponent(`run_id='${theirs.run}'`)}`),
    ];
    const [foreign, own] = [theirs, ours].map(({ run, registered, training, loggedModel }) => [run, registered, training, loggedModel]) as [string[], string[]];
    for (const list of lists) {
      const [mine, everybodys] = [await as(wine, list), await as(server.token, list)];
      expect.soft([list.url, mine.statusCode, [...foreign, 'beer'].filter((id) => mine.body.includes(id))]).toEqual([list.url, 200, []]);
      expect.soft([list.url, everybodys.body.includes('beer') || foreign.some((id) => everybodys.body.includes(id))]).toEqual([list.url, true]);
      const looksForTheirs = String(list.url).includes('filter');
      expect.soft([list.url, mine.body.includes('wine') || own.some((id) => mine.body.includes(id))]).toEqual([list.url, !looksForTheirs]);
    }
    const active = async (token: string) => (await done<{ runs: Record<string, number> }>(token, get('/api/v1/status'))).runs['queued'];
    expect([await active(wine), await active(server.token)]).toEqual([1, 2]);
    expect((await done<{ items: object[] }>(wine, get('/api/v1/trainings?project=beer'))).items).toEqual([]);
    expect((await done<{ items: object[] }>(wine, get('/api/v1/runs?project=beer'))).items).toEqual([]);
  });

  it('keeps its names, which are the same for all projects', async () => {
    expect((await as(wine, post('/api/v1/trainings', { id: theirs.training, spec: { ...spec, project: 'wine' } }))).json()).toMatchObject({ error: { code: 'TRAINING_EXISTS' } });
    expect((await as(wine, post(`${M}/experiments/create`, { name: 'exp-beer' }))).json()).toMatchObject({ error_code: 'RESOURCE_ALREADY_EXISTS' });
    const stolen = await as(wine, post('/api/v1/trainings', { id: 'thief', spec: { ...spec, project: 'wine', experiment: 'exp-beer' } }));
    expect([stolen.statusCode, stolen.json()]).toMatchObject([409, { error: { code: 'OTHER_PROJECT' } }]);
    expect((await as(wine, get('/api/v1/trainings/thief'))).statusCode).toBe(404);
  });

  it('takes in nothing of others: no version of a run one does not see, no metric of its model', async () => {
    const name = ours.registered;
    for (const source of [`runs:/${theirs.run}/model`, `models:/${theirs.loggedModel}`, `models:/${theirs.registered}/1`, `models:/${theirs.registered}@champion`, `mlflow-artifacts:/${theirs.experiment}/${theirs.run}/artifacts/model`]) {
      expect([source, (await as(wine, post(`${M}/model-versions/create`, { name, source }))).statusCode]).toEqual([source, 404]);
    }
    expect((await as(wine, post(`${M}/model-versions/create`, { name, source: `runs:/${ours.run}/model`, run_id: theirs.run }))).statusCode).toBe(404);
    expect((await as(wine, post(`${M}/runs/log-metric`, { run_id: ours.run, key: 'm', value: 1, timestamp: 1, model_id: theirs.loggedModel }))).statusCode).toBe(404);
    expect((await as(wine, post('/api/v1/trainings', { id: 'new', spec: { ...spec, project: 'beer' } }))).json()).toMatchObject({ error: { code: 'FORBIDDEN' } });
    expect((await as(wine, post(`${M}/experiments/create`, { name: 'new', tags: [{ key: 'trainyard.project', value: 'beer' }] }))).json()).toMatchObject({ error_code: 'PERMISSION_DENIED' });
  });
});

describe('what is in a project one is in', () => {
  it('is seen by its viewers, who may change nothing of it', async () => {
    for (const call of reads(ours).filter(({ url }) => !/events|artifact\?|\/files|version=1&path|get-artifact|logged-models.*directories/.test(String(url)))) {
      const { statusCode } = await as(viewer, call);
      expect.soft([call.url, statusCode]).toEqual([call.url, 200]);
    }
    for (const call of writes(ours)) expect.soft([call.method, call.url, (await as(viewer, call)).statusCode]).toEqual([call.method, call.url, 403]);
  });

  it('may be seen and not changed by who writes elsewhere', async () => {
    for (const call of writes(theirs).filter(({ url }) => !/rename/.test(String(url)))) expect.soft([call.method, call.url, (await as(both, call)).statusCode]).toEqual([call.method, call.url, 403]);
    expect((await as(both, get(`${M}/runs/get?run_id=${theirs.run}`))).statusCode).toBe(200);
  });

  it('is the usual place of what names none', async () => {
    const { spec: placed } = await done<{ spec: { project: string } }>(wine, post('/api/v1/trainings', { id: 'unplaced', spec }));
    expect(placed.project).toBe('wine');
    const { experiment_id: id } = await done<{ experiment_id: string }>(wine, post(`${M}/experiments/create`, { name: 'unplaced-exp' }));
    expect((await as(viewer, get(`${M}/experiments/get?experiment_id=${id}`))).statusCode).toBe(200);
    const many = await tokenWith({ role: 'data_scientist', project: 'a' }, { role: 'data_scientist', project: 'b' });
    expect((await as(many, post(`${M}/experiments/create`, { name: 'where' }))).json()).toMatchObject({ message: expect.stringContaining('give it the tag trainyard.project') as string });
  });

  it('may be changed by its data scientists in every way', async () => {
    for (const call of writes(ours).filter(({ url }) => !/retry|upload-artifact|DELETE/.test(String(url)))) {
      const { statusCode, body } = await as(wine, call);
      expect.soft([call.method, call.url, statusCode === 403, body]).toEqual([call.method, call.url, false, body]);
    }
  });
});
