import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MlflowServer, openMlflowServer } from './mlflow-server.contract.ts';

let server: MlflowServer;
beforeAll(async () => void (server = await openMlflowServer()));
afterAll(() => server.close());

async function call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object) {
  const response = await server.app.inject({ method, url: `/api/2.0/mlflow/${path}`, ...(body === undefined ? {} : { payload: body }) });
  return { status: response.statusCode, json: response.json() as Record<string, unknown> };
}

async function aModel(name: string, versions: number): Promise<void> {
  await call('POST', 'registered-models/create', { name });
  for (let count = 0; count < versions; count++) await call('POST', 'model-versions/create', { name, source: `runs:/run_${count}/model`, run_id: `run_${count}` });
}

describe('the registry of MLflow', () => {
  it('answers models and versions as MLflow does', async () => {
    expect((await call('POST', 'registered-models/create', { name: 'one', description: 'd', tags: [{ key: 'k', value: '' }] })).json).toEqual({
      registered_model: { name: 'one', description: 'd', creation_timestamp: expect.any(Number) as number, last_updated_timestamp: expect.any(Number) as number, tags: [{ key: 'k', value: '' }] },
    });
    // the run need not exist
    expect((await call('POST', 'model-versions/create', { name: 'one', source: 'runs:/run_id/model', run_id: 'run_id_1' })).json).toMatchObject({ model_version: { name: 'one', version: '1', current_stage: 'None', status: 'READY', source: 'runs:/run_id/model', run_id: 'run_id_1', description: '', run_link: '' } });
    expect((await call('GET', 'registered-models/get?name=one')).json).toMatchObject({ registered_model: { latest_versions: [{ version: '1' }] } });
  });

  it('takes bodies with DELETE and PATCH, GET and POST for the latest versions', async () => {
    await aModel('two', 2);
    expect((await call('PATCH', 'model-versions/update', { name: 'two', version: '1', description: 'new' })).json).toMatchObject({ model_version: { description: 'new' } });
    expect((await call('POST', 'model-versions/transition-stage', { name: 'two', version: '1', stage: 'production', archive_existing_versions: true })).json).toMatchObject({ model_version: { current_stage: 'Production' } });
    for (const answer of [await call('GET', 'registered-models/get-latest-versions?name=two&stages=None'), await call('POST', 'registered-models/get-latest-versions', { name: 'two', stages: ['none'] })]) expect(answer.json).toMatchObject({ model_versions: [{ version: '2' }] });
    expect((await call('POST', 'registered-models/get-latest-versions', { name: 'two', stages: [] })).json).toMatchObject({ model_versions: [{ version: '1' }, { version: '2' }] });
    expect((await call('DELETE', 'model-versions/delete', { name: 'two', version: '2' })).status).toBe(200);
    expect((await call('DELETE', 'registered-models/delete', { name: 'two' })).status).toBe(200);
    expect(await call('GET', 'registered-models/get?name=two')).toMatchObject({ status: 404, json: { message: 'Registered Model with name=two not found' } });
  });

  it('gives aliases to models and to versions', async () => {
    await aModel('three', 2);
    await call('POST', 'registered-models/alias', { name: 'three', alias: 'champ', version: '1' });
    expect((await call('GET', 'registered-models/alias?name=three&alias=champ')).json).toMatchObject({ model_version: { version: '1', aliases: ['champ'] } });
    expect((await call('GET', 'registered-models/get?name=three')).json).toMatchObject({ registered_model: { aliases: [{ alias: 'champ', version: '1' }] } });
    expect(await call('GET', 'registered-models/alias?name=three&alias=nope')).toMatchObject({ status: 400, json: { error_code: 'INVALID_PARAMETER_VALUE', message: 'Registered model alias nope not found.' } });
    for (const alias of ['latest', 'v1']) expect((await call('POST', 'registered-models/alias', { name: 'three', alias, version: '1' })).status).toBe(400);
  });

  it('follows copies to the files of the first version', async () => {
    await aModel('four', 1);
    await call('POST', 'registered-models/create', { name: 'copy' });
    const copy = await call('POST', 'model-versions/create', { name: 'copy', source: 'models:/four/1' });
    expect(copy.json).toMatchObject({ model_version: { source: 'models:/four/1', run_id: 'run_0' } });
    expect((await call('GET', 'model-versions/get-download-uri?name=copy&version=1')).json).toEqual({ artifact_uri: 'runs:/run_0/model' });
    expect(await call('POST', 'model-versions/create', { name: 'copy', source: 'models:/four/9' })).toMatchObject({ status: 404, json: { message: 'Model Version (name=four, version=9) not found' } });
  });

  it('finds a logged model behind its id', async () => {
    const { json } = await call('POST', 'logged-models', { experiment_id: '0', name: 'mod' });
    const { info } = (json as { model: { info: { model_id: string; artifact_uri: string } } }).model;
    await call('POST', 'registered-models/create', { name: 'five' });
    await call('POST', 'model-versions/create', { name: 'five', source: `models:/${info.model_id}`, model_id: info.model_id });
    expect((await call('GET', 'model-versions/get-download-uri?name=five&version=1')).json).toEqual({ artifact_uri: info.artifact_uri });
  });

  it('refuses names, versions and sources in the known words', async () => {
    expect((await call('POST', 'registered-models/create', { name: 'a/b' })).json['message']).toBe("Invalid model name 'a/b'. Names cannot contain '/' or ':'.");
    expect((await call('GET', 'model-versions/get?name=x&version=1.5')).json['message']).toBe("Parameter 'version' must be an integer, got '1.5'.");
    expect((await call('POST', 'model-versions/create', { name: 'x', source: 'http://h/%252e%252e/x' })).json['message']).toMatch(/^Invalid model version source.*If supplying a source as an http, https,/);
    expect(await call('POST', 'model-versions/create', { name: 'x', source: 'file://host/x' })).toMatchObject({ status: 500, json: { message: expect.stringContaining('is not a valid remote uri') as string } });
    expect((await call('POST', 'registered-models/rename', { name: 'one', new_name: 'four' })).json).toMatchObject({ error_code: 'RESOURCE_ALREADY_EXISTS', message: 'Registered Model (name=four) already exists.' });
  });

  it('pages through versions one by one', async () => {
    await aModel('six', 3);
    const found: string[] = [];
    let token = '';
    do {
      const { json } = await call('GET', `model-versions/search?filter=${encodeURIComponent("name='six'")}&max_results=1&page_token=${token}`);
      found.push(...(json as { model_versions: { version: string }[] }).model_versions.map((version) => version.version));
      token = (json['next_page_token'] as string | undefined) ?? '';
    } while (token !== '');
    expect(found).toEqual(['3', '2', '1']);
  });
});
