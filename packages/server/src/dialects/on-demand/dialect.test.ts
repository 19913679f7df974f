import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OnDemandServer } from './on-demand-server.contract.ts';

let server: OnDemandServer;
let port: string;
beforeAll(async () => {
  server = await OnDemandServer.open();
  port = await server.listen();
});
afterAll(() => server.close());

async function runOf(body: unknown): Promise<number> {
  const { status, json } = await server.train(body);
  expect([status, json]).toEqual([200, { runId: expect.any(Number) as number }]);
  return json['runId'] as number;
}

describe('a request for a training', () => {
  it('is a run of the training of its model type, kept before the answer', async () => {
    const run = await runOf({ modelType: 'wine', parameters: { alpha: '0.5' } });
    expect(await server.spec(run)).toMatchObject({ toolchain: 'notebook', engine: 'local', project: 'on-demand', entrypoint: 'shared/wine.ipynb', hyperParameters: { alpha: '0.5' }, timeout: { run: '1h' }, model: { name: 'wine' } });
    expect(await server.status(run)).toEqual({ status: 200, json: { state: 'pending', message: 'waits for its turn' } });
    const training = await server.server.call({ method: 'GET', url: '/api/v1/trainings/on-demand-wine' });
    expect(training.json()).toMatchObject({ id: 'on-demand-wine', spec: { hyperParameters: {} } });
  });

  it.each(['/', '/train', '/train/', '/Train', '//train'])('may be sent to %s', async (url) => {
    const answer = await server.call({ method: 'POST', url, payload: '{"modelType":"wine"}', headers: { 'content-type': 'application/json; charset=utf-8' } });
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
  });

  it('of a type that is no name elsewhere has a training all the same, and always the same', async () => {
    const [one, other] = [await runOf({ modelType: 'Über Bier!', parameters: null }), await runOf({ modelType: 'Über Bier!' })];
    const { items } = (await server.server.call({ method: 'GET', url: '/api/v1/runs?limit=500' })).json() as { items: { number: number; training: string }[] };
    const ids = items.filter(({ number }) => number === one || number === other).map(({ training }) => training);
    expect(ids).toEqual([expect.stringMatching(/^on-demand-ber-bier-[0-9a-f]{12}$/), ids[0]]);
  });

  it('that comes again with the same key is the same run, also at the same time', async () => {
    const ask = (key: string, alpha = 1): ReturnType<OnDemandServer['train']> => server.train({ modelType: 'wine', parameters: { alpha } }, { 'idempotency-key': key });
    const all = await Promise.all([ask('k'), ask('k'), ask('k'), ask('other')]);
    const runs = all.map(({ json }) => json['runId']);
    expect(new Set(runs.slice(0, 3)).size).toBe(1);
    expect(runs[3]).not.toBe(runs[0]);
    expect((await ask('k')).json['runId']).toBe(runs[0]);
    expect(await ask('k', 2)).toEqual({ status: 409, json: { state: 'error', message: `the idempotency key was used for another request, which started run ${String(runs[0])}` } });
  });

  it('without a key is a run of its own each time', async () => {
    expect(await runOf({ modelType: 'wine' })).not.toBe(await runOf({ modelType: 'wine' }));
  });
});

describe('the parameters', () => {
  it.each([
    ['text as it is', '" 0.50 "', ' 0.50 '],
    ['a number as JSON writes it', '0.50', '0.5'],
    ['a float that is whole', '1.0', '1'],
    ['a large number with all its digits', '12345678901234567890', '12345678901234567890'],
    ['a number beyond all doubles', '1e999', '1e999'],
    ['true', 'true', 'true'],
    ['a list', '[1, "a", null, 12345678901234567890]', '[1,"a",null,12345678901234567890]'],
    ['an object', '{"a": {"b": 1.50}}', '{"a":{"b":1.5}}'],
    ['empty text', '""', ''],
  ])('are text for the notebook: %s', async (_, json, text) => {
    const run = await runOf(`{"modelType":"wine","parameters":{"p":${json}}}`);
    expect((await server.spec(run))['hyperParameters']).toEqual({ p: text });
  });

  it('that are null were not given', async () => {
    expect((await server.spec(await runOf({ modelType: 'wine', parameters: { a: null, b: 0 } })))['hyperParameters']).toEqual({ b: '0' });
  });

  it('may be named as what objects inherit', async () => {
    const run = await runOf('{"modelType":"wine","parameters":{"constructor":"x","__proto__":"y"}}');
    expect(JSON.stringify((await server.spec(run))['hyperParameters'])).toBe('{"constructor":"x","__proto__":"y"}');
  });
});

describe('a request that is wrong', () => {
  it.each([
    ['no model type', '{}', 400, 'modelType must be specified in the request body'],
    ['an empty one', '{"modelType":""}', 400, 'modelType must be specified in the request body'],
    ['an empty body', '', 400, 'modelType must be specified in the request body'],
    ['an unknown one', '{"modelType":"wien"}', 400, "Failed to request a model training. Invalid modelType: 'wien' (known: wine, Über Bier!); did you mean 'wine'?"],
    ['one that objects inherit', '{"modelType":"constructor"}', 400, "Invalid modelType: 'constructor'"],
    ['another', '{"modelType":"__proto__"}', 400, "Invalid modelType: '__proto__'"],
    ['a number', '{"modelType":7}', 400, 'modelType must be text, found a number'],
    ['a list', '[]', 400, 'the request body must be an object, found a list'],
    ['a list of parameters', '{"modelType":"wine","parameters":[1]}', 400, 'parameters must be an object, found a list'],
    ['text for parameters', '{"modelType":"wine","parameters":"x"}', 400, 'parameters must be an object, found text'],
    ['a parameter without a name', '{"modelType":"wine","parameters":{"":1}}', 400, 'a parameter has an empty name'],
    ['a number with many digits for a body', '12345678901234567890', 400, 'the request body must be an object, found a number'],
    ['lists in lists', `{"modelType":"wine","parameters":{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`, 400, 'the body is not valid JSON: it is nested too deeply'],
    ['no JSON', '{"modelType": wine}', 400, 'the body is not valid JSON'],
    ['more than a notebook takes', JSON.stringify({ modelType: 'wine', parameters: { a: 'x'.repeat(1_000_000) } }), 413, 'the parameters of a notebook, as JSON, is larger than 1000000 bytes'],
    ['more than is read', JSON.stringify({ modelType: 'wine', parameters: { a: 'x'.repeat(1_100_000) } }), 413, 'the request body is larger than 1048576 bytes'],
  ])('is told so: %s', async (_, body, status, message) => {
    const answer = await server.train(body);
    expect(answer).toEqual({ status, json: { state: 'error', message: expect.stringContaining(message) as string } });
    expect(JSON.stringify(answer.json)).not.toMatch(/node_modules|\.ts:|at \w+ \(/);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', ''])('is one without a model type when its body is of the type %j', async (type) => {
    const answer = await server.call({ method: 'POST', url: '/train', payload: '{"modelType":"wine"}', headers: { 'content-type': type } });
    expect([answer.statusCode, answer.json()]).toEqual([400, { state: 'error', message: 'modelType must be specified in the request body' }]);
  });

  it.each<[string, Buffer, Record<string, string>, string]>([
    ['compressed', gzipSync('{"modelType":"wine"}'), { 'content-encoding': 'gzip' }, 'the body has a Content-Encoding, and only plain JSON is taken'],
    ['compressed without a word', gzipSync('{"modelType":"wine"}'), {}, 'the body is not valid JSON: it is not text in UTF-8'],
    ['in UTF-16', Buffer.from('\uFEFF{"modelType":"wine"}', 'utf16le'), { 'content-type': 'application/json; charset=utf-16' }, 'it is not text in UTF-8'],
    ['in UTF-16 without a mark', Buffer.from('{"modelType":"wine"}', 'utf16le'), {}, 'it is not text in UTF-8'],
    ['in Latin-1', Buffer.from('{"modelType":"Über Bier!"}', 'latin1'), {}, 'it is not text in UTF-8'],
  ])('is one whose body is %s', async (_, payload, headers, message) => {
    const answer = await server.call({ method: 'POST', url: '/train', payload, headers: { 'content-type': 'application/json', ...headers } });
    expect([answer.statusCode, answer.json()]).toEqual([400, { state: 'error', message: expect.stringContaining(message) as string }]);
  });

  it('is none with a byte order mark', async () => {
    expect(await server.spec(await runOf('\uFEFF{"modelType":"wine"}'))).toMatchObject({ model: { name: 'wine' } });
  });

  it.each(['', 'with space', 'x'.repeat(256)])('is one with the key %j', async (key) => {
    expect((await server.train({ modelType: 'wine' }, { 'idempotency-key': key })).status).toBe(400);
  });
});

describe('what is not there', () => {
  it.each(['999999', '42000000000000000', '99999999999999999999', '9'.repeat(120)])('is told in the shape of a status: run %s', async (id) => {
    const { status, json } = await server.status(id);
    expect([status, json['state'], json['message']]).toEqual([404, 'error', expect.stringContaining('there is no run')]);
  });

  it.each([['GET', '/train'], ['GET', '/train/x'], ['GET', '/train/1%26foo=bar'], ['GET', '/1x'], ['PUT', '/train'], ['DELETE', '/1'], ['GET', '/api/v1/runs'], ['GET', '/login'], ['GET', '/docs']] as const)('is JSON: %s %s', async (method, url) => {
    const answer = await server.call({ method, url });
    expect([answer.statusCode, answer.json()]).toEqual([404, { state: 'error', message: `there is nothing at ${method} ${url}` }]);
  });

  it('is a run of any other training', async () => {
    const spec = { model: { name: 'm', version: '1' }, toolchain: 'command', args: ['true'], algorithmSource: { git: { url: 'https://example.com/x.git' } } };
    for (const project of ['default', 'on-demand']) {
      const made = await server.server.call({ method: 'POST', url: '/api/v1/trainings', payload: { id: `other-${project}`, spec: { ...spec, project } } });
      const { runNumber } = (made.json() as { status: { runNumber: number } }).status;
      expect((await server.status(runNumber)).status).toBe(404);
    }
  });
});

describe('what comes to no route', () => {
  it.each<[string, string, number, string]>([
    ['no URL', '/train/%ZZ', 400, 'the path is not one that a URL may have'],
    ['too long', `/train/${'9'.repeat(5_000)}`, 414, 'a part of the path is too long'],
  ])('is answered as everything is: %s', async (_, url, status, message) => {
    const answer = await server.call({ method: 'GET', url });
    expect([answer.statusCode, answer.headers['content-type'], answer.headers['x-content-type-options'], answer.json()]).toEqual([status, 'application/json; charset=utf-8', 'nosniff', { state: 'error', message }]);
    const foreign = await server.call({ method: 'GET', url, headers: { host: 'evil.example' } });
    expect([foreign.statusCode, (foreign.json() as { message: string }).message]).toEqual([403, expect.stringContaining("the Host header 'evil.example'")]);
  });

  it.each<[string, string, string]>([
    ['a header that is too large', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, '431 Request Header Fields Too Large'],
    ['a URL that is too long', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, '431 Request Header Fields Too Large'],
    ['what is no HTTP', 'hello?\r\n\r\n', '400 Bad Request'],
  ])('is answered as everything is, and then closed: %s', async (_, bytes, status) => {
    const [head = '', body = ''] = (await exchange(port, bytes)).split('\r\n\r\n');
    expect(head.split('\r\n')).toEqual(expect.arrayContaining([`HTTP/1.1 ${status}`, 'content-type: application/json; charset=utf-8', `content-length: ${Buffer.byteLength(body)}`]));
    expect(JSON.parse(body)).toEqual({ state: 'error', message: expect.stringMatching(/\S/) as string });
  });

  it('is nothing an old probe sends: HTTP/1.0 without a host', async () => {
    expect(await exchange(port, 'GET / HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*Training Service is up\.$/);
  });
});

/** What a server sends to these bytes until it closes the connection. */
async function exchange(to: string, bytes: string): Promise<string> {
  const socket = connect(Number(to), '127.0.0.1').setEncoding('latin1');
  socket.write(bytes);
  let text = '';
  for await (const part of socket) text += String(part);
  return text;
}

describe('the gate in front of it', () => {
  it('asks for no token, but refuses foreign pages and foreign names', async () => {
    const payload = '{"modelType":"wine"}';
    const post = (headers: Record<string, string>): Promise<number> => server.call({ method: 'POST', url: '/train', payload, headers: { 'content-type': 'application/json', ...headers } }).then(({ statusCode }) => statusCode);
    expect(await post({})).toBe(200);
    expect(await post({ origin: 'https://evil.example' })).toBe(403);
    expect(await post({ 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await post({ host: 'evil.example' })).toBe(403);
    expect(await post({ host: 'training-service' })).toBe(403);
    expect(await post({ host: '' })).toBe(200);
  });

  it('says what would let a caller in', async () => {
    const answer = await server.call({ method: 'GET', url: '/train/1', headers: { host: 'training.example.org' } });
    expect([answer.statusCode, answer.json()]).toEqual([403, { runId: 1, state: 'error', message: expect.stringContaining("the Host header 'training.example.org' is not one this server answers to: use the address the server printed, or add the name with --allowed-hosts") as string }]);
  });

  it('with ON_DEMAND_AUTH=token asks for one, except for the page of the probe', async () => {
    const closed = await OnDemandServer.open({ ON_DEMAND_AUTH: 'token' });
    try {
      expect(await closed.train({ modelType: 'wine' })).toEqual({ status: 401, json: { state: 'error', message: 'this call needs a valid token: set TRAINYARD_TOKEN to one that this server knows (trainyard token create makes them), or send: Authorization: Bearer <token>' } });
      expect((await closed.status(1)).status).toBe(401);
      expect((await closed.train({ modelType: 'wine' }, { authorization: `Bearer ${closed.server.token}` })).status).toBe(200);
      expect((await closed.call({ method: 'GET', url: '/' })).statusCode).toBe(200);
    } finally {
      await closed.close();
    }
  });

  it('inside of a container knows addresses and names without a dot', async () => {
    const inside = await OnDemandServer.open({ ON_DEMAND_HOST: '0.0.0.0', ON_DEMAND_AUTH: 'off' });
    try {
      const probe = (host: string): Promise<number> => inside.call({ method: 'GET', url: '/', headers: { host } }).then(({ statusCode }) => statusCode);
      expect(await Promise.all(['10.1.2.3:80', '[fd00::1]:80', 'training-service:80', 'evil.example', 'a.b'].map(probe))).toEqual([200, 200, 200, 403, 403]);
    } finally {
      await inside.close();
    }
  });
});

describe('requests that are alike', () => {
  it('are one with ON_DEMAND_COALESCE=on while the run has not ended', async () => {
    const joined = await OnDemandServer.open({ ON_DEMAND_COALESCE: 'on' });
    try {
      const ask = async (parameters: object): Promise<unknown> => (await joined.train({ modelType: 'wine', parameters })).json['runId'];
      const runs = await Promise.all([ask({ a: 1, b: 2 }), ask({ b: 2, a: '1' }), ask({ a: 1, b: 3 })]);
      expect([runs[0] === runs[1], runs[0] === runs[2]]).toEqual([true, false]);
      await joined.server.call({ method: 'POST', url: `/api/v1/runs/${String(runs[0])}/stop` });
      const { json } = await joined.status(runs[0]);
      expect(json).toMatchObject({ state: 'completed', message: expect.stringMatching(/\S/) as string, error: { reason: 'cancelled' } });
      expect(await ask({ a: 1, b: 2 })).not.toBe(runs[0]);
    } finally {
      await joined.close();
    }
  });
});

it('a training that somebody deleted or changed is made anew', async () => {
  await runOf({ modelType: 'wine' });
  expect((await server.server.call({ method: 'DELETE', url: '/api/v1/trainings/on-demand-wine?force=true' })).statusCode).toBe(200);
  await runOf({ modelType: 'wine' });
});

it('a call on a connection that was busy when the server began to shut down is told so, as it is told everything', async () => {
  const stopping = await OnDemandServer.open();
  const at = await stopping.listen();
  const socket = connect(Number(at), '127.0.0.1').setEncoding('latin1');
  let text = '';
  socket.on('data', (part) => (text += String(part)));
  const over = once(socket, 'close');
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\nPOST /train HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{"modelType"');
  await expect.poll(() => text, { timeout: 30_000 }).toContain('Training Service is up.');
  const closed = stopping.close();
  await expect.poll(() => exchange(at, 'GET / HTTP/1.0\r\n\r\n').catch(() => ''), { timeout: 30_000 }).toBe('');
  socket.write(':"wine"}GET /train/7 HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await over;
  expect(text).toMatch(/HTTP\/1\.1 200 OK[^]*\{"runId":1\}HTTP\/1\.1 503 Service Unavailable[^]*\{"runId":7,"state":"error","message":"the server is shutting down"\}$/);
  await closed;
});
