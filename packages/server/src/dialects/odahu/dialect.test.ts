import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectionBody, OdahuServer, trainingBody } from './odahu-server.contract.ts';

let odahu: OdahuServer;
beforeAll(async () => {
  odahu = await OdahuServer.open();
  await odahu.send('POST', 'connection', connectionBody('examples-git', { type: 'git', uri: 'git@host.example:examples.git' }));
  await odahu.send('POST', 'connection', connectionBody('wine', { type: 's3', uri: 's3://bucket/wine', region: 'r', keyID: 'aWQ=', keySecret: 'a2V5' }));
});
afterAll(() => odahu.close());

type Resource = { readonly id: string; readonly createdAt: string; readonly updatedAt: string; readonly spec: Record<string, unknown>; readonly status: Record<string, unknown> };

async function listed(path: string): Promise<string[]> {
  const { status, json, text } = await odahu.send('GET', path);
  if (status !== 200) throw new Error(text);
  return (json as Resource[]).map(({ id }) => id);
}

describe('connections that are refused', () => {
  const s3 = { type: 's3', uri: 's3://bucket', region: 'r', keyID: 'aWQ=', keySecret: 'a2V5' };
  it.each([
    ['an id with a digit first', connectionBody('1a', s3), 'ID is not valid'],
    ['no id', connectionBody('', s3), 'ID is not valid; empty "ID"'],
    ['a long id', connectionBody('a'.repeat(64), s3), 'ID is not valid'],
    ['no type', connectionBody('a', { uri: 'x' }), /^unknown type: \. Supported types: \[/],
    ['an unknown type', connectionBody('a', { ...s3, type: 'ftp' }), /^unknown type: ftp\. Supported types: \[/],
    ['no uri', connectionBody('a', { ...s3, uri: null }), /^empty uri/],
    ['no region', connectionBody('a', { ...s3, region: null }), /s3 type requires that region must be non-empty/],
    ['a raw secret, and more', connectionBody('A', { ...s3, keySecret: 'raw secret', uri: null }), /^key secret must be base64-encoded, error: illegal base64 data at input byte 3; ID is not valid; empty uri/],
    ['a mask', connectionBody('a', { ...s3, keyID: '*****' }), /^key id must be base64-encoded, error: illegal base64 data at input byte 0$/],
  ])('%s', async (_, body, problem) => {
    const [status, message] = await odahu.refusal('POST', 'connection', body);
    expect(status).toBe(400);
    const [whole, problems] = /^Validation of connection is failed: (.*)$/s.exec(message) ?? [message];
    expect([whole, typeof problem === 'string' ? problems === problem : problem.test(problems ?? '')]).toEqual([message, true]);
  });

  it.each([
    ['{"id": ', /^the body is not valid JSON/],
    ['', /^the body is empty/],
    ['null', /^the body is null/],
    ['[]', /expected object/],
    ['{"id":"a","spec":{"type":["s3"]}}', /^spec\.type: expected text/],
    ['{"id":"a","spec":{"vital":"perhaps"}}', /^spec\.vital: expected true or false/],
  ])('the body %j', async (body, problem) => {
    expect(await odahu.refusal('POST', 'connection', body)).toEqual([400, expect.stringMatching(problem)]);
  });
});

describe('a connection', () => {
  it('keeps a masked secret, and what ODAHU has no word for, when it is edited', async () => {
    const spec = { type: 's3', uri: 's3://a', region: 'r', keyID: 'aWQ=', keySecret: 'a2V5' };
    const made = await odahu.send('POST', 'connection', connectionBody('keeps', { ...spec, endpoint: 'http://s3.example:9000', pathStyle: true }));
    const { json } = await odahu.send('PUT', 'connection', connectionBody('keeps', { ...spec, uri: 's3://b', keyID: '*****', keySecret: 'bmV1' }));
    expect((json as Resource).spec).toEqual({ type: 's3', uri: 's3://b', region: 'r', keyID: '*****', keySecret: '*****', endpoint: 'http://s3.example:9000', pathStyle: true });
    expect((json as Resource).createdAt).toBe((made.json as Resource).createdAt);
    expect((json as Resource).updatedAt > (made.json as Resource).updatedAt).toBe(true);
    expect(((await odahu.send('GET', 'connection/keeps/decrypted')).json as Resource).spec).toMatchObject({ keyID: 'aWQ=', keySecret: 'bmV1' });
  });

  it('that is vital cannot be deleted until it is not', async () => {
    const body = (vital: boolean): object => connectionBody('vital', { type: 'git', uri: 'git@host.example:x', vital });
    await odahu.send('POST', 'connection', body(true));
    expect(await odahu.refusal('DELETE', 'connection/vital')).toEqual([400, 'vital connection is vital, it cannot be deleted']);
    await odahu.send('PUT', 'connection', body(false));
    expect((await odahu.send('DELETE', 'connection/vital')).status).toBe(200);
  });

  it('that is not there cannot be edited; what is wrong with it is said first', async () => {
    expect(await odahu.refusal('PUT', 'connection', connectionBody('nowhere', { type: 'git', uri: 'git@h:x' }))).toEqual([404, 'entity "nowhere" is not found']);
    expect((await odahu.refusal('PUT', 'connection', connectionBody('nowhere', { type: 'git' })))[0]).toBe(400);
  });
});

describe('lists', () => {
  it('have the pages and filters of the original', async () => {
    expect(await listed('connection?type=git')).toEqual(['examples-git']);
    const all = await listed('connection');
    expect(all).toEqual(all.toSorted());
    expect(await listed('connection?type=git&type=s3')).toEqual(all);
    expect(await listed('connection?type=*&size=1&page=1')).toEqual([all[1]]);
    expect(await listed('connection?size=2&page=99')).toEqual([]);
    expect(await odahu.refusal('GET', 'connection?name=x')).toEqual([400, 'cannot find name url parameter']);
    expect(await listed('toolchain/integration')).toEqual(expect.arrayContaining(['mlflow', 'mlflow-project']));
  });

  it('are whole without a size, however long they are', async () => {
    const ids = Array.from({ length: 1001 }, (_, at) => `many-${String(at).padStart(4, '0')}`);
    for (const id of ids) await odahu.send('POST', 'toolchain/integration', { id, spec: { entrypoint: '/x', defaultImage: 'i' } });
    const got = await listed('toolchain/integration');
    expect(got.filter((id) => id.startsWith('many-'))).toEqual(ids);
    expect(await listed('toolchain/integration?size=700')).toEqual(got.slice(0, 700));
    expect(await listed('toolchain/integration?size=1000&page=1')).toEqual(got.slice(1000));
  });
});

describe('trainings that are refused', () => {
  it.each([
    ['an unknown toolchain', { toolchain: 'nope' }, 'entity "nope" is not found'],
    ['a toolchain that is no name', { toolchain: '' }, 'empty toolchain parameter'],
    ['both sources', { algorithmSource: { vcs: { connection: 'examples-git' }, objectStorage: { connection: 'wine' } } }, 'both VCS and ObjectStorage names are specified, must be only one'],
    ['no source', { algorithmSource: null }, 'both VCS and ObjectStorage names are empty'],
    ['an unknown connection', { algorithmSource: { vcs: { connection: 'nope' } } }, 'entity "nope" is not found'],
    ['a connection of another type', { algorithmSource: { vcs: { connection: 'wine' } } }, 'VCS connection must have the GIT type. You pass the connection of s3 type'],
    ['data without a place', { data: [{ connection: 'wine' }] }, 'you should specify local path for 0 number of data binding'],
    ['data without a connection', { data: [{ localPath: 'x' }] }, 'you should specify connection name for 0 number of data binding'],
    ['a name that is no label', { model: { name: '-x', version: '1' } }, 'invalid training name: -x must be valid Kubernetes label, i.e. match this pattern: ^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$'],
    ['a toolchain that is no label', { toolchain: 'my toolchain' }, 'invalid training toolchain: my toolchain must be valid Kubernetes label, i.e. match this pattern: ^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$; entity "my toolchain" is not found'],
    ['an amount that is none', { resources: { limits: { cpu: 'much' } } }, "validation of cpu limit is failed: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"],
    ['more asked for than allowed', { resources: { limits: { memory: '128Mi' }, requests: { memory: '1Gi' } } }, 'spec.resources.requests: Invalid value: "1Gi": must be less than or equal to memory limit'],
    ['an output that is not there', { outputConnection: 'nope' }, '"Spec."OutputConnection"" validation errors: entity "nope" is not found'],
    ['machines that are not there', { nodeSelector: { mode: 'gpu' } }, 'node selector map[mode:gpu] is not presented in ODAHU config'],
  ])('%s', async (_, spec, problem) => {
    expect(await odahu.refusal('POST', 'model/training', trainingBody('refused', spec))).toEqual([400, `Validation of model training is failed: ${problem}`]);
  });

  it('are not there', async () => {
    expect(await odahu.refusal('GET', 'model/training/refused')).toEqual([404, 'entity "refused" is not found']);
    expect(await odahu.refusal('PUT', 'model/training', trainingBody('refused'))).toEqual([404, 'entity "refused" is not found']);
    expect((await odahu.refusal('PUT', 'model/training', trainingBody('refused', { toolchain: null })))[1]).toContain('empty toolchain parameter');
    expect(await odahu.refusal('DELETE', 'model/training/refused')).toEqual([404, 'entity "refused" is not found']);
    expect(await odahu.refusal('GET', 'model/training/refused/log')).toEqual([404, 'entity "refused" is not found']);
  });
});

describe('a training', () => {
  beforeEach(async () => void (await odahu.send('POST', 'model/training', trainingBody('again'))));

  async function runs(): Promise<{ readonly number: number; readonly state: string }[]> {
    return (await odahu.server.call({ method: 'GET', url: '/api/v1/runs?training=again' })).json<{ items: { number: number; state: string }[] }>().items;
  }

  it('runs anew with every edit, also when nothing changed, and only the newest run goes on', async () => {
    const before = await runs();
    const { json, status } = await odahu.send('PUT', 'model/training', trainingBody('again'));
    expect([status, (json as Resource).status]).toEqual([200, { state: 'unknown' }]);
    const [newest, ...older] = await runs();
    expect(older).toHaveLength(before.length);
    expect([newest?.state, ...new Set(older.map(({ state }) => state))]).toEqual(['queued', 'stopped']);
    expect(((await odahu.send('GET', 'model/training/again')).json as Resource).status).toEqual({ state: 'scheduling' });
  });

  it('has defaults of the original', async () => {
    expect(((await odahu.send('GET', 'model/training/again')).json as Resource).spec).toMatchObject({
      workDir: './',
      image: expect.stringMatching(/./) as string,
      resources: { limits: { cpu: '250m', memory: '256Mi' }, requests: { cpu: '125m', memory: '128Mi' } },
    });
  });

  it('is found by its model and toolchain', async () => {
    await odahu.send('POST', 'model/training', trainingBody('other', { model: { name: 'beer', version: 2 } }));
    expect(await listed('model/training?model_name=beer&model_name=water')).toEqual(['other']);
    expect(await listed('model/training?model_version=3.0&toolchain=mlflow')).toEqual(['again']);
    expect(await listed('model/training')).toEqual(['again', 'other']);
  });

  it('is gone at once while it runs, and may come again', async () => {
    expect((await odahu.send('DELETE', 'model/training/again')).status).toBe(200);
    expect((await odahu.send('GET', 'model/training/again')).status).toBe(404);
    expect((await odahu.send('POST', 'model/training', trainingBody('again'))).status).toBe(201);
  });

  it('takes a result only while it is under way', async () => {
    expect((await odahu.refusal('PUT', 'model/training/again/result', { runId: '1', artifactName: 'x.zip' }))[0]).toBe(410);
  });

  it.each([['log?follow=maybe', 'Convert maybe to bool'], ['log?from=3', 'cannot find from url parameter']])('refuses %s', async (path, problem) => {
    expect(await odahu.refusal('GET', `model/training/again/${path}`)).toEqual([400, problem]);
  });

  it('that has not begun has an empty log', async () => {
    const { status, type, text } = await odahu.send('GET', 'model/training/again/log?follow=False', undefined, { 'content-type': 'text/event-stream' });
    expect([status, type, text]).toEqual([200, 'text/plain; charset=utf-8', '']);
  });
});

describe('beside resources', () => {
  it('there is the configuration, without secrets', async () => {
    const { json, text } = await odahu.send('GET', 'configuration');
    expect(json).toMatchObject({ connection: { enabled: true }, training: { enabled: true, timeout: 86_400_000_000_000, defaultResources: { limits: { cpu: '250m' } } }, packaging: { enabled: false } });
    expect(text).not.toMatch(/sqlite|database|vault|token/i);
  });

  it('there is a document of the API', async () => {
    const { json } = await odahu.send('GET', '/swagger/data.json');
    const { swagger, paths, definitions } = json as { swagger: string; paths: Record<string, object>; definitions: Record<string, { properties: Record<string, { properties?: object }> }> };
    expect(swagger).toBe('2.0');
    expect(Object.keys(paths)).toEqual(expect.arrayContaining(['/api/v1/connection/{id}', '/api/v1/toolchain/integration', '/api/v1/model/training/{id}/log']));
    expect(definitions['Connection']?.properties['spec']?.properties).toMatchObject({ type: { type: 'string' }, vital: { type: 'boolean' } });
    expect(JSON.stringify(json)).not.toContain('"required":["');
    for (const [, name] of JSON.stringify(json).matchAll(/#\/definitions\/(\w+)/g)) expect(Object.keys(definitions)).toContain(name);
  });

  it('what is not training is as if it were switched off', async () => {
    expect(await listed('model/deployment')).toEqual([]);
    expect(await odahu.refusal('GET', 'model/packaging/x')).toEqual([404, 'entity "x" is not found']);
    expect(await odahu.refusal('POST', 'packaging/integration', { id: 'x' })).toEqual([400, expect.stringMatching(/^This API is disabled/)]);
  });

  it.each(['connection/a/b', 'model/nothing', 'toolchain/x', 'model/training/again/logs'])('there is nothing at %s', async (path) => {
    const { status, text, type } = await odahu.send('GET', path);
    expect([status, text, type]).toEqual([404, '404 page not found', 'text/plain']);
  });

  it('the engine has to be one', async () => {
    await expect(OdahuServer.open(['--odahu-engine', 'spark'])).rejects.toThrow("the setting 'odahu-engine' is wrong: there is no engine 'spark' (known: local)");
  });

  it('parts can be switched off, and read all the same', async () => {
    const off = await OdahuServer.open(['--odahu-apis', 'connection']);
    try {
      expect(await off.refusal('POST', 'model/training', trainingBody('a'))).toEqual([400, 'This API is disabled']);
      expect(await off.refusal('DELETE', 'toolchain/integration/mlflow')).toEqual([400, 'This API is disabled']);
      expect((await off.send('GET', 'model/training')).json).toEqual([]);
      expect((await off.send('POST', 'connection', connectionBody('a', { type: 'git', uri: 'git@h:x' }))).status).toBe(201);
    } finally {
      await off.close();
    }
  });
});
